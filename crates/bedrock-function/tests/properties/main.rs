//! The function given anything at all: generated events, texts and answers of Bedrock, and every input that a fuzzer has found worth
//! keeping. In memory, for speed; `make fuzz` looks further, with the same invariants.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod answers;
mod corpus;
mod events;
mod shapes;
mod texts;

use std::future::Future;

/// Runs one case to its end.
fn wait<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(case)
}
