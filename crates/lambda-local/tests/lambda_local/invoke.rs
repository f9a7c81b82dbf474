//! What becomes of an event.

use std::time::Duration;

use crate::common::{fixture, json, runs};
use lambda_local::{Deadline, Function, Invocation, MAX_EVENT_BYTES, Outcome};
use serde_json::{Value, json};

/// Has the fixture send this request to the Runtime API; gives the status that it saw.
async fn status_of(head: &str, body: &str) -> (Outcome, Function) {
    let function = fixture().start().await.unwrap();
    let event = json!({ "do": "request", "head": head, "body": body });
    (function.invoke(event.to_string()).await, function)
}

#[tokio::test]
async fn the_answer_is_the_payload_that_the_function_posts() {
    let function = fixture().start().await.unwrap();
    for event in [
        r#"{"prompt":"AWS Lambdaとは何ですか？"}"#,
        "[1,2,3]",
        "null",
    ] {
        assert_eq!(function.invoke(event).await.response().unwrap(), event);
    }
}

#[tokio::test]
async fn an_error_carries_its_type_and_body() {
    let function = fixture().start().await.unwrap();
    match function.invoke(r#"{"do":"fail"}"#).await {
        Outcome::Error { error_type, body } => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errorMessage"], "told to fail");
            assert_eq!(body["errorType"], error_type);
        }
        other => panic!("{other}"),
    }
    assert!(
        function.invoke("{}").await.response().is_some(),
        "an error ends the invocation and not the function"
    );
}

#[tokio::test]
async fn a_process_that_exits_gives_its_status_then_and_later() {
    let function = fixture().start().await.unwrap();
    for event in [r#"{"do":"exit"}"#, "{}"] {
        match function.invoke(event).await {
            Outcome::Exited { status } => assert_eq!(status.code(), Some(7)),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn an_invocation_past_its_deadline_kills_the_function() {
    let function = fixture()
        .timeout(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let outcome = function.invoke(r#"{"do":"hang"}"#).await;
    assert!(matches!(outcome, Outcome::TimedOut), "{outcome}");
    assert!(!runs(function.pid()));
    match function.invoke("{}").await {
        Outcome::Exited { status } => assert_eq!(status.signal(), Some(9)),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_deadline_of_the_caller_wins_over_the_timeout() {
    let function = fixture().start().await.unwrap();
    let deadline = Some(Deadline::In(Duration::from_millis(100)));
    let invocation = Invocation {
        deadline,
        ..Invocation::default()
    };
    let outcome = function.invoke_with(r#"{"do":"hang"}"#, invocation).await;
    assert!(matches!(outcome, Outcome::TimedOut), "{outcome}");
}

#[tokio::test]
async fn what_lambda_says_about_an_event_reaches_the_function() {
    let function = fixture().start().await.unwrap();
    let invocation = Invocation {
        deadline: Some(Deadline::at_epoch_millis(600_000)),
        request_id: Some("8476a536-e9f4-11e8-9739-2dfe598c3fcd".into()),
        trace_id: Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".into()),
        client_context: Some(r#"{"client":{"installation_id":"i","app_title":"t","app_version_name":"n","app_version_code":"c","app_package_name":"p"},"custom":{"a":"b"},"env":{}}"#.into()),
        ..Invocation::default()
    };
    let told = json(
        &function
            .invoke_with(r#"{"do":"context"}"#, invocation)
            .await,
    );
    let expected = json!({
        "deadline": 600_000,
        "requestId": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "arn": "arn:aws:lambda:ap-northeast-1:123456789012:function:fixture",
        "trace": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
        "custom": { "a": "b" },
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn each_event_has_an_id_and_a_trace_of_its_own() {
    let function = fixture().start().await.unwrap();
    let first = json(&function.invoke(r#"{"do":"context"}"#).await);
    let second = json(&function.invoke(r#"{"do":"context"}"#).await);
    assert_ne!(first["requestId"], second["requestId"]);
    assert_ne!(first["trace"], second["trace"]);
    assert_eq!(first["requestId"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn five_megabytes_go_there_and_back() {
    let function = fixture().start().await.unwrap();
    let event = format!(r#""{}""#, "x".repeat(5_000_000));
    assert!(function.invoke(event.clone()).await.response().unwrap() == event.as_bytes());
}

#[tokio::test]
async fn an_event_over_six_megabytes_does_not_reach_the_function() {
    let function = fixture().start().await.unwrap();
    let event = "1".repeat(MAX_EVENT_BYTES + 1);
    match function.invoke(event).await {
        Outcome::Error { error_type, .. } => {
            assert_eq!(error_type, "RequestEntityTooLargeException")
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_response_over_six_megabytes_is_an_error() {
    let function = fixture().start().await.unwrap();
    match function
        .invoke(r#"{"do":"answer of","bytes":6300000}"#)
        .await
    {
        Outcome::Error { error_type, .. } => {
            assert_eq!(error_type, "Function.ResponseSizeTooLarge")
        }
        other => panic!("{other}"),
    }
    assert_eq!(
        function.invoke("{}").await.response().unwrap(),
        "{}",
        "the function saw the 413"
    );
}

#[tokio::test]
async fn a_body_over_six_megabytes_is_refused_with_413() {
    let function = fixture().start().await.unwrap();
    let head = "POST /2018-06-01/runtime/invocation/{id}/error HTTP/1.1\r\ncontent-length: 6300000";
    let event = json!({ "do": "request", "head": head, "bytes": 6_300_000 });
    assert_eq!(json(&function.invoke(event.to_string()).await), 413);
}

#[tokio::test]
async fn an_answer_to_an_unknown_request_is_refused_with_400() {
    for kind in ["response", "error"] {
        let head = format!(
            "POST /2018-06-01/runtime/invocation/no-such-id/{kind} HTTP/1.1\r\ncontent-length: 2"
        );
        let (outcome, _function) = status_of(&head, "{}").await;
        assert_eq!(json(&outcome), 400, "{kind}");
    }
}

#[tokio::test]
async fn an_answer_is_accepted_with_202_and_once() {
    let head = "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\ncontent-length: 5";
    let (outcome, function) = status_of(head, "first").await;
    assert_eq!(outcome.response().unwrap(), "first");
    assert_eq!(
        function.invoke("{}").await.response().unwrap(),
        "{}",
        "the second answer went nowhere"
    );
}

#[tokio::test]
async fn a_second_event_before_an_answer_is_refused_with_403() {
    let (outcome, _function) =
        status_of("GET /2018-06-01/runtime/invocation/next HTTP/1.1", "").await;
    assert_eq!(json(&outcome), 403);
}

#[tokio::test]
async fn an_initialisation_error_after_the_start_is_refused_with_403() {
    let head = "POST /2018-06-01/runtime/init/error HTTP/1.1\r\ncontent-length: 2";
    let (outcome, _function) = status_of(head, "{}").await;
    assert_eq!(json(&outcome), 403);
}

#[tokio::test]
async fn all_that_was_written_before_an_answer_is_there_with_it() {
    let function = fixture().start().await.unwrap();
    function.invoke(r#"{"do":"write","lines":20000}"#).await;
    let expected = |stream: &str| {
        (0..20_000)
            .map(|line| format!("{stream} {line}\n"))
            .collect::<String>()
    };
    assert!(function.stdout() == expected("out"));
    assert!(function.stderr() == expected("err"));
}

#[tokio::test]
async fn overlapping_calls_take_turns() {
    let function = fixture().start().await.unwrap();
    let (one, two, three) = tokio::join!(
        function.invoke("1"),
        function.invoke("2"),
        function.invoke("3")
    );
    assert_eq!(
        [json(&one), json(&two), json(&three)],
        [json!(1), json!(2), json!(3)]
    );
}

#[tokio::test]
async fn two_functions_at_once_do_not_meet() {
    let (one, two) = tokio::join!(fixture().start(), fixture().start());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.pid(), two.pid());
    for round in 0..50 {
        let (first, second) = (format!("[{round},1]"), format!("[{round},2]"));
        let (a, b) = tokio::join!(one.invoke(first.clone()), two.invoke(second.clone()));
        assert_eq!(a.response().unwrap(), first.as_bytes());
        assert_eq!(b.response().unwrap(), second.as_bytes());
    }
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_disturb_the_next() {
    let function = fixture().start().await.unwrap();
    let event = r#"{"do":"answer of","bytes":6000000}"#;
    let given_up = tokio::time::timeout(Duration::ZERO, function.invoke(event)).await;
    assert!(given_up.is_err());
    assert_eq!(function.invoke("[2]").await.response().unwrap(), "[2]");
}
