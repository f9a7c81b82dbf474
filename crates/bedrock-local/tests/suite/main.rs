//! The stand-in, called by the real SDK over real sockets.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows them in tests, but not in the functions that tests share"
)]

mod connections;
mod converse;
mod faults;
mod formats;
mod program;
mod refusals;
mod signatures;
mod streams;
mod support;
mod titan;
mod tls;
mod upstream;
