//! The function under load, in short; `make load` is the whole of it.

use std::path::Path;

use invariants::load::{Load, MANY_PROCESSES, ONE_PROCESS, ProgressBar, Run, Violation, run};

async fn put_under(load: Load) -> Result<Run, Violation> {
    let program = Path::new(env!("CARGO_BIN_EXE_bedrock-function"));
    run(program, load, &ProgressBar::hidden()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_answers_each_of_many_invocations_and_keeps_no_memory_or_descriptors() {
    let run = put_under(Load {
        invocations: 500,
        fault_every: 25,
        ..ONE_PROCESS
    })
    .await
    .unwrap();
    assert_eq!((run.invocations, run.faults, run.throttled), (500, 20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_get_their_own_answers_and_the_throttled_ones_429() {
    let run = put_under(Load {
        processes: 10,
        ..MANY_PROCESSES
    })
    .await
    .unwrap();
    assert_eq!((run.answered, run.throttled, run.failed), (90, 10, 0));
    assert_eq!(run.most_at_once, 10);
}
