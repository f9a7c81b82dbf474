//! The function measured beside others, in one run, on Lambda's terms: [`compare`] starts each of them again and again, in turn,
//! against one stand-in for Bedrock; [`grow`] measures how the cost of an invocation grows with its size.
//!
//! Only ratios within one run mean something on another machine, and at 128 MB only as long as a call still fits the CPU of one
//! period there: what does not is held until the next.

mod chart;
mod compare;
mod document;
mod error;
mod growth;
mod language;
mod machine;
mod package;
mod progress;
mod publish;
mod results;
mod sample;
mod stage;
mod statistics;
mod subject;
mod table;
mod targets;

pub use compare::{Extent, compare};
pub use error::BenchError;
pub use growth::{Dimension, Growth, Point, Series, grow};
pub use language::Language;
pub use machine::Machine;
pub use progress::clear;
pub use publish::{
    COMPARE_JSON, COMPARE_MARKER, GROWTH_JSON, GROWTH_MARKER, blocks_of_comparison,
    blocks_of_growth, chart, comparison, growth, read,
};
pub use results::{Results, Row};
pub use statistics::{Percentiles, Spread};
pub use subject::{Name, Ours};
pub use table::{circumstances, full, of_targets, short};
pub use targets::{Bound, Target, targets};
