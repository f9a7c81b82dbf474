//! The function behind a URL, called by an HTTP client.

use std::sync::Arc;

use crate::common::{Pace, fixture};
use lambda_local::{Builder, Pool, Server};
use reqwest::{Client, Response};
use serde_json::{Value, json};

async fn url_of(function: Builder) -> Server {
    let pool = Arc::new(Pool::new(function, 1));
    pool.serve_function_url(0).await.unwrap()
}

async fn post(server: &Server, body: &Value) -> Response {
    let request = Client::new().post(server.url()).json(body);
    request.send().await.unwrap()
}

/// Has the function reply with this.
async fn reply(reply: Value) -> Response {
    let server = url_of(fixture()).await;
    post(&server, &json!({ "do": "reply", "reply": reply })).await
}

#[tokio::test]
async fn a_request_is_an_event_of_payload_format_2() {
    let server = url_of(fixture()).await;
    let request = Client::new()
        .put(format!("{}/a/path?x=1&x=2&y=%E6%97%A5", server.url()))
        .header("content-type", "text/plain; charset=utf-8")
        .header("cookie", "a=1; b=2")
        .header("x-several", "one")
        .header("x-several", "two")
        .header("user-agent", "tests")
        .body("日本");
    let event: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["rawPath"], "/a/path");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%E6%97%A5");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "日" })
    );
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-several"], "one,two");
    assert_eq!(event["body"], "日本");
    assert_eq!(event["isBase64Encoded"], false);
    let http = &event["requestContext"]["http"];
    assert_eq!(http["method"], "PUT");
    assert_eq!(http["path"], "/a/path");
    assert_eq!(http["protocol"], "HTTP/1.1");
    assert_eq!(http["userAgent"], "tests");
    assert!(event["requestContext"]["timeEpoch"].as_u64().unwrap() > 1_700_000_000_000);
}

#[tokio::test]
async fn a_body_that_is_no_text_goes_in_base64_and_none_is_absent() {
    let server = url_of(fixture()).await;
    let request = Client::new().post(server.url()).body(vec![0xff, 0x00]);
    let event: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );
    let event: Value = reqwest::get(server.url())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(event.get("body"), None);
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_reply_with_a_status_is_the_response() {
    let response = reply(json!({
        "statusCode": 418,
        "headers": { "content-type": "text/plain", "x-number": 7 },
        "cookies": ["a=1", "b=2"],
        "body": "aGk=",
        "isBase64Encoded": true,
    }))
    .await;
    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["x-number"], "7");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(response.text().await.unwrap(), "hi");
}

#[tokio::test]
async fn a_reply_without_a_status_is_the_body_of_a_200() {
    let response = reply(json!({ "a": 1 })).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.unwrap(), r#"{"a":1}"#);
}

#[tokio::test]
async fn a_function_that_fails_is_a_bad_gateway() {
    for event in [
        json!({ "do": "fail" }),
        json!({ "do": "exit" }),
        json!({ "do": "reply", "reply": { "statusCode": "no number" } }),
        json!({ "do": "reply", "reply": { "statusCode": 200, "headers": { "a b": "c" } } }),
    ] {
        let response = post(&url_of(fixture()).await, &event).await;
        assert_eq!(response.status(), 502, "{event}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            body,
            json!({ "Message": "Internal Server Error" }),
            "{event}"
        );
    }
    let response = post(&url_of(fixture().args(["init-error"])).await, &json!({})).await;
    assert_eq!(response.status(), 502);
}

#[tokio::test]
async fn a_streamed_reply_has_its_preludes_status_and_comes_chunk_by_chunk() {
    let mut pace = Pace::listen().await;
    let event = json!({
        "do": "stream",
        "status": 201,
        "contentType": "text/event-stream",
        "cookies": ["a=1"],
        "chunks": ["one ", "two ", "three"],
        "pace": pace.address(),
    });
    let server = url_of(fixture()).await;
    let mut response = post(&server, &event).await;
    // The status is there before the first chunk.
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["set-cookie"], "a=1");
    for expected in ["one ", "two ", "three"] {
        pace.step().await;
        assert_eq!(response.chunk().await.unwrap().unwrap(), expected);
    }
    assert_eq!(response.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn a_function_that_ends_amid_its_stream_cuts_the_response_off() {
    let mut pace = Pace::listen().await;
    let event =
        json!({ "do": "stream", "chunks": ["half"], "pace": pace.address(), "then": "exit" });
    let server = url_of(fixture()).await;
    let mut response = post(&server, &event).await;
    pace.step().await;
    assert_eq!(response.chunk().await.unwrap().unwrap(), "half");
    pace.step().await;
    assert!(response.chunk().await.is_err());
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_the_function_to_its_end() {
    let mut pace = Pace::listen().await;
    let event = json!({ "do": "stream", "chunks": ["one", "two"], "pace": pace.address() });
    let server = url_of(fixture()).await;
    let mut response = post(&server, &event).await;
    pace.step().await;
    response.chunk().await.unwrap();
    drop(response);
    pace.step().await;
    pace.closed().await;
}

#[tokio::test]
async fn more_requests_than_the_concurrency_are_429_and_a_large_one_is_413() {
    let mut pace = Pace::listen().await;
    let server = url_of(fixture()).await;
    let event = json!({ "do": "wait", "pace": pace.address() });
    let (first, second) = tokio::join!(post(&server, &event), async {
        pace.accept().await;
        let second = post(&server, &json!({})).await;
        pace.step().await;
        second
    });
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 429)
    );
    let large = "x".repeat(lambda_local::MAX_EVENT_BYTES);
    assert_eq!(post(&server, &json!(large)).await.status(), 413);
}
