//! The function under load, as a real process between Lambda's Runtime API and a stand-in for Bedrock.
//!
//! Two things are asked of it:
//!
//! - [`soak`]: one process answers very many invocations, some of which meet faults. Every reply is the right one, resident memory stays
//!   flat, and no descriptor is left open.
//! - [`crowd`]: very many processes answer at once, through one Bedrock that throttles. Everyone gets the answer to their own prompt;
//!   who is throttled to the end gets 429.
//!
//! This is a crate of its own, neither a benchmark nor an ignored test: its numbers are right or wrong and no matter of speed, it is run
//! at two sizes (in full by `make load`, in short by the function's tests), and it must run a function built with any profile. Both
//! stop at the first [`Violation`].

mod bedrock;
mod case;
mod crowd;
mod fault;
mod invoke;
mod number;
mod program;
mod progress;
mod report;
mod resources;
mod soak;
mod violation;

pub use crowd::{Crowd, crowd};
pub use fault::Fault;
pub use progress::Progress;
pub use report::{Report, Run};
pub use resources::Resources;
pub use soak::{Soak, soak};
pub use violation::Violation;
