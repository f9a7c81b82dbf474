//! The function given anything at all: generated events, texts and answers of Bedrock, and every named input of the fuzzer. In memory,
//! for speed; `make fuzz` looks further, with the same invariants.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod answers;
mod corpus;
mod events;
mod schema;
mod schemas;
mod shapes;
mod texts;

use std::future::Future;

use invariants::{Answers, Events};
use tokio::runtime::{Builder, Runtime};

// Made once for each thread, which is once for each test: making them takes longer than a case does.
thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
    static EVENTS: Events = Events::new().unwrap();
    static ANSWERS: Answers = wait(Answers::new()).unwrap();
}

/// Runs one case to its end.
fn wait<T>(case: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(case))
}
