//! Many prompts: a file in, a file out.
//!
//! 1. [`Input`] reads a file row by row, and makes an event of each, as a state machine would send it;
//! 2. [`Journal`] has what earlier runs have answered, and takes what this one does, a line at a time;
//! 3. [`check`](check::check) has the function's own code check every row before any is sent, and makes a
//!    [`Plan`] of those to be asked, with what they may cost;
//! 4. [`run`](run::run) asks them of a function in several processes;
//! 5. [`output`] writes the answers in the order of the rows, and [`table`] makes a table of them.
//!
//! Where the rows are asked elsewhere, [`merge`] has the two ends of the way: what is to be asked, and what came back.
//!
//! Memory does not grow with prompts and answers, but with their number: eight bytes a row while they are
//! asked, and more while they are checked (1,000,000 rows that earlier runs have answered took 125 MB).

pub mod check;
pub mod estimate;
mod failure;
mod input;
mod journal;
mod limiter;
pub mod local;
pub mod merge;
pub mod output;
pub mod progress;
mod reply;
pub mod run;
pub mod table;

pub use check::Plan;
pub use estimate::Estimate;
pub use failure::Failure;
pub use input::{Input, LONGEST_TASK, Row, RowError, Rows, Template, Tiers, Wrong};
pub use journal::{Answers, Journal, Place, beside};
pub use progress::Progress;
pub use reply::Reply;
