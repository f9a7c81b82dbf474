//! A function that is not as it must be is found out: the checks are given one for each of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use load::{Crowd, Progress, Soak, Violation, crowd, soak};

/// Enough for a fault to show, without the waits of retries.
const PLAIN: Soak = Soak {
    invocations: 200,
    fault_every: 0,
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
        "{} is missing: run `cargo test -p load`, which builds it",
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

async fn soaked(fault: &str) -> Result<load::Run, Violation> {
    let folder = tempfile::tempdir().unwrap();
    soak(&faulty(folder.path(), fault), PLAIN, &Progress::silent()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_program_without_a_fault_passes() {
    let run = soaked("none").await.unwrap();
    assert_eq!((run.invocations, run.answered), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_loses_memory_is_caught() {
    let caught = soaked("memory").await.unwrap_err();
    assert!(matches!(caught, Violation::Memory { .. }), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_leaves_descriptors_open_is_caught() {
    let caught = soaked("descriptors").await.unwrap_err();
    assert!(matches!(caught, Violation::Descriptors { .. }), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_answers_with_the_answer_before_is_caught() {
    let caught = soaked("answers").await.unwrap_err().to_string();
    assert!(caught.contains("another invocation"), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_gets_one_anothers_answers_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let small = Crowd {
        callers: 2,
        calls: 4,
    };
    let program = faulty(folder.path(), "answers");
    let caught = crowd(&program, small, &Progress::silent())
        .await
        .unwrap_err()
        .to_string();
    assert!(caught.contains("another invocation"), "{caught}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_no_function_is_named() {
    let caught = soak(Path::new("/bin/false"), PLAIN, &Progress::silent())
        .await
        .unwrap_err()
        .to_string();
    assert!(caught.contains("did not start"), "{caught}");
}
