//! What the function costs, as counts, which no busy machine changes: crates, bytes, instructions.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod callgrind;
mod dependencies;
mod deployed;
mod instructions;
#[cfg(target_os = "linux")]
mod memory;
