//! The function's invariants: for every event, for every answer of Bedrock, and under load.
//!
//! The property tests and the fuzz targets check the same invariants, those of [`Events`] and [`Answers`]. The function runs from the
//! payload to the reply in memory: no socket slows a fuzzer down. A check that does not hold panics, as an assertion of a test does.
//! `load` checks real processes, over sockets.

mod answers;
mod config;
mod echo;
mod events;
#[cfg(feature = "load")]
pub mod load;
mod reply;
mod wire;

pub use answers::Answers;
pub use config::{CLAUDE, MODEL, TITAN, config};
pub use echo::Echo;
pub use events::Events;
pub use reply::{STATUS_CODES, WellFormed};
