//! The functions that the tests start.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use lambda_local::{Builder, Function, Outcome};
use serde_json::Value;

/// An example of this crate: cargo builds them for a test run beside the tests' own folder, and gives no variable for their path.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo test -p lambda-local`, which builds it",
        path.display()
    );
    path
}

pub(crate) fn fixture() -> Builder {
    Function::builder(example("fixture"))
}

pub(crate) fn json(outcome: &Outcome) -> Value {
    let body = outcome
        .response()
        .unwrap_or_else(|| panic!("no response: {outcome}"));
    serde_json::from_slice(body).unwrap()
}

/// Whether a process of this id runs; one that is dead but not collected does not.
pub(crate) fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

/// Whether the process ends; the kernel takes its time to end one, and init to collect one that was left behind.
pub(crate) fn ends(pid: u32) -> bool {
    let given_up = Instant::now() + Duration::from_secs(60);
    while runs(pid) && Instant::now() < given_up {
        thread::yield_now();
    }
    !runs(pid)
}
