//! A task of Step Functions: an object comes in `task`, and an object goes out; what may be tried again is an
//! error of the invocation.

use bedrock_local::Answer;
use lambda_local::Outcome;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::stage::{MODEL, REQUEST_ID, Stage, all, text};

/// The payload of a task.
async fn reply(stage: &Stage, task: Value) -> Value {
    serde_json::from_str(&text(&invoke(stage, json!({ "task": task })).await)).unwrap()
}

async fn invoke(stage: &Stage, event: Value) -> Outcome {
    stage.outcome(event.to_string()).await
}

/// The type and the message of a task's error, which both of Lambda's places for the type agree on.
fn error(outcome: &Outcome) -> (String, String) {
    let Outcome::Error { error_type, body } = outcome else {
        panic!("an error was expected: {outcome}");
    };
    let body: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["errorType"], json!(error_type));
    (
        error_type.clone(),
        body["errorMessage"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_task_gets_an_object_with_its_id_and_what_the_answer_took() {
    let stage = Stage::new().await;
    stage
        .bedrock
        .enqueue(Answer::converse_text("hello \"you\""));
    let mut reply = reply(
        &stage,
        json!({"id": "row-1", "prompt": "hi", "maxTokens": 7}),
    )
    .await;
    assert!(reply["latencyMs"].take().is_u64());
    assert_eq!(
        reply,
        json!({
            "id": "row-1",
            "statusCode": 200,
            "text": "hello \"you\"",
            "stopReason": "end_turn",
            "model": MODEL,
            "usage": {"inputTokens": 10, "outputTokens": 3},
            // 10 × 0.396 and 3 × 3.311 millionths, by models.json.
            "costUsd": 0.000013893,
            "latencyMs": null,
        })
    );
    assert_eq!(stage.sent()[0]["inferenceConfig"]["maxTokens"], 7);
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_written_and_none_where_there_was_none() {
    let stage = Stage::new().await;
    stage.bedrock.always(Answer::converse_text("hello"));
    for id in [
        json!("日本 \"1\""),
        json!(7),
        json!(18_446_744_073_709_551_615_u64),
    ] {
        assert_eq!(
            reply(&stage, json!({"id": id, "prompt": "hi"})).await["id"],
            id
        );
    }
    let exact = r#"{"task":{"id":1.50000000000000000001,"prompt":"hi"}}"#;
    let outcome = stage.function.invoke(exact).await;
    assert!(text(&outcome).starts_with(r#"{"id":1.50000000000000000001,"statusCode":200,"#));
    for task in [json!({"prompt": "hi"}), json!({"id": null, "prompt": "hi"})] {
        assert_eq!(reply(&stage, task).await.get("id"), None);
    }
}

#[tokio::test]
async fn what_may_be_tried_again_is_an_error_of_the_invocation_whose_type_is_the_code() {
    let mut checks = JoinSet::new();
    for (status, code, message) in [
        (
            429,
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
        ),
        (429, "ModelNotReadyException", "?"),
        (429, "ServiceQuotaExceededException", "?"),
        (500, "InternalServerException", "?"),
        (503, "ServiceUnavailableException", "?"),
        (408, "ModelTimeoutException", "?"),
    ] {
        checks.spawn(async move {
            let stage = Stage::new().await;
            // As many as the function itself tries: the caller's own try is the one that succeeds.
            let failed = Answer::error(status, code, message);
            let tries =
                if code == "ServiceQuotaExceededException" || code == "ModelTimeoutException" {
                    1
                } else {
                    3
                };
            for _ in 0..tries {
                stage.bedrock.enqueue(failed.clone());
            }
            let event = json!({"task": {"id": 1, "prompt": "my prompt"}});
            let (error_type, said) = error(&invoke(&stage, event.clone()).await);
            assert_eq!(error_type, code);
            assert!(said.contains(". ") && said.ends_with(['.', '…']), "{said}");
            assert!(
                !said.contains("my prompt") && !said.contains("arn:"),
                "{said}"
            );

            stage.bedrock.enqueue(Answer::converse_text("at last"));
            let again: Value = serde_json::from_str(&text(&invoke(&stage, event).await)).unwrap();
            assert_eq!(
                (&again["id"], &again["text"]),
                (&json!(1), &json!("at last"))
            );
            assert_eq!(stage.bedrock.requests().len(), tries + 1, "{code}");
        });
    }
    all(checks).await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_may_be_tried_again() {
    let stage = Stage::with(|p| p.env("BEDROCK_TIMEOUT_SECONDS", "1")).await;
    stage.bedrock.enqueue(Answer::silence());
    let (error_type, said) = error(&invoke(&stage, json!({"task": {"prompt": "hi"}})).await);
    assert_eq!(error_type, "DeadlineExceeded");
    assert!(said.contains("had not answered after"), "{said}");
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn what_will_fail_again_is_a_reply_with_its_status_and_code() {
    let stage = Stage::new().await;
    for (answer, status, code) in [
        (
            Answer::error(400, "ValidationException", "?"),
            400,
            "ValidationException",
        ),
        (
            Answer::error(403, "AccessDeniedException", "?"),
            403,
            "AccessDeniedException",
        ),
        (
            Answer::error(404, "ResourceNotFoundException", "?"),
            404,
            "ResourceNotFoundException",
        ),
        (
            Answer::error(424, "ModelErrorException", "?"),
            502,
            "ModelErrorException",
        ),
        (
            Answer::error(418, "NoveltyException", "?"),
            500,
            "InternalError",
        ),
        (Answer::converse_text(""), 500, "NoText"),
    ] {
        stage.bedrock.enqueue(answer);
        let reply = reply(&stage, json!({"id": "a", "prompt": "hi"})).await;
        assert_eq!(reply["statusCode"], status, "{reply}");
        assert_eq!(reply["code"], code, "{reply}");
        assert_eq!(reply["id"], "a");
        assert_eq!(reply["requestId"], REQUEST_ID);
        assert!(!reply["message"].as_str().unwrap().is_empty());
        assert_eq!(reply.get("text"), None);
    }
}

#[tokio::test]
async fn a_task_that_is_wrong_is_refused_in_a_sentence_and_asks_no_model() {
    let stage = Stage::new().await;
    for (task, code, says) in [
        (
            json!("hi"),
            "InvalidRequest",
            "task is a string, not an object.",
        ),
        (
            json!([{"prompt": "hi"}]),
            "InvalidRequest",
            "task is an array, not an object.",
        ),
        (json!({}), "NoPrompt", "No user prompt provided"),
        (
            json!({"id": 1, "prompt": 7}),
            "InvalidRequest",
            "prompt is a number.",
        ),
        (
            json!({"id": 1, "prompt": "hi", "maxTokens": 0}),
            "InvalidRequest",
            "maxTokens is out of range.",
        ),
        (
            json!({"id": 1, "prompt": "hi", "modelId": "x"}),
            "InvalidRequest",
            "modelId names a model",
        ),
        (
            json!({"id": 1, "prompt": "hi", "stream": true}),
            "InvalidRequest",
            "A task's answer is not streamed.",
        ),
        (
            json!({"id": {}, "prompt": "hi"}),
            "InvalidRequest",
            "id is an object.",
        ),
        (
            json!({"id": "i".repeat(1_023), "prompt": "hi"}),
            "InvalidRequest",
            "id has more than 1024 bytes.",
        ),
    ] {
        let reply = reply(&stage, task.clone()).await;
        assert_eq!(reply["statusCode"], 400, "{reply}");
        assert_eq!(reply["code"], code, "{reply}");
        assert!(
            reply["message"].as_str().unwrap().starts_with(says),
            "{reply}"
        );
        let id_is_read = task["id"] == json!(1);
        assert_eq!(reply.get("id").is_some(), id_is_read, "{reply}");
    }
    let lone = r#"{"task":{"id":"\ud800","prompt":"hi"}}"#;
    assert!(text(&stage.function.invoke(lone).await).contains("lone surrogate"));
    assert!(stage.sent().is_empty());
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn an_answer_that_step_functions_could_not_take_is_named_as_that() {
    let stage = Stage::new().await;
    // In JSON each of these characters is six bytes.
    stage
        .bedrock
        .enqueue(Answer::converse_text("\u{1}".repeat(42_900)));
    assert_eq!(
        reply(&stage, json!({"prompt": "hi"})).await["statusCode"],
        200
    );
    stage
        .bedrock
        .enqueue(Answer::converse_text("\u{1}".repeat(44_000)));
    let reply = reply(&stage, json!({"prompt": "hi"})).await;
    assert_eq!(
        (&reply["statusCode"], &reply["code"]),
        (&json!(502), &json!("AnswerTooLarge"))
    );
    assert!(
        reply["message"]
            .as_str()
            .unwrap()
            .contains("256 KB that a task"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_task_is_logged_as_any_other_event_is() {
    let stage = Stage::new().await;
    stage.bedrock.enqueue(Answer::converse_text("the answer"));
    let event = json!({"task": {"id": "my id", "prompt": "my prompt"}});
    invoke(&stage, event.clone()).await;
    stage.bedrock.enqueue(Answer::error(
        429,
        "ServiceQuotaExceededException",
        "my prompt",
    ));
    invoke(&stage, event).await;
    let log = stage.function.stdout();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["outcome"].as_str().unwrap(),
                line["statusCode"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("Answered", 200), ("ServiceQuotaExceededException", 429)]
    );
    let log = log + &stage.function.stderr();
    for never in ["my prompt", "my id", "the answer"] {
        assert!(!log.contains(never), "{never}: {log}");
    }
}

#[tokio::test]
async fn an_event_with_a_prompt_or_of_http_is_no_task() {
    let stage = Stage::new().await;
    stage.bedrock.always(Answer::converse_text("hello"));
    let direct = stage
        .invoke(&json!({"prompt": "hi", "task": {"prompt": "other"}}))
        .await;
    assert_eq!(
        direct.raw,
        r#"{"statusCode":200,"body":"{\"text\":\"hello\"}"}"#
    );
    assert_eq!(stage.sent()[0]["messages"][0]["content"][0]["text"], "hi");
    let body = json!({"task": {"prompt": "hi"}}).to_string();
    let http = json!({"requestContext": {"http": {}}, "task": {"prompt": "hi"}, "body": body});
    let reply = stage.invoke(&http).await;
    assert_eq!(
        (reply.status, reply.message()),
        (400, "No user prompt provided")
    );
    let null = stage.invoke(&json!({"task": null})).await;
    assert_eq!(
        null.raw,
        r#"{"statusCode":400,"body":"{\"message\":\"No user prompt provided\"}"}"#
    );
}
