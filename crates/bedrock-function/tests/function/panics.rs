//! A panic in the handler, in a function around a model that panics on demand.

use std::path::Path;

use lambda_local::Function;

use super::stage::{MODEL, text};

/// Cargo builds examples along with the tests, beside the binary.
async fn panicking() -> Function {
    let program = Path::new(env!("CARGO_BIN_EXE_bedrock-function"))
        .with_file_name("examples")
        .join("panicking");
    assert!(
        program.exists(),
        "{} is missing: `cargo test -p bedrock-function` builds it, a test target alone does not",
        program.display()
    );
    Function::builder(program)
        .env("BEDROCK_MODEL_IDS", MODEL)
        .env("BEDROCK_STREAM", "1")
        .start()
        .await
        .unwrap()
}

async fn invoke(function: &Function, payload: &'static str) -> String {
    let outcome = function.invoke(payload).await;
    text(&outcome)
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_process_serves_on() {
    let function = panicking().await;
    for _ in 0..3 {
        let reply = invoke(&function, r#"{"prompt":"panic now"}"#).await;
        assert!(reply.starts_with(r#"{"statusCode":500,"body":"{\"message\":\"An error occurred\",\"code\":\"InternalError\""#), "{reply}");
        let reply = invoke(&function, r#"{"prompt":"go on"}"#).await;
        assert_eq!(reply, r#"{"statusCode":200,"body":"{\"text\":\"go on\"}"}"#);
    }
}

#[tokio::test]
async fn a_panic_on_an_http_event_is_answered_as_http() {
    let function = panicking().await;
    let event = r#"{"requestContext":{"http":{}},"body":"{\"prompt\":\"panic now\"}"}"#;
    let reply = invoke(&function, event).await;
    assert!(
        reply.starts_with(r#"{"statusCode":500,"headers":{"content-type":"#),
        "{reply}"
    );
}

#[tokio::test]
async fn a_panic_in_a_task_is_answered_as_a_task() {
    let function = panicking().await;
    let reply = invoke(
        &function,
        r#"{"task":{"id":7,"prompt":"panic now over my secret"}}"#,
    )
    .await;
    assert!(
        reply.starts_with(r#"{"id":7,"statusCode":500,"message":"An error occurred","code":"InternalError","requestId":"#),
        "{reply}"
    );
    assert!(!reply.contains("my secret"), "{reply}");
    let reply = invoke(&function, r#"{"task":{"prompt":"go on"}}"#).await;
    assert!(
        reply.starts_with(r#"{"statusCode":200,"text":"go on","#),
        "{reply}"
    );
}

#[tokio::test]
async fn a_panic_is_logged_by_its_place_and_without_its_message() {
    let function = panicking().await;
    invoke(&function, r#"{"prompt":"panic now over my secret"}"#).await;
    let log = function.stdout() + &function.stderr();
    assert!(log.contains("panicking.rs:"), "{log}");
    assert!(log.contains("InternalError"), "{log}");
    assert!(!log.contains("my secret"), "{log}");
}

#[tokio::test]
async fn a_panic_in_the_middle_of_an_answer_is_an_error_event_and_the_process_serves_on() {
    let function = panicking().await;
    let events = invoke(&function, r#"{"prompt":"panic later","stream":true}"#).await;
    assert!(events.contains("event: text\ndata: {\"text\":\"some text\"}\n\nevent: error\ndata: {\"message\":\"An error occurred\",\"code\":\"InternalError\""), "{events}");
    let whole = invoke(&function, r#"{"prompt":"panic later"}"#).await;
    assert!(whole.starts_with(r#"{"statusCode":500"#), "{whole}");
    let reply = invoke(&function, r#"{"prompt":"go on"}"#).await;
    assert_eq!(reply, r#"{"statusCode":200,"body":"{\"text\":\"go on\"}"}"#);
    let log = function.stdout();
    assert!(
        !log.contains("some text") && !log.contains("panic later"),
        "{log}"
    );
}
