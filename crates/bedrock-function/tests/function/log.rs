//! One log line to an invocation, without a word of the caller or the model.

use bedrock_local::Answer;
use serde_json::{Value, json};

use super::stage::{MODEL, REQUEST_ID, Stage, TITAN};

fn lines(stage: &Stage) -> Vec<Value> {
    stage
        .function
        .stdout()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

#[tokio::test]
async fn an_invocation_writes_one_line_of_json() {
    let stage = Stage::new().await;
    stage.bedrock.enqueue(Answer::converse_text("the answer"));
    stage.invoke(&json!({"prompt": "the prompt"})).await;
    stage.invoke(&json!({})).await;
    let lines = lines(&stage);
    assert_eq!(lines.len(), 2, "{lines:?}");

    let answered = &lines[0];
    for (key, value) in [
        ("level", json!("INFO")),
        ("message", json!("invocation")),
        ("requestId", json!(REQUEST_ID)),
        ("modelId", json!(MODEL)),
        ("outcome", json!("Answered")),
        ("statusCode", json!(200)),
        ("stopReason", json!("end_turn")),
        ("attempts", json!(1)),
        ("coldStart", json!(true)),
    ] {
        assert_eq!(answered[key], value, "{key}");
    }
    for key in ["inputTokens", "outputTokens", "latencyMs", "durationMs"] {
        assert!(answered[key].is_u64(), "{key}: {answered}");
    }
    assert!(answered["costUsd"].is_f64() && answered["timestamp"].is_string());

    let refused = &lines[1];
    assert_eq!(refused["level"], "WARN");
    assert_eq!(refused["outcome"], "NoPrompt");
    assert_eq!(refused["coldStart"], false);
    assert_eq!(refused["attempts"], 0);
}

#[tokio::test]
async fn prompts_and_answers_are_in_no_log_at_any_level() {
    let stage = Stage::with(|p| {
        p.env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
            .env("RUST_LOG", "trace")
    })
    .await;
    let event = json!({"prompt": "my prompt", "system": "my system", "messages": [
        {"role": "user", "text": "my turn"}, {"role": "assistant", "text": "its turn"}]});
    stage.bedrock.enqueue(Answer::converse_text("its answer"));
    assert_eq!(stage.invoke(&event).await.body["text"], "its answer");
    stage.bedrock.enqueue(Answer::error(
        400,
        "ValidationException",
        "cannot read \"my prompt\"",
    ));
    stage.invoke(&event).await;

    let log = stage.function.stdout() + &stage.function.stderr();
    for secret in [
        "my prompt",
        "my system",
        "my turn",
        "its turn",
        "its answer",
    ] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[tokio::test]
async fn content_is_logged_where_it_is_asked_for() {
    let stage = Stage::with(|p| p.env("BEDROCK_LOG_CONTENT", "1")).await;
    stage.bedrock.enqueue(Answer::converse_text("its answer"));
    stage.invoke(&json!({"prompt": "my prompt"})).await;
    stage.bedrock.enqueue(Answer::error(
        400,
        "ValidationException",
        "bedrock's own words",
    ));
    stage.invoke(&json!({"prompt": "my prompt"})).await;
    let lines = lines(&stage);
    assert_eq!(lines[0]["prompt"], "my prompt");
    assert_eq!(lines[0]["text"], "its answer");
    assert_eq!(lines[1]["bedrockMessage"], "bedrock's own words");
}

#[tokio::test]
async fn the_log_level_is_lambdas() {
    let stage = Stage::with(|p| p.env("AWS_LAMBDA_LOG_LEVEL", "WARN")).await;
    stage.invoke_answered(Answer::converse_text("ok")).await;
    assert_eq!(stage.function.stdout(), "");
    stage.invoke(&json!({})).await;
    assert_eq!(lines(&stage).len(), 1);
}

#[tokio::test]
async fn the_line_carries_metrics_where_they_have_a_namespace() {
    let stage = Stage::with(|p| {
        p.env("BEDROCK_METRICS_NAMESPACE", "BedrockOnLambda")
            .env("AWS_LAMBDA_LOG_LEVEL", "ERROR")
    })
    .await;
    stage.invoke_answered(Answer::converse_text("ok")).await;
    stage
        .invoke_answered(Answer::error(403, "AccessDeniedException", "no"))
        .await;
    let lines = lines(&stage);
    assert_eq!(lines.len(), 2, "metrics are written at any log level");
    for line in &lines {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], "BedrockOnLambda");
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                assert!(
                    line[dimension.as_str().unwrap()].is_string(),
                    "{dimension} of {line}"
                );
            }
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(line[name].is_number(), "{name} of {line}");
            }
        }
    }
    assert_eq!(lines[1]["errors"], 1);
    assert_eq!(
        lines[1]["_aws"]["CloudWatchMetrics"][1]["Dimensions"][0][2],
        "outcome"
    );
}

#[tokio::test]
async fn the_line_carries_no_metrics_without_a_namespace() {
    let stage = Stage::new().await;
    stage.invoke_answered(Answer::converse_text("ok")).await;
    assert!(lines(&stage)[0].get("_aws").is_none());
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_logged_with_bedrocks_request_id() {
    let stage = Stage::new().await;
    for model in [MODEL, TITAN] {
        stage
            .bedrock
            .enqueue(Answer::raw(200, "application/json", "{"));
        let event = json!({"prompt": "hi", "modelId": model});
        assert_eq!(stage.invoke(&event).await.status, 500);
    }
    for line in lines(&stage) {
        assert!(line["bedrockRequestId"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_runtime_api_that_breaks_after_init_is_not_called_a_failure_of_init() {
    // A Runtime API that takes each connection and closes it: INIT is over when the first one comes.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let function = tokio::process::Command::new(env!("CARGO_BIN_EXE_bedrock-function"))
        .env_clear()
        .envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "ap-northeast-1"),
            ("BEDROCK_MODEL_IDS", MODEL),
            ("BEDROCK_PRECONNECT", "0"),
        ])
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let output = function.wait_with_output().await.unwrap();
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(
        log.contains("Runtime API broke") && !log.contains("INIT"),
        "{log}"
    );
}
