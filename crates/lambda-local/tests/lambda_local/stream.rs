//! A response that the function streams.

use std::time::Duration;

use crate::common::{Pace, fixture, json};
use lambda_local::{Deadline, Function, Invocation, Outcome, ResponsePart};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle};

/// A streamed invocation on its way.
struct Streamed {
    parts: mpsc::Receiver<ResponsePart>,
    task: JoinHandle<(Outcome, Function)>,
}

impl Streamed {
    async fn start(event: &Value, invocation: Invocation) -> Self {
        let function = fixture().start().await.unwrap();
        let (sender, parts) = mpsc::channel(1);
        let event = event.to_string();
        let task = tokio::spawn(async move {
            let outcome = function
                .invoke_with_response_stream(event, invocation, sender)
                .await;
            (outcome, function)
        });
        Self { parts, task }
    }

    /// The next chunk as text; the headers before it and the prelude are passed over.
    async fn chunk(&mut self) -> Option<String> {
        loop {
            match self.parts.recv().await? {
                ResponsePart::Chunk(chunk) if chunk.starts_with(b"{\"statusCode\"") => {}
                ResponsePart::Chunk(chunk) if chunk[..] == [0; 8] => {}
                ResponsePart::Chunk(chunk) => {
                    return Some(String::from_utf8(chunk.to_vec()).unwrap());
                }
                ResponsePart::Headers(headers) => {
                    let content_type = &headers["content-type"];
                    assert_eq!(
                        content_type,
                        "application/vnd.awslambda.http-integration-response"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn each_chunk_is_there_before_the_function_sends_the_next() {
    let mut pace = Pace::listen().await;
    let event =
        json!({ "do": "stream", "chunks": ["one ", "two ", "three"], "pace": pace.address() });
    let mut streamed = Streamed::start(&event, Invocation::default()).await;
    for expected in ["one ", "two ", "three"] {
        pace.step().await;
        assert_eq!(streamed.chunk().await.unwrap(), expected);
    }
    assert_eq!(streamed.chunk().await, None);
    let (outcome, function) = streamed.task.await.unwrap();
    assert_eq!(outcome.response().unwrap(), "");
    assert_eq!(json(&function.invoke("[2]").await), json!([2]));
}

#[tokio::test]
async fn a_response_that_is_not_streamed_is_in_the_outcome_alone() {
    let mut streamed = Streamed::start(&json!([1]), Invocation::default()).await;
    assert_eq!(streamed.chunk().await, None);
    let (outcome, _function) = streamed.task.await.unwrap();
    assert_eq!(json(&outcome), json!([1]));
}

#[tokio::test]
async fn a_streamed_response_is_collected_for_who_wants_it_whole() {
    let function = fixture().start().await.unwrap();
    let event = r#"{"do":"stream","chunks":["one ","two ","three"]}"#;
    let outcome = function.invoke(event).await;
    assert!(
        outcome.response().unwrap().ends_with(b"one two three"),
        "{outcome}"
    );
}

#[tokio::test]
async fn a_reader_that_reads_nothing_holds_the_function_up() {
    let event = json!({ "do": "pour", "chunks": 800 });
    let function = fixture().start().await.unwrap();
    let (sender, mut parts) = mpsc::channel(1);
    let invoking =
        function.invoke_with_response_stream(event.to_string(), Invocation::default(), sender);
    let sent = || function.stdout().lines().count();
    let reading = async {
        assert!(matches!(parts.recv().await, Some(ResponsePart::Headers(_))));
        // It comes to a halt, which takes it no longer than sending what the sockets hold.
        let mut before = usize::MAX;
        while before != sent() {
            before = sent();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let held = sent();
        let mut bytes = 0;
        while let Some(part) = parts.recv().await {
            if let ResponsePart::Chunk(chunk) = part {
                bytes += chunk.len();
            }
        }
        (held, bytes)
    };
    let (outcome, (held, bytes)) = tokio::join!(invoking, reading);
    assert!(outcome.response().is_some(), "{outcome}");
    assert!(bytes > 800 * 65_536, "{bytes}");
    assert!(held < 400, "{held} of 800 chunks left with nobody reading");
    assert_eq!(sent(), 800);
}

#[tokio::test]
async fn a_reader_that_goes_away_does_not_end_the_function() {
    let mut pace = Pace::listen().await;
    let event = json!({ "do": "stream", "chunks": ["one", "two"], "pace": pace.address() });
    let mut streamed = Streamed::start(&event, Invocation::default()).await;
    pace.step().await;
    assert_eq!(streamed.chunk().await.unwrap(), "one");
    drop(streamed.parts);
    pace.step().await;
    let (outcome, function) = streamed.task.await.unwrap();
    assert!(outcome.response().is_some(), "{outcome}");
    assert_eq!(json(&function.invoke("[2]").await), json!([2]));
}

#[tokio::test]
async fn a_function_that_ends_amid_its_stream_gives_what_it_sent_and_its_status() {
    let mut pace = Pace::listen().await;
    let event =
        json!({ "do": "stream", "chunks": ["half"], "pace": pace.address(), "then": "exit" });
    let mut streamed = Streamed::start(&event, Invocation::default()).await;
    pace.step().await;
    assert_eq!(streamed.chunk().await.unwrap(), "half");
    pace.step().await;
    assert_eq!(streamed.chunk().await, None);
    match streamed.task.await.unwrap().0 {
        Outcome::Exited { status } => assert_eq!(status.code(), Some(7)),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_stream_past_its_deadline_kills_the_function() {
    let event = json!({ "do": "stream", "chunks": ["half"], "then": "hang" });
    let invocation = Invocation {
        deadline: Some(Deadline::In(Duration::from_secs(1))),
        ..Invocation::default()
    };
    let mut streamed = Streamed::start(&event, invocation).await;
    while streamed.chunk().await.is_some() {}
    let (outcome, function) = streamed.task.await.unwrap();
    assert!(matches!(outcome, Outcome::TimedOut), "{outcome}");
    assert!(!crate::common::runs(function.pid()));
}

#[tokio::test]
async fn a_stream_that_ends_in_an_error_is_an_error() {
    let head = "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\n\
        lambda-runtime-function-response-mode: streaming\r\n\
        transfer-encoding: chunked\r\n\
        trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body";
    let body = "4\r\nhalf\r\n0\r\n\
        Lambda-Runtime-Function-Error-Type: Stream.Broken\r\n\
        Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJicm9rZW4ifQ==\r\n\r\n";
    let function = fixture().start().await.unwrap();
    let event = json!({ "do": "request", "head": head, "body": body });
    match function.invoke(event.to_string()).await {
        Outcome::Error { error_type, body } => {
            assert_eq!(error_type, "Stream.Broken");
            assert_eq!(body, r#"{"errorMessage":"broken"}"#);
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_stream_whose_connection_breaks_is_truncated_where_the_function_lives_on() {
    let function = fixture().start().await.unwrap();
    // The length says more than there is.
    let head = "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\n\
        lambda-runtime-function-response-mode: streaming\r\ncontent-length: 10";
    let event = json!({ "do": "break off", "head": head, "body": "half" });
    match function.invoke(event.to_string()).await {
        Outcome::Error { error_type, .. } => assert_eq!(error_type, "Runtime.TruncatedHTTPRequest"),
        other => panic!("{other}"),
    }
}
