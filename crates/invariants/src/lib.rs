//! What holds of the function for every event and every answer of Bedrock, whatever is in them.
//!
//! The property tests and the fuzz targets check the same invariants: they are said here, once. The function is run as it is, from the
//! payload to the reply, in memory: no socket slows a fuzzer down. A check that does not hold panics, as an assertion of a test does.

mod answers;
mod config;
mod echo;
mod events;
mod reply;
mod wire;

pub use answers::Answers;
pub use config::{CLAUDE, MODEL, TITAN, config};
pub use echo::Echo;
pub use events::Events;
pub use reply::{STATUS_CODES, WellFormed};
