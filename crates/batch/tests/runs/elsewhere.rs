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
    command.args(["--items", "items.jsonl", "--results", "results.jsonl"]);
    command.env("BATCH_JSON", "1");
    ended(command.spawn().unwrap()).await
}

/// The ids and statuses of the output.
fn statuses(stage: &Stage) -> Vec<(String, u64)> {
    let answers = stage.answers();
    let status = |line: &Value| {
        let id = line["id"].as_str().unwrap().to_owned();
        (id, line["statusCode"].as_u64().unwrap())
    };
    answers.iter().map(status).collect()
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
    stage.write_prompts(1);
    let little = check(&stage, &["--cost-limit-usd", "0.001"]).await;
    let says = "It may cost up to $0.0136, more than COST_LIMIT_USD=0.001;";
    assert!(little.stderr.contains(says), "{}", little.stderr);
    stage.write_prompts(100);
    assert_eq!(check(&stage, &["--cost-limit-usd", "1.4"]).await.code, 0);
    assert_eq!(check(&stage, &["--yes"]).await.code, 0);
}

#[tokio::test]
async fn results_in_any_order_become_the_output_once_all_are_there() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(4);
    assert_eq!(check(&stage, &[]).await.code, 0);
    let throttled = json!({"id": "row-4", "code": "ThrottlingException", "message": "Try later."});
    let first = merge(
        &stage,
        &[reply("row-3"), reply("row-1"), throttled, reply("row-9")],
    )
    .await;
    assert_eq!(first.code, 1, "{}", first.stderr);
    for said in [
        "1 have no result",
        "results   1 of no prompt that was asked are left out",
    ] {
        assert!(first.stderr.contains(said), "{said}: {}", first.stderr);
    }
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

#[tokio::test]
async fn a_result_is_of_what_was_asked_whatever_the_input_says_since() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    assert_eq!(check(&stage, &[]).await.code, 0);
    stage.write(
        "prompts.jsonl",
        "{\"id\":\"new\",\"prompt\":\"a\"}\n{\"id\":\"row-1\",\"prompt\":\"another\"}\n{\"id\":\"row-2\",\"prompt\":\"prompt 2\"}",
    );
    let merged = merge(&stage, &[reply("row-1"), reply("row-2")]).await;
    assert_eq!(merged.code, 1, "{}", merged.stderr);
    for said in ["answered  1 of 3, 2 now", "missing   2 have no result"] {
        assert!(merged.stderr.contains(said), "{said}: {}", merged.stderr);
    }
    assert_eq!(check(&stage, &[]).await.code, 0);
    let items = fs::read_to_string(stage.path("items.jsonl")).unwrap();
    assert_eq!(
        items,
        "{\"task\":{\"id\":\"new\",\"prompt\":\"a\"}}\n{\"task\":{\"id\":\"row-1\",\"prompt\":\"another\"}}\n"
    );
    stage.write(
        "prompts.jsonl",
        fs::read_to_string(stage.path("prompts.jsonl"))
            .unwrap()
            .replace("row-2", "row-3"),
    );
    let gone = merge(&stage, &[reply("row-1"), reply("new")]).await;
    assert!(
        gone.stderr
            .contains("answers   1 of no prompt any more are left out"),
        "{}",
        gone.stderr
    );
    stage.write(
        "prompts.jsonl",
        fs::read_to_string(stage.path("prompts.jsonl"))
            .unwrap()
            .replace("row-3", "row-2"),
    );
    let rest = merge(&stage, &[]).await;
    assert_eq!(rest.code, 0, "{}", rest.stderr);
    let wanted = [("new", 200), ("row-1", 200), ("row-2", 200)];
    assert_eq!(
        statuses(&stage),
        wanted.map(|(id, status)| (id.to_owned(), status))
    );
}

#[tokio::test]
async fn results_are_kept_where_the_input_is_wrong_since() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    assert_eq!(check(&stage, &[]).await.code, 0);
    stage.write("prompts.jsonl", "none");
    let refused = merge(&stage, &[reply("row-1"), reply("row-2")]).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    stage.write_prompts(2);
    let merged = merge(&stage, &[]).await;
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    assert_eq!(stage.answers().len(), 2);
}

#[tokio::test]
async fn a_row_that_came_twice_counts_once_and_its_answer_stands() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(2);
    assert_eq!(check(&stage, &[]).await.code, 0);
    let failed = |id: &str| json!({"id": id, "code": "ConnectionFailed", "message": "m."});
    let merged = merge(
        &stage,
        &[
            failed("row-1"),
            reply("row-1"),
            reply("row-1"),
            failed("row-2"),
            failed("row-2"),
        ],
    )
    .await;
    assert_eq!(merged.code, 1, "{}", merged.stderr);
    let summary: Value = serde_json::from_str(&merged.stdout).unwrap();
    assert_eq!(summary["answered"], 1);
    assert_eq!(summary["run"]["answered"], 1);
    assert_eq!(summary["run"]["costUsd"], 0.25);
    assert_eq!(summary["run"]["failed"], json!({"ConnectionFailed": 1}));
    let wanted = [("row-1", 200), ("row-2", 503)];
    assert_eq!(
        statuses(&stage),
        wanted.map(|(id, status)| (id.to_owned(), status))
    );
}

/// The members that are read of what Step Functions' guide shows in `FAILED_0.json`.
fn execution(id: &str, status: &str, error: Option<&str>) -> Value {
    let input = json!({"task": {"id": id, "prompt": "p"}}).to_string();
    let mut execution = json!({
        "ExecutionArn": format!("arn:aws:states:ap-northeast-1:123456789012:execution:m/Rows:{id}"),
        "Input": input,
        "InputDetails": {"Included": true},
        "Name": id,
        "StartDate": "2026-11-26T18:00:00.000Z",
        "Status": status,
        "StopDate": "2026-11-26T18:05:00.000Z",
    });
    if let Some(error) = error {
        execution["Error"] = json!(error);
        execution["Cause"] = json!("It \"broke\".");
    }
    execution
}

#[tokio::test]
async fn an_execution_that_failed_is_a_line_and_one_that_was_ended_is_asked_again() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(4);
    assert_eq!(check(&stage, &[]).await.code, 0);
    let merged = merge(
        &stage,
        &[
            reply("row-1"),
            execution("row-2", "TIMED_OUT", None),
            execution("row-3", "FAILED", Some("States.DataLimitExceeded")),
            execution("row-4", "ABORTED", None),
        ],
    )
    .await;
    assert_eq!(merged.code, 1, "{}", merged.stderr);
    assert!(
        merged.stderr.contains("missing   1 have no result"),
        "{}",
        merged.stderr
    );
    let told = lines(&stage.path("answers.jsonl.part"));
    let told: Vec<_> = told
        .iter()
        .map(|line| (&line["id"], &line["code"], &line["message"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("row-1"), &Value::Null, &Value::Null),
            (
                &json!("row-2"),
                &json!("States.Timeout"),
                &json!("The row's five minutes were over. Ask it again.")
            ),
            (
                &json!("row-3"),
                &json!("States.DataLimitExceeded"),
                &json!("It \"broke\".")
            ),
        ]
    );
}

#[tokio::test]
async fn what_was_asked_is_what_check_wrote() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    fs::copy(stage.path("prompts.jsonl"), stage.path("items.jsonl")).unwrap();
    let refused = merge(&stage, &[reply("row-1")]).await;
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("items.jsonl is no file of events that batch check wrote."),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn an_id_that_step_functions_may_write_otherwise_is_refused_there_alone() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write(
        "prompts.jsonl",
        "{\"id\":1.0,\"prompt\":\"a\"}\n{\"id\":7,\"prompt\":\"b\"}\n{\"id\":12345678901234567890,\"prompt\":\"c\"}",
    );
    let refused = check(&stage, &[]).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    for said in [
        "2 lines of",
        "line 1: Its id is a number that Step Functions may write in another way.",
        "line 3: Its id is a number",
    ] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    assert_eq!(stage.run().await.code, 0);
}

#[tokio::test]
async fn a_table_that_cannot_be_written_does_not_keep_the_answers_from_the_output() {
    let stage = Stage::new(Duration::ZERO).await;
    stage.write_prompts(1);
    assert_eq!(check(&stage, &[]).await.code, 0);
    fs::create_dir(stage.path("answers.csv")).unwrap();
    stage.write("results.jsonl", reply("row-1").to_string());
    let mut command = stage.program("merge");
    command.args([
        "--items",
        "items.jsonl",
        "--results",
        "results.jsonl",
        "--csv",
    ]);
    let merged = ended(command.spawn().unwrap()).await;
    assert_eq!(merged.code, 5, "{}", merged.stderr);
    assert!(
        merged.stderr.contains("answers.csv cannot be written"),
        "{}",
        merged.stderr
    );
    assert_eq!(stage.answers().len(), 1);
}

const QWEN: &str = "qwen.qwen3-32b-v1:0";

/// The tiers of the events that are to be asked.
fn tiers(stage: &Stage) -> Vec<Value> {
    let events = lines(&stage.path("items.jsonl"));
    let tier = |event: &Value| event["task"]["serviceTier"].clone();
    events.iter().map(tier).collect()
}

#[tokio::test]
async fn a_prompt_that_names_no_tier_is_of_the_flexible_one_where_its_model_is_confirmed_for_it() {
    let stage = Stage::new(Duration::ZERO).await;
    let of_qwen = json!({"prompt": "a", "modelId": QWEN});
    let prompts = [
        // The default model, whose profile is marked as unconfirmed.
        json!({"prompt": "a"}),
        json!({"prompt": "a", "modelId": null}),
        of_qwen.clone(),
        json!({"prompt": "a", "modelId": QWEN, "serviceTier": "default"}),
    ];
    stage.write(
        "prompts.jsonl",
        prompts.map(|row| row.to_string()).join("\n"),
    );
    let checked = check(&stage, &[]).await;
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let default = json!("default");
    assert_eq!(
        tiers(&stage),
        [Value::Null, Value::Null, json!("flex"), default.clone()]
    );
    assert!(
        checked.stderr.contains("; 1 in the flexible tier\n"),
        "{}",
        checked.stderr
    );

    assert_eq!(check(&stage, &["--service-tier", "default"]).await.code, 0);
    assert_eq!(tiers(&stage), [(); 4].map(|()| default.clone()));

    stage.write("prompts.jsonl", of_qwen.to_string());
    let mut deployed = stage.program("check");
    deployed
        .args(["--items", "items.jsonl"])
        .env("BEDROCK_SERVICE_TIER", "flex");
    assert_eq!(ended(deployed.spawn().unwrap()).await.code, 0);
    assert_eq!(
        tiers(&stage),
        [Value::Null],
        "the function's own setting holds"
    );

    let mut older = stage.program("check");
    older
        .args(["--items", "items.jsonl", "--yes"])
        .envs([("BEDROCK_MODEL_IDS", QWEN), ("BEDROCK_MODEL_TABLE", "[]")]);
    let checked = ended(older.spawn().unwrap()).await;
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    assert_eq!(
        tiers(&stage),
        [Value::Null],
        "a function that knows no price of it would refuse the tier"
    );

    stage.write("reviews.csv", "review\ngood\n");
    let csv = [
        "--input",
        "reviews.csv",
        "--template",
        "{review}",
        "--model",
        QWEN,
    ];
    assert_eq!(check(&stage, &csv).await.code, 0);
    assert_eq!(tiers(&stage), [json!("flex")]);
}

#[tokio::test]
async fn a_model_without_the_flexible_tier_is_refused_where_that_is_given() {
    let stage = Stage::new(Duration::ZERO).await;
    let row = json!({"prompt": "a", "modelId": "apac.amazon.nova-micro-v1:0"});
    stage.write("prompts.jsonl", row.to_string());
    let refused = check(&stage, &["--service-tier", "flex"]).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let says = "line 1: Bedrock does not serve this model in its flexible tier.";
    assert!(refused.stderr.contains(says), "{}", refused.stderr);
}
