//! Events of Function URLs and API Gateway.

use bedrock_local::Answer;
use serde_json::{Value, json};

use super::stage::Stage;

fn function_url(body: Value) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/"}, "requestId": "of the gateway"},
        "body": body,
        "isBase64Encoded": false,
    })
}

fn api_gateway_v1(body: Value) -> Value {
    json!({
        "resource": "/ask",
        "httpMethod": "POST",
        "requestContext": {"stage": "prod", "requestId": "of the gateway"},
        "body": body,
        "isBase64Encoded": false,
    })
}

const HELLO: &str = concat!(
    r#"{"statusCode":200,"headers":{"content-type":"application/json; charset=utf-8"},"#,
    r#""body":"{\"text\":\"hello\"}"}"#
);

#[tokio::test]
async fn an_http_event_carries_the_same_object_as_its_body() {
    let stage = Stage::new().await;
    let body = json!({"prompt": "hi", "maxTokens": 7}).to_string();
    for event in [function_url(json!(body)), api_gateway_v1(json!(body))] {
        stage.bedrock.enqueue(Answer::converse_text("hello"));
        assert_eq!(stage.invoke(&event).await.raw, HELLO);
    }
    for sent in stage.sent() {
        assert_eq!(sent["inferenceConfig"]["maxTokens"], 7);
    }
}

#[tokio::test]
async fn a_body_in_base64_is_decoded() {
    let stage = Stage::new().await;
    stage.bedrock.enqueue(Answer::converse_text("hello"));
    // {"prompt":"日本"}
    let mut event = function_url(json!("eyJwcm9tcHQiOiLml6XmnKwifQ=="));
    event["isBase64Encoded"] = json!(true);
    assert_eq!(stage.invoke(&event).await.raw, HELLO);
    assert_eq!(stage.sent()[0]["messages"][0]["content"][0]["text"], "日本");
}

#[tokio::test]
async fn a_request_without_a_body_has_no_prompt() {
    let stage = Stage::new().await;
    for body in [Value::Null, json!(""), json!("{}")] {
        let reply = stage.invoke(&function_url(body)).await;
        assert_eq!(
            reply.raw,
            concat!(
                r#"{"statusCode":400,"headers":{"content-type":"application/json; charset=utf-8"},"#,
                r#""body":"{\"message\":\"No user prompt provided\"}"}"#
            )
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_in_a_sentence() {
    let stage = Stage::new().await;
    for (body, says) in [
        (json!("hello"), "The request's body is not valid JSON"),
        (
            json!("[1]"),
            "The request's body is an array, not an object.",
        ),
        (json!("7"), "The request's body is a number, not an object."),
        (
            json!("{\"prompt\":\"a"),
            "The request's body is not valid JSON",
        ),
        (json!({"prompt": "hi"}), "body is an object."),
    ] {
        let reply = stage.invoke(&function_url(body)).await;
        assert_eq!((reply.status, reply.code()), (400, "InvalidRequest"));
        assert!(reply.message().starts_with(says), "{}", reply.raw);
        assert!(reply.raw.contains("charset=utf-8"));
    }
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn base64_that_is_none_or_no_text_is_refused_in_a_sentence() {
    let stage = Stage::new().await;
    for (body, says) in [
        ("%%%", "marked as base64 and is not"),
        ("//8=", "not UTF-8"),
    ] {
        let mut event = function_url(json!(body));
        event["isBase64Encoded"] = json!(true);
        let reply = stage.invoke(&event).await;
        assert_eq!(reply.code(), "InvalidRequest");
        assert!(reply.message().contains(says), "{}", reply.raw);
    }
}

#[tokio::test]
async fn errors_of_http_events_have_the_header_too() {
    let stage = Stage::new().await;
    stage
        .bedrock
        .enqueue(Answer::error(403, "AccessDeniedException", "no"));
    let reply = stage
        .invoke(&function_url(json!(r#"{"prompt":"hi"}"#)))
        .await;
    assert_eq!(reply.status, 403);
    assert!(reply.raw.contains("application/json; charset=utf-8"));
}

#[tokio::test]
async fn a_direct_event_with_a_key_of_http_events_stays_direct() {
    let stage = Stage::new().await;
    for (key, value) in [
        ("requestContext", json!({"mine": 1})),
        ("requestContext", json!("mine")),
        ("httpMethod", json!("POST")),
        ("body", json!("mine")),
    ] {
        stage.bedrock.enqueue(Answer::converse_text("hello"));
        let reply = stage.invoke(&json!({"prompt": "hi", key: value})).await;
        assert_eq!(
            reply.raw,
            r#"{"statusCode":200,"body":"{\"text\":\"hello\"}"}"#
        );
    }
}
