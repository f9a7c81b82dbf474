//! The function as its users meet it: the real binary, over real sockets, between Lambda's Runtime
//! API and a stand-in for Bedrock.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod answers;
mod config;
mod contract;
mod errors;
mod faults;
mod freeze;
mod http;
mod invalid;
mod keys;
mod log;
mod panics;
mod schema;
#[path = "../properties/schemas.rs"]
mod schemas;
mod secrets;
mod stage;
mod streams;
mod tasks;
mod tiers;
