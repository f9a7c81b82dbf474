//! The two ends of a run that is made elsewhere: `check` before it, and `merge` after it.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::stage::{Ended, Stage, ended, lines};

async fn check(stage: &Stage, more: &[&str]) -> Ended {
    let mut command = stage.program("check");
    command.args(["--items", "items.jsonl"]).args(more);
    ended(command.spawn().unwrap()).await
}

async fn merge(stage: &Stage, results: &[Value]) -> Ended {
    let results: Vec<_> = results.iter().map(Value::to_string).collect();
    stage.write("results.jsonl", results.join("\n"));
    let mut command = stage.program("merge");
    command.args(["--results", "results.jsonl"]);
    ended(command.spawn().unwrap()).await
}

fn reply(id: &str) -> Value {
    json!({"id": id, "statusCode": 200, "text": format!("to {id}"), "costUsd": 0.25})
}

#[tokio::test]
async fn what_is_to_be_asked_is_written_as_events_with_what_it_may_cost() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write("prompts.jsonl", "{\"prompt\":\"abcd\",\"maxTokens\":1000}\n\n{\"id\":\"x\",\"prompt\":\"日本\",\"maxTokens\":100}");
    let checked = check(&stage, &[]).await;
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let estimate: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(
        (&estimate["rows"], &estimate["inputTokens"]),
        (&json!(2), &json!(3))
    );
    // 3 tokens in at 0.396 USD a million; out at 3.311, at most 1,000 and 100, and likely 300 and 100.
    let close = |key: &str, wanted: f64| (estimate[key].as_f64().unwrap() - wanted).abs() < 1e-8;
    assert!(
        close("mostUsd", 3.643_288e-3) && close("likelyUsd", 1.325_588e-3),
        "{estimate}"
    );
    let items = fs::read_to_string(stage.path("items.jsonl")).unwrap();
    assert_eq!(
        items,
        "{\"task\":{\"id\":1,\"prompt\":\"abcd\",\"maxTokens\":1000}}\n{\"task\":{\"id\":\"x\",\"prompt\":\"日本\",\"maxTokens\":100}}\n"
    );
    assert!(!stage.path("answers.jsonl.part").exists());
}

#[tokio::test]
async fn the_events_do_not_go_where_the_prompts_are() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    let before = fs::read(stage.path("prompts.jsonl")).unwrap();
    let mut command = stage.program("check");
    command.args(["--items", "prompts.jsonl"]);
    let refused = ended(command.spawn().unwrap()).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(fs::read(stage.path("prompts.jsonl")).unwrap(), before);
}

#[tokio::test]
async fn what_may_become_dear_is_refused_where_nobody_can_be_asked() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(100);
    let refused = check(&stage, &[]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused
            .stderr
            .contains("It may cost up to $1.36, more than COST_LIMIT_USD=1; nothing was sent."),
        "{}",
        refused.stderr
    );
    assert!(!stage.path("items.jsonl").exists());
    assert_eq!(check(&stage, &["--cost-limit-usd", "1.4"]).await.code, 0);
    assert_eq!(check(&stage, &["--yes"]).await.code, 0);
}

#[tokio::test]
async fn results_in_any_order_become_the_output_once_all_are_there() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(4);
    let throttled = json!({"id": "row-4", "code": "ThrottlingException", "message": "Try later."});
    let first = merge(
        &stage,
        &[reply("row-3"), reply("row-1"), throttled, reply("row-9")],
    )
    .await;
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(
        first.stderr.contains("1 have no result"),
        "{}",
        first.stderr
    );
    assert!(!stage.path("answers.jsonl").exists());
    assert_eq!(lines(&stage.path("answers.jsonl.part")).len(), 3);

    assert_eq!(check(&stage, &[]).await.code, 0);
    let items = fs::read_to_string(stage.path("items.jsonl")).unwrap();
    assert_eq!(items.matches("\"id\"").count(), 2, "{items}");
    // What has an answer keeps it.
    let second = merge(
        &stage,
        &[
            reply("row-2"),
            json!({"id": "row-1", "statusCode": 500, "code": "NoText", "message": "m"}),
        ],
    )
    .await;
    assert_eq!(second.code, 1, "{}", second.stderr);
    let told: Vec<_> = stage
        .answers()
        .iter()
        .map(|line| (line["id"].clone(), line["statusCode"].clone()))
        .collect();
    let wanted = [
        ("row-1", 200),
        ("row-2", 200),
        ("row-3", 200),
        ("row-4", 429),
    ];
    assert_eq!(told, wanted.map(|(id, status)| (json!(id), json!(status))));
    let third = merge(&stage, &[reply("row-4")]).await;
    assert_eq!(third.code, 0, "{}", third.stderr);
    let none = merge(&stage, &[json!({"errorType": "E"})]).await;
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("A result has no id"),
        "{}",
        none.stderr
    );
}
