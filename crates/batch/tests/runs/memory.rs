//! Memory grows with the number of rows alone, by some bytes for each, and not with what they hold.

use std::time::Duration;

use procfs::process::Process;
use serde_json::json;
use tokio::process::{Child, Command};

use super::stage::{Ended, Stage, ended};

/// The most that a row may take at the peak, in bytes: the indexes of what an earlier run has left, and of ids.
const ROW: u64 = 100;

/// What is not flat from run to run: allocators and buffers, in bytes.
const SLACK: u64 = 3 << 20;

/// The most memory that the program had resident, in bytes. It has to succeed.
async fn peak(mut command: Command) -> u64 {
    let (ended, peak) = ended_with_peak(command.spawn().unwrap()).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    peak
}

/// What a program came to, and the most memory that it had resident, in bytes.
pub(crate) async fn ended_with_peak(child: Child) -> (Ended, u64) {
    let pid = child.id().unwrap().try_into().unwrap();
    let mut peak = 0;
    let mut ending = std::pin::pin!(ended(child));
    loop {
        tokio::select! {
            ended = &mut ending => return (ended, peak),
            () = tokio::time::sleep(Duration::from_millis(5)) => {
                let status = Process::new(pid).and_then(|process| process.status());
                let high = status.ok().and_then(|status| status.vmhwm);
                peak = peak.max(high.unwrap_or_default() * 1024);
            }
        }
    }
}

fn assert_flat(name: &str, few: (u64, u64), many: (u64, u64)) {
    let grown = many.1.saturating_sub(few.1);
    let allowed = (many.0 - few.0) * ROW + SLACK;
    assert!(
        grown <= allowed,
        "{name}: {grown} bytes more at {} rows, where {allowed} are allowed",
        many.0
    );
}

/// The peaks of a check, of a merge of all results, and of a run that finds every answer.
async fn peaks(rows: u64) -> [(u64, u64); 3] {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(rows.try_into().unwrap());
    let text = "a".repeat(1_000);
    let results = (1..=rows).map(|number| {
        json!({"id": format!("row-{number}"), "statusCode": 200, "text": text}).to_string()
    });
    let results: Vec<_> = results.collect();
    stage.write("results.jsonl", results.join("\n"));
    let mut check = stage.program("check");
    check.args(["--items", "items.jsonl", "--yes"]);
    let mut merge = stage.program("merge");
    merge.args(["--items", "items.jsonl", "--results", "results.jsonl"]);
    let check = peak(check).await;
    let merge = peak(merge).await;
    [check, merge, peak(stage.command(&[])).await].map(|peak| (rows, peak))
}

#[tokio::test]
#[ignore = "a minute: `make load` runs it"]
async fn a_hundred_thousand_rows_take_some_bytes_each_and_their_texts_none() {
    let [few, many] = [peaks(1_000).await, peaks(100_000).await];
    for (name, (few, many)) in ["check", "merge", "run"]
        .iter()
        .zip(few.into_iter().zip(many))
    {
        assert_flat(name, few, many);
    }
}

#[tokio::test]
#[ignore = "a minute: `make load` runs it"]
async fn answers_that_come_in_stay_on_the_disk() {
    let asked = async |rows: u32| {
        let stage = Stage::new(Duration::ZERO).await;
        // The answer has the prompt in it.
        let line =
            |number| json!({"prompt": format!("{number} {}", "a".repeat(10_000))}).to_string();
        let lines: Vec<_> = (0..rows).map(line).collect();
        stage.write("prompts.jsonl", lines.join("\n"));
        (rows.into(), peak(stage.command(&[])).await)
    };
    assert_flat("run", asked(200).await, asked(3_000).await);
}
