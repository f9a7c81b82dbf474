//! The function measured beside others, in one run, on Lambda's terms: [`compare`] starts each of them again and again, in turn,
//! against one stand-in for Bedrock; [`stream`] does so with answers that are streamed, [`grow`] measures how the cost of an
//! invocation grows with its size, and [`batches`] measures `make batch` beside what else answers a file of prompts. All give numbers, and [`tables`] writes them for a terminal and for the documents.
//!
//! Only ratios within one run mean something on another machine, and at 128 MB only as long as a call still fits the CPU of one
//! period there: what does not is held until the next.

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
