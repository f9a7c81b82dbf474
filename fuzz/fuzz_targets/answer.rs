//! Any body of an answer of Bedrock's, through the SDK that the function has.

#![no_main]

use std::sync::LazyLock;

use invariants::Answers;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static FUNCTION: LazyLock<(Runtime, Answers)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let answers = runtime.block_on(Answers::new()).expect("a client");
    (runtime, answers)
});

fuzz_target!(|body: &[u8]| {
    let (runtime, answers) = &*FUNCTION;
    runtime.block_on(answers.check(body));
});
