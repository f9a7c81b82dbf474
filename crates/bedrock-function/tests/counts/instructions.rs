//! The CPU's work, in instructions: of a start, and of one more invocation.
//!
//! Of the very program that is deployed, which `make build` has built. `UPDATE_BASELINE=1 make
//! test-counts` takes what is counted as the new baseline.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::callgrind::instructions;

const BASELINE: &str = "tests/counts/baseline.json";

/// How far a count may be from the baseline, in per cent: glibc differs between machines, and the
/// seeds of hash maps between runs.
const SLACK_PERCENT: f64 = 5.0;

/// Invocations that warm a process up: the first opens the connection.
const WARM_UP: u64 = 5;

/// Invocations over which a warm one is counted.
const INVOCATIONS: u64 = 20;

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    /// From the start of the process until it waits for its first event.
    to_first_next: u64,
    /// Of one invocation, as one of many.
    per_warm_invocation: u64,
}

/// The program that is deployed; `BOOTSTRAP` names another, to compare.
fn bootstrap() -> PathBuf {
    let built = "../../target/lambda/bedrock-function/bootstrap";
    let program = std::env::var_os("BOOTSTRAP").map_or(built.into(), PathBuf::from);
    assert!(
        program.is_file(),
        "there is no {program:?}: run `make build`"
    );
    std::path::absolute(program).unwrap()
}

async fn count(program: &Path) -> Counts {
    let warmed_up = instructions(program, WARM_UP).await;
    let after_more = instructions(program, WARM_UP + INVOCATIONS).await;
    Counts {
        to_first_next: instructions(program, 0).await,
        per_warm_invocation: (after_more - warmed_up) / INVOCATIONS,
    }
}

/// Says how a count compares; an error where it is too high.
fn compared(name: &str, counted: u64, baseline: u64) -> Result<String, String> {
    let percent = (counted as f64 / baseline as f64 - 1.0) * 100.0;
    let line = format!("{name}: {counted}, {percent:+.1} % of the baseline");
    if percent > SLACK_PERCENT {
        Err(format!(
            "{line}: find out by callgrind_annotate what it does more, or, where that is worth it, \
             run `UPDATE_BASELINE=1 make test-counts`"
        ))
    } else if percent < -SLACK_PERCENT {
        Ok(format!(
            "{line}: lower that, `UPDATE_BASELINE=1 make test-counts`"
        ))
    } else {
        Ok(line)
    }
}

#[tokio::test]
#[ignore = "needs valgrind and what `make build` makes: `make test-counts`"]
#[expect(clippy::print_stderr, reason = "the counts are told, right or wrong")]
async fn a_start_and_a_warm_invocation_take_no_more_instructions_than_before() {
    let counts = count(&bootstrap()).await;
    if std::env::var_os("UPDATE_BASELINE").is_some() {
        let text = serde_json::to_string_pretty(&counts).unwrap() + "\n";
        std::fs::write(BASELINE, text).unwrap();
    }
    let text = std::fs::read_to_string(BASELINE).unwrap();
    let baseline: Counts = serde_json::from_str(&text).unwrap();
    let results = [
        compared("a start", counts.to_first_next, baseline.to_first_next),
        compared(
            "a warm invocation",
            counts.per_warm_invocation,
            baseline.per_warm_invocation,
        ),
    ];
    for result in &results {
        eprintln!("{}", result.as_ref().unwrap_or_else(|line| line));
    }
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[test]
fn a_count_above_the_slack_is_an_error_and_one_below_it_is_told() {
    assert!(compared("x", 1_051, 1_000).is_err());
    assert!(compared("x", 1_049, 1_000).is_ok());
    let lower = compared("x", 940, 1_000).unwrap();
    assert!(lower.contains("lower that"), "{lower}");
}
