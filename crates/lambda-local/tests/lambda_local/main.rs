//! Real functions over real sockets.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is the test's failure; clippy.toml's leave for tests does not reach helper functions"
)]

mod common;
mod function_url;
mod invoke;
#[cfg(target_os = "linux")]
mod measure;
mod pool;
mod program;
mod start;
mod stream;
