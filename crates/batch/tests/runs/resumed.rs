//! A second run, and what it asks.

use std::{fs, time::Duration};

use rustix::process::Signal;
use serde_json::json;

use super::stage::{Stage, ended, lines, signal};

#[tokio::test]
async fn a_second_run_asks_what_has_failed_and_nothing_else() {
    let refuse = |prompt: &str| {
        (prompt == "prompt 2").then(|| "error:AccessDeniedException:1".parse().unwrap())
    };
    let stage = Stage::with(Duration::ZERO, refuse).await;
    stage.write_prompts(5);
    let first = stage.run().await;
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(
        first.stderr.contains("1 with AccessDeniedException"),
        "{}",
        first.stderr
    );
    let failed = &stage.answers()[1];
    assert_eq!(
        (&failed["id"], &failed["statusCode"]),
        (&json!("row-2"), &json!(403))
    );

    let second = stage.run().await;
    assert_eq!(second.code, 0, "{}", second.stderr);
    stage.assert_all_answered(5);
    let third = stage.run().await;
    assert_eq!(third.code, 0, "{}", third.stderr);
    stage.assert_all_answered(5);
    let counts: Vec<_> = stage.requests().into_values().collect();
    assert_eq!(counts, [1, 2, 1, 1, 1]);
}

#[tokio::test]
async fn a_prompt_that_has_changed_or_is_new_is_asked_and_one_that_is_gone_is_left_out() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(4);
    assert_eq!(stage.run().await.code, 0);
    let row =
        |id: u32, prompt: &str| json!({"id": format!("row-{id}"), "prompt": prompt}).to_string();
    let rows = [row(5, "new"), row(3, "prompt 3"), row(1, "changed")];
    stage.write("prompts.jsonl", rows.join("\n"));
    let ended = stage.run().await;
    assert_eq!(ended.code, 0);
    assert!(
        ended.stderr.contains("3, 1 answered before, 2 to ask"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("2 of no prompt any more"),
        "{}",
        ended.stderr
    );
    let texts: Vec<_> = stage
        .answers()
        .iter()
        .map(|line| line["text"].clone())
        .collect();
    assert_eq!(
        texts,
        ["You said: new", "You said: prompt 3", "You said: changed"]
    );
    assert_eq!(stage.requests()["prompt 3"], 1);
}

#[tokio::test]
async fn the_model_for_prompts_that_name_none_is_part_of_what_was_asked() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    assert_eq!(stage.run().await.code, 0);
    let model = "apac.amazon.nova-micro-v1:0";
    assert_eq!(stage.run_with(&["--model", model]).await.code, 0);
    assert_eq!(stage.answers()[0]["model"], model);
    assert_eq!(stage.requested(), 2);
}

#[tokio::test]
async fn an_answer_costs_half_in_the_flexible_tier_and_stands_in_the_other_too() {
    let stage = Stage::new(Duration::ZERO).await;
    let row = json!({"prompt": "a", "modelId": "qwen.qwen3-32b-v1:0"});
    stage.write("prompts.jsonl", row.to_string());
    assert_eq!(stage.run().await.code, 0);
    // 2 tokens in and 5 out, at 0.075 and 0.3 USD a million.
    let cost = stage.answers()[0]["costUsd"].as_f64().unwrap();
    assert!((cost - 1.65e-6).abs() < 1e-9, "{cost}");
    let again = stage.run_with(&["--service-tier", "default"]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(stage.requested(), 1);
}

#[tokio::test]
async fn two_runs_at_once_are_refused() {
    let stage = Stage::new(Duration::from_millis(500)).await;
    stage.write_prompts(5);
    let first = stage.start(&[]);
    stage.until_requested(1).await;
    let second = stage.run().await;
    assert_eq!(second.code, 2);
    assert!(
        second
            .stderr
            .contains("Another run is writing answers.jsonl.part"),
        "{}",
        second.stderr
    );
    assert_eq!(ended(first).await.code, 0);
    stage.assert_all_answered(5);
    assert_eq!(stage.requested(), 5);
}

#[tokio::test]
async fn ctrl_c_waits_for_what_is_in_flight_and_sends_nothing_more() {
    let stage = Stage::new(Duration::from_millis(300)).await;
    stage.write_prompts(100);
    let run = stage.start(&[]);
    stage.until_requested(6).await;
    signal(&run, Signal::INT);
    let stopped = ended(run).await;
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("0 in flight are asked again"),
        "{}",
        stopped.stderr
    );
    let kept = lines(&stage.path("answers.jsonl.part")).len();
    assert_eq!(
        kept,
        stage.requested() as usize,
        "each answer that was asked for is kept"
    );
    assert!(kept < 100);
    assert!(!stage.path("answers.jsonl").exists());
    assert_eq!(stage.run().await.code, 0);
    stage.assert_all_answered(100);
    assert_eq!(stage.requested(), 100);
}

#[tokio::test]
async fn a_second_ctrl_c_drops_what_is_in_flight_and_says_how_many() {
    let silent = |prompt: &str| (prompt == "prompt 2").then(|| "silent:1".parse().unwrap());
    let stage = Stage::with(Duration::ZERO, silent).await;
    stage.write_prompts(3);
    let run = stage.start(&[]);
    let part = stage.path("answers.jsonl.part");
    while fs::read_to_string(&part)
        .unwrap_or_default()
        .lines()
        .count()
        < 2
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stage.until_requested(3).await;
    signal(&run, Signal::INT);
    // Signals of one kind that come together are one.
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal(&run, Signal::INT);
    let stopped = ended(run).await;
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("1 in flight are asked again"),
        "{}",
        stopped.stderr
    );
    assert_eq!(stage.run().await.code, 0);
    stage.assert_all_answered(3);
    assert_eq!(stage.requested(), 4);
}
