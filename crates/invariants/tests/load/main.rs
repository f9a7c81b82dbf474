//! The load test finds each fault of a function that it is there to find.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use invariants::load::{Load, MANY_PROCESSES, ONE_PROCESS, ProgressBar, Run, Violation, run};

/// Enough for a fault to show, without the waits of retries.
const PLAIN: Load = Load {
    invocations: 200,
    fault_every: 0,
    ..ONE_PROCESS
};

/// The example of that name: cargo builds them for a test run beside the tests' own folder, and gives no variable for their path.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo test -p invariants`, which builds it",
        path.display()
    );
    path
}

/// The function with that fault: a program, since the run gives its function no variables of a test's.
fn faulty(folder: &Path, fault: &str) -> PathBuf {
    let path = folder.join("bootstrap");
    let script = format!(
        "#!/bin/sh\nFAULT={fault} exec '{}'\n",
        example("faulty").display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn run_with(fault: &str, load: Load) -> Result<Run, Violation> {
    let folder = tempfile::tempdir().unwrap();
    run(&faulty(folder.path(), fault), load, &ProgressBar::hidden()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_program_without_a_fault_passes() {
    let run = run_with("none", PLAIN).await.unwrap();
    assert_eq!((run.invocations, run.answered), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_loses_memory_is_caught() {
    let caught = run_with("memory", PLAIN).await.unwrap_err();
    assert!(matches!(caught, Violation::Memory { .. }), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_leaves_descriptors_open_is_caught() {
    let caught = run_with("descriptors", PLAIN).await.unwrap_err();
    assert!(matches!(caught, Violation::Descriptors { .. }), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_answers_with_the_answer_before_is_caught() {
    let caught = run_with("answers", PLAIN).await.unwrap_err().to_string();
    assert!(caught.contains("another invocation"), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_that_answer_with_the_answer_before_are_caught() {
    let few = Load {
        processes: 2,
        invocations: 4,
        ..MANY_PROCESSES
    };
    let caught = run_with("answers", few).await.unwrap_err().to_string();
    assert!(caught.contains("another invocation"), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_no_function_is_named() {
    let caught = run(Path::new("/bin/false"), PLAIN, &ProgressBar::hidden())
        .await
        .unwrap_err()
        .to_string();
    assert!(caught.contains("did not start"), "{caught}");
}
