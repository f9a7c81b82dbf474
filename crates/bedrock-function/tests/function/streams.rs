//! Streamed answers: Server-Sent Events, as Bedrock's deltas arrive.

use std::time::Duration;

use bedrock_local::{Answer, EventStream};
use bytes::Bytes;
use lambda_local::{Builder, Deadline, Invocation, Outcome, ResponsePart};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use super::stage::{MODEL, REQUEST_ID, Stage, TITAN, all, text};

const SECOND: Duration = Duration::from_secs(1);

/// A function that is deployed to stream.
async fn stage() -> Stage {
    Stage::with(streaming).await
}

fn streaming(program: Builder) -> Builder {
    program.env("BEDROCK_STREAM", "1")
}

/// A streamed response, as a Function URL takes it apart.
#[derive(Debug)]
struct Streamed {
    status: u64,
    content_type: String,
    body: String,
}

/// One Server-Sent Event.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    data: Value,
}

impl Streamed {
    fn parse(payload: &[u8]) -> Self {
        let end = payload
            .windows(8)
            .position(|bytes| bytes == [0; 8])
            .unwrap();
        let prelude: Value = serde_json::from_slice(&payload[..end]).unwrap();
        Self {
            status: prelude["statusCode"].as_u64().unwrap(),
            content_type: prelude["headers"]["content-type"]
                .as_str()
                .unwrap()
                .to_owned(),
            body: String::from_utf8(payload[end + 8..].to_vec()).unwrap(),
        }
    }

    fn events(&self) -> Vec<Event> {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.content_type, "text/event-stream; charset=utf-8");
        let events = self.body.strip_suffix("\n\n").unwrap().split("\n\n");
        events.map(event).collect()
    }
}

fn event(text: &str) -> Event {
    let (name, data) = text.split_once('\n').unwrap();
    Event {
        name: name.strip_prefix("event: ").unwrap().to_owned(),
        data: serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
    }
}

/// The texts of the events before the last one, and the last one.
fn texts_and_last(mut events: Vec<Event>) -> (String, Event) {
    let last = events.pop().unwrap();
    let texts = events.iter().map(|event| {
        assert_eq!(event.name, "text");
        event.data["text"].as_str().unwrap()
    });
    (texts.collect(), last)
}

async fn outcome(stage: &Stage, event: &Value) -> Outcome {
    stage.outcome(event.to_string()).await
}

async fn streamed(stage: &Stage, answer: EventStream) -> (String, Event) {
    stage.bedrock.enqueue(Answer::stream(answer));
    let outcome = outcome(stage, &json!({"prompt": "hi", "stream": true})).await;
    texts_and_last(Streamed::parse(outcome.response().unwrap()).events())
}

fn last_line(stage: &Stage) -> Value {
    serde_json::from_str(stage.function.stdout().lines().last().unwrap()).unwrap()
}

/// Proves that the process has taken no harm.
async fn assert_streams_on(stage: &Stage) {
    let (text, last) = streamed(stage, EventStream::of_deltas(["still ", "here"])).await;
    assert_eq!((text.as_str(), last.name.as_str()), ("still here", "done"));
}

#[tokio::test]
async fn each_delta_is_an_event_and_the_end_says_what_it_took() {
    let stage = stage().await;
    let deltas = ["東京", "は、\n", "\"quoted\" ", "\u{1f43f}"];
    stage
        .bedrock
        .enqueue(Answer::stream(EventStream::of_deltas(deltas)));
    let outcome = outcome(&stage, &json!({"prompt": "hi", "stream": true})).await;
    let mut events = Streamed::parse(outcome.response().unwrap()).events();
    let done = events.pop().unwrap();
    let texts: Vec<_> = events.iter().map(|event| &event.data["text"]).collect();
    assert_eq!(texts, deltas);
    assert_eq!(done.name, "done");
    assert_eq!(done.data["stopReason"], "end_turn");
    assert_eq!(done.data["model"], MODEL);
    assert_eq!(
        done.data["usage"],
        json!({"inputTokens": 10, "outputTokens": 4})
    );
    assert!(done.data["costUsd"].is_f64() && done.data["latencyMs"].is_u64());
    assert!(done.data["firstTextMs"].is_u64());

    let line = last_line(&stage);
    assert_eq!(
        (&line["outcome"], &line["attempts"]),
        (&json!("Answered"), &json!(1))
    );
    assert_eq!(line["outputTokens"], 4);
    assert!(
        line["firstTextMs"].is_u64() && line["costUsd"].is_f64(),
        "{line}"
    );
}

#[tokio::test]
async fn a_delta_is_passed_on_at_once_and_at_the_deadline_the_text_so_far_stands() {
    let stage = Stage::with(|program| streaming(program).timeout(3 * SECOND)).await;
    stage.bedrock.enqueue(Answer::stream(
        EventStream::default()
            .message_start()
            .delta("first")
            .stall(),
    ));
    let (parts, mut received) = mpsc::channel(1);
    let event = json!({"prompt": "hi!!", "stream": true}).to_string();
    let invocation =
        stage
            .function
            .invoke_with_response_stream(event, Invocation::default(), parts);
    let reader = async {
        let mut chunks: Vec<Bytes> = Vec::new();
        while let Some(part) = received.recv().await {
            if let ResponsePart::Chunk(chunk) = part {
                // Nothing more comes of Bedrock: what is here now was not held back.
                chunks.push(chunk);
            }
        }
        chunks
    };
    let (_, chunks) = tokio::join!(invocation, reader);
    // Prelude, eight NULs, the text, the end: each a chunk of its own.
    assert_eq!(chunks.len(), 4, "{chunks:?}");
    assert_eq!(chunks[2], "event: text\ndata: {\"text\":\"first\"}\n\n");
    let done = event_of(&chunks[3]);
    assert_eq!(done.data["stopReason"], "deadline_exceeded");
    assert_eq!(
        done.data["usage"],
        json!({"inputTokens": 1, "outputTokens": 2, "estimatedTokens": true})
    );
    let line = last_line(&stage);
    assert_eq!(line["stopReason"], "deadline_exceeded");
    assert_eq!(line["estimatedTokens"], true);
    assert!(line["costUsd"].is_f64(), "{line}");
    assert_streams_on(&stage).await;
}

fn event_of(chunk: &Bytes) -> Event {
    event(std::str::from_utf8(chunk).unwrap().trim_end())
}

#[tokio::test]
async fn what_fails_before_the_first_text_is_an_ordinary_reply() {
    let first = |exception: &str| {
        let stream = EventStream::default().message_start();
        Answer::stream(stream.exception(exception, "no"))
    };
    let mut checks = JoinSet::new();
    for (answer, status, code) in [
        (
            Answer::error(403, "AccessDeniedException", "no"),
            403,
            "AccessDeniedException",
        ),
        (first("throttlingException"), 429, "ThrottlingException"),
        (first("validationException"), 400, "ValidationException"),
        (
            first("modelStreamErrorException"),
            502,
            "ModelStreamErrorException",
        ),
        (
            first("serviceUnavailableException"),
            503,
            "ServiceUnavailableException",
        ),
        (
            first("internalServerException"),
            503,
            "InternalServerException",
        ),
        (
            Answer::stream(EventStream::default().message_start().stall()),
            504,
            "DeadlineExceeded",
        ),
        (
            Answer::stream(EventStream::default().message_start()),
            503,
            "ConnectionFailed",
        ),
        (
            Answer::stream(EventStream::default().message_start().corrupt_delta("x")),
            500,
            "InternalError",
        ),
    ] {
        checks.spawn(async move {
            let stage = Stage::with(|program| streaming(program).timeout(4 * SECOND)).await;
            stage.bedrock.always(answer);
            let reply = stage.invoke(&json!({"prompt": "hi", "stream": true})).await;
            assert_eq!(
                (reply.status, reply.code()),
                (status, code),
                "{}",
                reply.raw
            );
            assert_eq!(stage.bedrock.requests().len(), 1, "{code}");
        });
    }
    all(checks).await;
}

#[tokio::test]
async fn an_answer_without_text_is_the_walkthroughs_refusal() {
    let stage = stage().await;
    let empty = EventStream::default()
        .message_start()
        .message_stop("content_filtered");
    stage.bedrock.enqueue(Answer::stream(empty.metadata(3, 0)));
    let reply = stage.invoke(&json!({"prompt": "hi", "stream": true})).await;
    assert_eq!(
        reply.body,
        json!({"message": "Invalid response structure", "stopReason": "content_filtered"})
    );
    assert_eq!(last_line(&stage)["inputTokens"], 3);
}

#[tokio::test]
async fn what_fails_after_the_first_text_is_one_error_event_and_is_never_asked_again() {
    let begun = || EventStream::default().message_start().delta("a").delta("b");
    let mut checks = JoinSet::new();
    for (name, answer, code) in [
        (
            "exception",
            begun().exception("throttlingException", "no"),
            "ThrottlingException",
        ),
        (
            "model",
            begun().exception("modelStreamErrorException", "no"),
            "ModelStreamErrorException",
        ),
        (
            "after the last text",
            begun()
                .message_stop("end_turn")
                .exception("internalServerException", "no"),
            "InternalServerException",
        ),
        ("reset", begun().reset(), "ConnectionFailed"),
        ("closed", begun().hang_up(), "ConnectionFailed"),
        ("no messageStop", begun(), "ConnectionFailed"),
        ("checksum", begun().corrupt_delta("c"), "InternalError"),
    ] {
        checks.spawn(async move {
            let stage = stage().await;
            let (text, last) = streamed(&stage, answer).await;
            assert_eq!(
                (text.as_str(), last.name.as_str()),
                ("ab", "error"),
                "{name}"
            );
            assert_eq!(last.data["code"], code, "{name}");
            assert_eq!(last.data["requestId"], REQUEST_ID);
            assert!(last.data["message"].as_str().unwrap().len() > 10);
            assert_eq!(stage.bedrock.requests().len(), 1, "{name}");
            // What was generated is billed, and counts.
            let line = last_line(&stage);
            assert_eq!(line["outcome"], code, "{name}");
            assert!(
                line["costUsd"].is_f64() && line["estimatedTokens"] == true,
                "{line}"
            );
            assert_streams_on(&stage).await;
        });
    }
    all(checks).await;
}

#[tokio::test]
async fn tokens_are_estimated_where_bedrock_never_counted_them() {
    let stage = stage().await;
    let answer = EventStream::default().message_start().delta("four");
    let (text, done) = streamed(&stage, answer.message_stop("end_turn")).await;
    assert_eq!(text, "four");
    assert_eq!(
        done.data["usage"],
        json!({"inputTokens": 1, "outputTokens": 1, "estimatedTokens": true})
    );
}

#[tokio::test]
async fn empty_deltas_are_no_events() {
    let stage = stage().await;
    let deltas = std::iter::repeat_n("", 10_000).chain(["text"]);
    let (text, done) = streamed(&stage, EventStream::of_deltas(deltas)).await;
    assert_eq!((text.as_str(), done.name.as_str()), ("text", "done"));
}

#[tokio::test]
async fn titan_is_answered_whole_in_the_same_form() {
    let stage = stage().await;
    stage.bedrock.enqueue(Answer::titan_text("\nall at once"));
    let event = json!({"prompt": "hi", "stream": true, "modelId": TITAN});
    let outcome = outcome(&stage, &event).await;
    let events = Streamed::parse(outcome.response().unwrap()).events();
    let (text, done) = texts_and_last(events);
    assert_eq!(
        (text.as_str(), done.name.as_str()),
        ("\nall at once", "done")
    );
    assert!(stage.bedrock.requests()[0].path.ends_with("/invoke"));
}

#[tokio::test]
async fn a_whole_answer_is_the_collected_stream() {
    let stage = Stage::with(|program| streaming(program).timeout(3 * SECOND)).await;
    stage
        .bedrock
        .enqueue(Answer::stream(EventStream::of_deltas(["a", "b"])));
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(
        reply.raw,
        r#"{"statusCode":200,"body":"{\"text\":\"ab\"}"}"#
    );

    let cut = EventStream::default()
        .message_start()
        .delta("so far")
        .stall();
    stage.bedrock.enqueue(Answer::stream(cut));
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(
        (reply.status, reply.body),
        (
            200,
            json!({"text": "so far", "stopReason": "deadline_exceeded"})
        )
    );
}

#[tokio::test]
async fn a_function_that_was_not_deployed_to_stream_says_what_to_deploy() {
    let stage = Stage::new().await;
    for event in [
        json!({"prompt": "hi", "stream": true}),
        http("text/event-stream", &json!({"prompt": "hi"})),
    ] {
        let reply = stage.invoke(&event).await;
        assert_eq!((reply.status, reply.code()), (400, "InvalidRequest"));
        assert!(reply.message().contains("STREAM=1"), "{}", reply.raw);
    }
    assert!(stage.bedrock.requests().is_empty());
    let reply = stage.invoke_answered(Answer::converse_text("whole")).await;
    assert_eq!(reply.body["text"], "whole");
}

#[tokio::test]
async fn stream_is_a_boolean() {
    let stage = stage().await;
    let reply = stage
        .invoke(&json!({"prompt": "hi", "stream": "yes"}))
        .await;
    assert_eq!(reply.message(), "stream is a string. Send true or false.");
}

fn http(accept: &str, body: &Value) -> Value {
    json!({
        "requestContext": {"http": {}},
        "headers": {"accept": accept},
        "body": body.to_string(),
    })
}

#[tokio::test]
async fn an_http_request_that_accepts_events_gets_them_unless_its_body_says_otherwise() {
    let stage = stage().await;
    for (accept, body, streams) in [
        ("text/event-stream", json!({"prompt": "hi"}), true),
        (
            "text/html, Text/Event-Stream;q=0.5",
            json!({"prompt": "hi"}),
            true,
        ),
        (
            "text/event-stream",
            json!({"prompt": "hi", "stream": false}),
            false,
        ),
        ("text/event-streams", json!({"prompt": "hi"}), false),
        ("*/*", json!({"prompt": "hi"}), false),
    ] {
        stage
            .bedrock
            .enqueue(Answer::stream(EventStream::of_deltas(["x"])));
        let outcome = outcome(&stage, &http(accept, &body)).await;
        let payload = text(&outcome);
        assert_eq!(
            payload.contains("event: done"),
            streams,
            "{accept} {body}: {payload}"
        );
    }
}

#[tokio::test]
async fn a_function_url_that_streams_gets_whole_replies_by_the_prelude_too() {
    let stage = stage().await;
    let event = |body: Value| {
        json!({
            "requestContext": {"http": {}, "domainName": "abc.lambda-url.ap-northeast-1.on.aws"},
            "body": body.to_string(),
        })
    };
    stage
        .bedrock
        .enqueue(Answer::stream(EventStream::of_deltas(["x"])));
    let whole = outcome(&stage, &event(json!({"prompt": "hi"}))).await;
    let whole = Streamed::parse(whole.response().unwrap());
    assert_eq!(
        (whole.status, whole.body.as_str()),
        (200, r#"{"text":"x"}"#)
    );
    assert_eq!(whole.content_type, "application/json; charset=utf-8");

    stage
        .bedrock
        .enqueue(Answer::error(403, "AccessDeniedException", "no"));
    let refused = outcome(&stage, &event(json!({"prompt": "hi", "stream": true}))).await;
    let refused = Streamed::parse(refused.response().unwrap());
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.contains("AccessDeniedException"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn no_text_of_a_stream_is_in_the_log() {
    let stage = Stage::with(|p| streaming(p).env("AWS_LAMBDA_LOG_LEVEL", "TRACE")).await;
    let broken = EventStream::default()
        .message_start()
        .delta("the answer")
        .exception("throttlingException", "of the answer");
    streamed(&stage, broken).await;
    streamed(&stage, EventStream::of_deltas(["the answer"])).await;
    let log = stage.function.stdout() + &stage.function.stderr();
    assert!(!log.contains("the answer"), "{log}");
}

fn with_schema(model: &str) -> Value {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": false,
    });
    json!({"prompt": "hi", "stream": true, "modelId": model, "schema": schema})
}

const NATIVE: &str = "jp.anthropic.claude-haiku-4-5-20251001-v1:0";

async fn stage_with_native() -> Stage {
    let ids = format!("{MODEL},{NATIVE}");
    Stage::with(|program| streaming(program).env("BEDROCK_MODEL_IDS", ids)).await
}

#[tokio::test]
async fn the_json_of_a_schema_arrives_as_text_and_whole_at_the_end() {
    let stage = stage_with_native().await;
    for (model, stop_reason) in [(MODEL, "tool_use"), (NATIVE, "end_turn")] {
        let outcome = outcome(&stage, &with_schema(model)).await;
        let events = Streamed::parse(outcome.response().unwrap()).events();
        assert!(events.len() > 3, "{events:?}");
        let (text, done) = texts_and_last(events);
        assert_eq!(text, r#"{"city":"city"}"#, "{model}");
        assert_eq!(done.name, "done");
        assert_eq!(done.data["json"], json!({"city": "city"}), "{model}");
        assert_eq!(done.data["stopReason"], stop_reason);
    }
    let sent = stage.sent();
    assert_eq!(
        sent[0]["toolConfig"]["toolChoice"]["tool"]["name"],
        "answer"
    );
    assert_eq!(sent[1]["outputConfig"]["textFormat"]["type"], "json_schema");
}

#[tokio::test]
async fn json_with_line_breaks_is_one_line_of_the_last_event() {
    let stage = stage_with_native().await;
    let deltas = ["{\n  \"city\":", " \"a b\"\n}\n"];
    stage
        .bedrock
        .enqueue(Answer::stream(EventStream::of_deltas(deltas)));
    let outcome = outcome(&stage, &with_schema(NATIVE)).await;
    let streamed = Streamed::parse(outcome.response().unwrap());
    let (text, done) = texts_and_last(streamed.events());
    assert_eq!(text, deltas.concat());
    assert_eq!(done.data["json"], json!({"city": "a b"}));
    assert!(
        streamed.body.contains(r#""json":{"city":"a b"}"#),
        "{}",
        streamed.body
    );
}

#[tokio::test]
async fn an_answer_that_misses_its_schema_ends_in_an_error_and_no_call_follows() {
    let stage = stage_with_native().await;
    let broken = [
        (
            vec!["{\"city\":", "\"SECRET\",\"b\":1}"],
            "does not satisfy",
        ),
        (vec!["no ", "JSON"], "is not JSON"),
    ];
    for (deltas, says) in broken {
        stage
            .bedrock
            .enqueue(Answer::stream(EventStream::of_deltas(deltas)));
        let outcome = outcome(&stage, &with_schema(NATIVE)).await;
        let events = Streamed::parse(outcome.response().unwrap()).events();
        let (_, error) = texts_and_last(events);
        assert_eq!(
            (error.name.as_str(), &error.data["code"]),
            ("error", &json!("SchemaNotSatisfied"))
        );
        let message = error.data["message"].as_str().unwrap();
        assert!(
            message.contains(says) && !message.contains("SECRET"),
            "{message}"
        );
        let line = last_line(&stage);
        assert_eq!(line["outcome"], "SchemaNotSatisfied");
        assert!(line["costUsd"].is_f64(), "{line}");
    }
    let cut = EventStream::default().message_start().delta("{\"city\":");
    stage.bedrock.enqueue(Answer::stream(
        cut.message_stop("max_tokens").metadata(10, 3),
    ));
    let outcome = outcome(&stage, &with_schema(NATIVE)).await;
    let events = Streamed::parse(outcome.response().unwrap()).events();
    let (_, error) = texts_and_last(events);
    assert_eq!(error.data["stopReason"], "max_tokens");
    assert_eq!(stage.bedrock.requests().len(), 3);
}

#[tokio::test]
async fn a_stream_without_the_call_of_the_tool_is_no_json() {
    let stage = stage_with_native().await;
    stage
        .bedrock
        .enqueue(Answer::stream(EventStream::of_deltas(["I ", "will not."])));
    let outcome = outcome(&stage, &with_schema(MODEL)).await;
    let text = text(&outcome);
    assert!(
        text.contains("SchemaNotSatisfied") && !text.contains("will not"),
        "{text}"
    );
}

#[tokio::test]
async fn of_two_calls_of_the_tool_the_first_is_the_answer() {
    let stage = stage_with_native().await;
    let piece = |block: u32, input: &str| json!({"contentBlockIndex": block, "delta": {"toolUse": {"input": input}}});
    let stream = EventStream::default()
        .message_start()
        .event("contentBlockDelta", piece(0, "{\"city\":"))
        .event("contentBlockDelta", piece(0, "\"a\"}"))
        .event("contentBlockDelta", piece(1, "{\"city\":\"b\"}"))
        .message_stop("tool_use")
        .metadata(10, 3);
    stage.bedrock.enqueue(Answer::stream(stream));
    let outcome = outcome(&stage, &with_schema(MODEL)).await;
    let (text, done) = texts_and_last(Streamed::parse(outcome.response().unwrap()).events());
    assert_eq!(text, r#"{"city":"a"}"#);
    assert_eq!(done.data["json"], json!({"city": "a"}));
}

#[tokio::test]
async fn json_that_the_deadline_cuts_is_a_deadline_that_was_exceeded() {
    let stage = stage_with_native().await;
    let cut = EventStream::default()
        .message_start()
        .delta("{\"city\":")
        .stall();
    stage.bedrock.enqueue(Answer::stream(cut));
    let mut event = with_schema(NATIVE);
    event["stream"] = json!(false);
    let reply = stage.invoke_until(Deadline::In(2 * SECOND), &event).await;
    assert_eq!((reply.status, reply.code()), (504, "DeadlineExceeded"));
}

#[tokio::test]
async fn a_stream_is_not_asked_for_again() {
    let stage = stage_with_native().await;
    let mut event = with_schema(MODEL);
    event["schemaRetries"] = json!(1);
    let outcome = outcome(&stage, &event).await;
    let text = text(&outcome);
    assert!(
        text.contains("schemaRetries does not go with a streamed answer"),
        "{text}"
    );
    assert!(stage.bedrock.requests().is_empty());
}

#[tokio::test]
async fn a_function_that_may_stream_checks_a_whole_answer_too() {
    let stage = stage_with_native().await;
    let mut event = with_schema(MODEL);
    event["stream"] = json!(false);
    let reply = stage.invoke(&event).await;
    assert_eq!(reply.body["json"], json!({"city": "city"}));
    assert_eq!(reply.body["text"], r#"{"city":"city"}"#);
}
