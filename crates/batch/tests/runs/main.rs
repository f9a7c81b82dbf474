//! The program as its users meet it, with the real function in its processes, and a stand-in for Bedrock that counts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod elsewhere;
mod faults;
mod files;
mod killed;
mod memory;
mod resumed;
mod stage;
mod table;
