//! Killed at any moment and started again: nothing that arrived is lost or asked again.

use std::{collections::BTreeSet, time::Duration};

use rustix::process::Signal;

use super::stage::{Stage, ended, lines, signal};

/// The most prompts at once.
const AT_ONCE: u32 = 4;

/// Runs `rows` prompts, kills the run whenever so many requests have come since it began, and lets the last one end.
async fn killed_after(rows: u32, kills: &[u32]) {
    let stage = Stage::new(Duration::from_millis(10)).await;
    stage.write_prompts(rows);
    let mut answered = BTreeSet::new();
    for count in kills {
        let run = stage.start(&[]);
        stage.until_requested(stage.requested() + count).await;
        signal(&run, Signal::KILL);
        assert_eq!(ended(run).await.code, -9);
        let kept = lines(&stage.path("answers.jsonl.part"));
        let kept: BTreeSet<_> = kept.iter().map(|line| line["id"].to_string()).collect();
        assert!(kept.is_superset(&answered), "an answer is lost");
        answered = kept;
    }
    let requests = stage.requests();
    let last = stage.run().await;
    assert_eq!(last.code, 0, "{}", last.stderr);
    stage.assert_all_answered(rows);
    for id in &answered {
        let prompt = id.trim_matches('"').replace("row-", "prompt ");
        assert_eq!(
            stage.requests()[&prompt],
            requests[&prompt],
            "{id} was answered, and asked again"
        );
    }
    let repeated = stage.requested() - rows;
    assert!(
        repeated <= kills.len() as u32 * AT_ONCE,
        "{repeated} requests were repeated"
    );
}

#[tokio::test]
async fn no_answer_is_lost_and_none_is_asked_again_but_what_was_in_flight() {
    killed_after(300, &[40, 90]).await;
}

#[tokio::test]
#[ignore = "a minute: `make load` runs it"]
async fn ten_kills_at_random_moments_lose_nothing() {
    let kills: Vec<_> = std::iter::repeat_with(|| fastrand::u32(1..1_000))
        .take(10)
        .collect();
    killed_after(10_000, &kills).await;
}
