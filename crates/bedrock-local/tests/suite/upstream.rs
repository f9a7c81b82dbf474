//! Answers from a server that speaks OpenAI's chat completions.

use crate::streams::{exception, open, seen_of};
use crate::support::{
    ConverseResult, NOVA, TITAN, client, converse, invoke, message, refusal, text,
};
use aws_sdk_bedrockruntime::types::{
    ConversationRole, InferenceConfiguration, StopReason, SystemContentBlock,
};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use bedrock_local::{BedrockLocal, ModelTable, Upstream};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server on loopback that gives every request the same answer.
struct Server {
    base: String,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    async fn start(status: u16, answer: String, delay: Duration) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let complete = move |Json(body): Json<Value>| async move {
            log.lock().unwrap().push(body);
            tokio::time::sleep(delay).await;
            (StatusCode::from_u16(status).unwrap(), answer)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(complete));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { base, received }
    }

    async fn completing(finish_reason: &str) -> Self {
        let choice = json!({"message": {"role": "assistant", "content": "Tokyo is in Japan."}, "finish_reason": finish_reason});
        let answer = json!({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}});
        Self::start(200, answer.to_string(), Duration::ZERO).await
    }

    async fn bedrock(&self) -> BedrockLocal {
        before(Upstream::new(&self.base, "llama").unwrap()).await
    }
}

async fn before(upstream: Upstream) -> BedrockLocal {
    let models = ModelTable::bundled().unwrap().with_active(TITAN);
    BedrockLocal::builder()
        .models(models)
        .upstream(upstream)
        .start()
        .await
        .unwrap()
}

fn assert_model_error(result: ConverseResult, reason: &str) {
    let (status, error_type, message) = refusal(result);
    assert_eq!((status, error_type.as_str()), (424, "ModelErrorException"));
    assert!(message.contains(reason), "{message}");
}

#[tokio::test]
async fn the_upstream_gets_the_whole_request_and_its_answer_goes_out() {
    let server = Server::completing("stop").await;
    let bedrock = server.bedrock().await;
    let inference = InferenceConfiguration::builder()
        .max_tokens(99)
        .temperature(0.5)
        .top_p(0.25)
        .stop_sequences("END")
        .build();
    let request = client(&bedrock)
        .converse()
        .model_id(NOVA)
        .inference_config(inference);
    let request = request.system(SystemContentBlock::Text("Be short.".to_owned()));
    let output = request
        .messages(message(ConversationRole::User, "Where is Tokyo?"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (text(&output), output.stop_reason()),
        ("Tokyo is in Japan.", &StopReason::EndTurn)
    );
    let usage = output.usage().unwrap();
    assert_eq!(
        (
            usage.input_tokens(),
            usage.output_tokens(),
            usage.total_tokens()
        ),
        (7, 5, 12)
    );
    let messages = json!([{"role": "system", "content": "Be short."}, {"role": "user", "content": "Where is Tokyo?"}]);
    let expected = json!({"model": "llama", "messages": messages, "max_tokens": 99, "temperature": 0.5, "top_p": 0.25, "stop": ["END"]});
    assert_eq!(*server.received.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn the_reason_for_the_end_is_translated() {
    for (reason, expected) in [
        ("length", StopReason::MaxTokens),
        ("content_filter", StopReason::ContentFiltered),
    ] {
        let bedrock = Server::completing(reason).await.bedrock().await;
        assert_eq!(
            converse(&client(&bedrock), NOVA, "Hello")
                .await
                .unwrap()
                .stop_reason(),
            &expected
        );
    }
}

#[tokio::test]
async fn titan_is_answered_by_the_upstream_too() {
    let bedrock = Server::completing("stop").await.bedrock().await;
    let output = invoke(
        &client(&bedrock),
        TITAN,
        r#"{"inputText":"Where is Tokyo?"}"#,
    )
    .await
    .unwrap();
    let answer: Value = serde_json::from_slice(output.body().as_ref()).unwrap();
    let result = json!({"tokenCount": 5, "outputText": "\nTokyo is in Japan.\n", "completionReason": "FINISH"});
    assert_eq!(
        answer,
        json!({"inputTextTokenCount": 7, "results": [result]})
    );
}

#[tokio::test]
async fn an_upstreams_failure_is_the_callers_and_never_the_stand_ins_answer() {
    let cases = [
        (500, "{}", "it answered 500"),
        (
            200,
            "secret, not JSON",
            "its answer is not a chat completion",
        ),
        (
            200,
            r#"{"choices":[]}"#,
            "its answer is not a chat completion",
        ),
        (
            200,
            r#"{"choices":[{"message":{"content":null},"finish_reason":"tool_calls"}]}"#,
            "does not know",
        ),
    ];
    for (status, answer, reason) in cases {
        let bedrock = Server::start(status, answer.to_owned(), Duration::ZERO)
            .await
            .bedrock()
            .await;
        assert_model_error(converse(&client(&bedrock), NOVA, "Hello").await, reason);
    }
}

#[tokio::test]
async fn the_upstreams_status_is_told() {
    let bedrock = Server::start(503, String::new(), Duration::ZERO)
        .await
        .bedrock()
        .await;
    let error = converse(&client(&bedrock), NOVA, "Hello")
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_bedrockruntime::operation::converse::ConverseError::ModelErrorException(error) =
        error
    else {
        panic!("{error:?}")
    };
    assert_eq!(error.original_status_code(), Some(503));
}

#[tokio::test]
async fn an_upstream_that_is_not_there_or_too_slow_is_named() {
    // A port that was free a moment ago and is closed again.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let bedrock = before(Upstream::new(&format!("http://{closed}/v1"), "llama").unwrap()).await;
    assert_model_error(
        converse(&client(&bedrock), NOVA, "Hello").await,
        "cannot be reached",
    );

    let slow = Server::start(200, String::new(), Duration::from_secs(3600)).await;
    let upstream = Upstream::new(&slow.base, "llama")
        .unwrap()
        .timeout(Duration::from_millis(50));
    let bedrock = before(upstream).await;
    assert_model_error(
        converse(&client(&bedrock), NOVA, "Hello").await,
        "did not answer within 50ms",
    );
}

#[test]
fn only_plain_http_can_be_an_upstream() {
    for base in ["https://localhost/v1", "localhost:11434", ""] {
        let message = Upstream::new(base, "llama").unwrap_err().to_string();
        assert!(message.contains("is not an http:// address"), "{message}");
    }
}

/// The server-sent events of a completion in two chunks, as llama.cpp and Ollama send them.
fn chunks(finish_reason: &str) -> String {
    let chunk = |delta: Value, reason: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": null});
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12});
    let events = [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "Tokyo is "}), Value::Null),
        chunk(json!({"content": "in 日本."}), Value::Null),
        chunk(json!({}), json!(finish_reason)),
        json!({"choices": [], "usage": usage}),
    ];
    let events = events.map(|event| format!("data: {event}\n\n"));
    format!(": a comment\n\n{}data: [DONE]\n\n", events.concat())
}

async fn streaming(events: String) -> Server {
    Server::start(200, events, Duration::ZERO).await
}

#[tokio::test]
async fn the_upstreams_stream_goes_out_delta_by_delta() {
    let server = streaming(chunks("length")).await;
    let bedrock = server.bedrock().await;
    let seen = seen_of(&bedrock, "Where is Tokyo?").await;
    assert_eq!(seen.deltas, ["Tokyo is ", "in 日本."]);
    assert_eq!(seen.stop, Some(StopReason::MaxTokens));
    let usage = seen.usage.unwrap();
    assert_eq!((usage.input_tokens(), usage.output_tokens()), (7, 5));
    let messages = json!([{"role": "user", "content": "Where is Tokyo?"}]);
    let expected = json!({"model": "llama", "messages": messages, "max_tokens": 64000, "stream": true, "stream_options": {"include_usage": true}});
    assert_eq!(*server.received.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn tokens_that_the_upstream_does_not_count_are_counted_by_the_stand_in() {
    let events = chunks("stop").replace("\"usage\":{", "\"other\":{");
    let bedrock = streaming(events).await.bedrock().await;
    let usage = seen_of(&bedrock, "Where is Tokyo?").await.usage.unwrap();
    assert_eq!((usage.input_tokens(), usage.output_tokens()), (4, 3 + 3));
}

#[tokio::test]
async fn an_upstream_that_fails_before_its_first_text_is_an_ordinary_error() {
    for (status, events, reason) in [
        (500, String::new(), "it answered 500"),
        (
            200,
            "data: secret\n\n".to_owned(),
            "is not a chat completion",
        ),
        (200, "{}".to_owned(), "the connection broke"),
        (
            200,
            chunks("tool_calls").replace("content", "other"),
            "does not know",
        ),
    ] {
        let bedrock = Server::start(status, events, Duration::ZERO)
            .await
            .bedrock()
            .await;
        let (status, error_type, message) = refusal(open(&client(&bedrock), NOVA, "Hello").await);
        assert_eq!((status, error_type.as_str()), (424, "ModelErrorException"));
        assert!(
            message.contains(reason) && !message.contains("secret"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_upstream_that_fails_after_text_ends_the_stream_with_an_exception() {
    let whole = chunks("stop");
    // The comment, the role and both texts.
    let cut: String = whole.split_inclusive("\n\n").take(4).collect();
    let secret = format!("{cut}data: secret\n\n");
    for (events, reason) in [
        (cut, "the connection broke"),
        (secret, "is not a chat completion"),
        (chunks("tool_calls"), "does not know"),
    ] {
        let bedrock = streaming(events).await.bedrock().await;
        let seen = seen_of(&bedrock, "Hello").await;
        assert_eq!(seen.text(), "Tokyo is in 日本.");
        let (name, message) = exception(&seen);
        assert_eq!(name, "ModelStreamErrorException");
        assert!(
            message.contains(reason) && !message.contains("secret"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn faults_apply_to_the_upstreams_stream() {
    let server = streaming(chunks("stop")).await;
    for (fault, deltas, stop) in [
        ("stream-error:ThrottlingException", 2, None),
        ("filtered", 2, Some(StopReason::ContentFiltered)),
        ("no-text", 0, Some(StopReason::EndTurn)),
    ] {
        let bedrock = BedrockLocal::builder()
            .upstream(Upstream::new(&server.base, "llama").unwrap())
            .default_faults([fault.parse().unwrap()]);
        let seen = seen_of(&bedrock.start().await.unwrap(), "Hello").await;
        assert_eq!((seen.deltas.len(), seen.stop), (deltas, stop), "{fault}");
    }
}

/// A server that sends its first text and then nothing until it is told to go on.
#[tokio::test]
async fn a_delta_goes_out_before_the_upstream_has_the_next_one() {
    let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = Arc::new(Mutex::new(Some(wait)));
    let complete = move || async move {
        let wait = wait.lock().unwrap().take().unwrap();
        let events = chunks("stop");
        let (first, rest) = events.split_at(events.find("in 日本").unwrap());
        let (first, rest) = (first.to_owned(), rest.to_owned());
        let body = futures_util::stream::iter([first]).chain(futures_util::stream::once(async {
            wait.await.unwrap();
            rest
        }));
        axum::body::Body::from_stream(body.map(Ok::<_, std::convert::Infallible>))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(complete));
    tokio::spawn(async { axum::serve(listener, router).await });
    let bedrock = before(Upstream::new(&base, "llama").unwrap()).await;
    let mut output = open(&client(&bedrock), NOVA, "Hello").await.unwrap();
    let mut next = async || output.stream.recv().await.unwrap().unwrap();
    assert!(next().await.is_message_start());
    assert!(next().await.is_content_block_delta());
    go_on.send(()).unwrap();
    assert!(next().await.is_content_block_delta());
    assert!(next().await.is_content_block_stop());
}
