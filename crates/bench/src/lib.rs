//! Measures the function beside others, in one run, with Lambda's CPU and freezes. [`compare`] starts each of them repeatedly, in turn,
//! against one stand-in for Bedrock; [`stream`] does so with streamed answers; [`grow`] measures how the cost of an invocation grows
//! with its size; [`batches`] measures `make batch` beside other programs that answer a file of prompts. All return numbers, which
//! [`tables`] formats for a terminal and for the documents.
//!
//! Only ratios within one run hold on another machine. At 128 MB they hold only where a call still fits the CPU of one period: a
//! call that does not is throttled until the next period.

mod batch;
mod bedrock;
mod compare;
mod freeze;
mod growth;
mod machine;
mod markdown;
mod package;
mod results;
mod sample;
mod statistics;
mod stream;
mod subject;
pub mod tables;

pub use batch::{BatchMemory, BatchName, BatchRow, Batches, Programs, batches};
pub use compare::{Extent, compare};
pub use freeze::AfterFreeze;
pub use growth::{Dimension, Growth, Point, Series, grow};
pub use machine::Machine;
pub use results::{Results, Row};
pub use statistics::{Percentiles, Spread};
pub use stream::{StreamRow, Streaming, stream};
pub use subject::Name;
