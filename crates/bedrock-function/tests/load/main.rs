//! The function under load, in short; `make load` is the whole of it.

use std::path::Path;

use load::{Crowd, Progress, Soak, crowd, soak};

const FUNCTION: &str = env!("CARGO_BIN_EXE_bedrock-function");

#[tokio::test(flavor = "multi_thread")]
async fn one_process_answers_each_of_many_invocations_and_keeps_no_memory_or_descriptors() {
    let run = soak(Path::new(FUNCTION), Soak::SHORT, &Progress::silent())
        .await
        .unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(
        (run.invocations, run.faults, run.throttled),
        (Soak::SHORT.invocations, 20, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_get_their_own_answers_and_the_throttled_ones_429() {
    let run = crowd(Path::new(FUNCTION), Crowd::SHORT, &Progress::silent())
        .await
        .unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!((run.answered, run.throttled, run.failed), (90, 10, 0));
    assert_eq!(run.most_at_once, Crowd::SHORT.callers);
}
