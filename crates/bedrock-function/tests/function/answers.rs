//! Answers of a model, and what the caller gets of them.

use bedrock_local::{Answer, Operation};
use serde_json::{Value, json};

use super::stage::{MODEL, Stage, TITAN};

fn converse(content: Value, stop_reason: &str) -> Answer {
    Answer::json(
        200,
        &json!({
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": stop_reason,
            "usage": {"inputTokens": 1000, "outputTokens": 100, "totalTokens": 1100},
            "metrics": {"latencyMs": 7},
        }),
    )
}

fn reasoning(text: &str) -> Value {
    json!({"reasoningContent": {"reasoningText": {"text": text}}})
}

#[tokio::test]
async fn a_prompt_is_answered_by_converse_with_the_walkthroughs_defaults() {
    let stage = Stage::new().await;
    let reply = stage.invoke_answered(Answer::converse_text("hello")).await;
    assert_eq!(
        reply.raw,
        r#"{"statusCode":200,"body":"{\"text\":\"hello\"}"}"#
    );

    let requests = stage.bedrock.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].operation, Operation::Converse);
    assert_eq!(requests[0].model_id, MODEL);
    assert_eq!(
        stage.sent()[0],
        json!({
            "messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "inferenceConfig": {"maxTokens": 4096, "temperature": 0.0},
        })
    );
}

#[tokio::test]
async fn text_blocks_are_taken_by_type_and_joined() {
    let stage = Stage::new().await;
    let content =
        json!([reasoning("let me think"), {"text": "one "}, reasoning("more"), {"text": "two"}]);
    let reply = stage.invoke_answered(converse(content, "end_turn")).await;
    assert_eq!(reply.body, json!({"text": "one two"}));
}

#[tokio::test]
async fn a_block_of_a_kind_that_is_not_known_yet_does_no_harm() {
    let stage = Stage::new().await;
    let content = json!([{"novelty": {"of": "2027"}}, {"text": "hello"}]);
    let reply = stage.invoke_answered(converse(content, "end_turn")).await;
    assert_eq!(reply.body, json!({"text": "hello"}));
}

#[tokio::test]
async fn an_answer_without_text_is_an_invalid_response_structure() {
    let stage = Stage::new().await;
    for content in [json!([]), json!([reasoning("hm")]), json!([{"text": ""}])] {
        let reply = stage.invoke_answered(converse(content, "end_turn")).await;
        assert_eq!(
            reply.raw,
            r#"{"statusCode":500,"body":"{\"message\":\"Invalid response structure\"}"}"#
        );
    }
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn an_answer_that_was_cut_or_filtered_says_so() {
    let stage = Stage::new().await;
    for reason in [
        "max_tokens",
        "content_filtered",
        "guardrail_intervened",
        "reason_of_2027",
    ] {
        let reply = stage
            .invoke_answered(converse(json!([{"text": "half an ans"}]), reason))
            .await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.body,
            json!({"text": "half an ans", "stopReason": reason})
        );
    }
}

#[tokio::test]
async fn an_answer_filtered_to_nothing_says_so() {
    let stage = Stage::new().await;
    let reply = stage
        .invoke_answered(converse(json!([]), "content_filtered"))
        .await;
    assert_eq!(reply.status, 500);
    assert_eq!(
        reply.body,
        json!({"message": "Invalid response structure", "stopReason": "content_filtered"})
    );
}

#[tokio::test]
async fn a_filtered_answer_of_titan_says_so() {
    let stage = Stage::with(|program| program.env("BEDROCK_MODEL_IDS", TITAN)).await;
    let result =
        json!({"tokenCount": 2, "outputText": "sorry", "completionReason": "CONTENT_FILTERED"});
    let answer = Answer::json(200, &json!({"inputTextTokenCount": 1, "results": [result]}));
    let reply = stage.invoke_answered(answer).await;
    assert_eq!(
        reply.body,
        json!({"text": "sorry", "stopReason": "CONTENT_FILTERED"})
    );
}

#[tokio::test]
async fn usage_tells_model_reason_tokens_price_and_time() {
    let stage = Stage::new().await;
    stage
        .bedrock
        .enqueue(converse(json!([{"text": "hello"}]), "end_turn"));
    let mut reply = stage.invoke(&json!({"prompt": "hi", "usage": true})).await;
    let latency = reply.body["latencyMs"].take();
    assert!(latency.is_u64(), "{latency}");
    assert_eq!(
        reply.body,
        json!({
            "text": "hello",
            "stopReason": "end_turn",
            "model": MODEL,
            "usage": {"inputTokens": 1000, "outputTokens": 100},
            // 1,000 tokens at 0.396 USD and 100 at 3.311 USD a million.
            "costUsd": 0.0007271,
            "latencyMs": null,
        })
    );
}

#[tokio::test]
async fn usage_tells_no_price_where_none_is_known() {
    let stage = Stage::with(|program| program.env_remove("BEDROCK_MODEL_TABLE")).await;
    let reply = stage.invoke(&json!({"prompt": "hi", "usage": true})).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.get("costUsd").is_none());
    assert_eq!(reply.body["model"], MODEL);
}

#[tokio::test]
async fn any_text_survives_the_way_there_and_back() {
    let stage = Stage::new().await;
    let text = "日本語 \u{1F600}\u{200D}\u{1F525} \"quoted\" \\ \u{0} \u{7f} \u{2028} line\r\nline\t\u{FFFF}";
    stage.bedrock.enqueue(Answer::converse_text(text));
    let reply = stage.invoke(&json!({"prompt": text})).await;
    assert_eq!(reply.body["text"], text);
    assert_eq!(stage.sent()[0]["messages"][0]["content"][0]["text"], text);
}

/// The pictures are of an earlier run; this is one of now.
#[tokio::test]
async fn the_first_event_of_the_readmes_gets_the_reply_that_their_picture_shows() {
    let event = include_str!("../../../../events/bedrock-test-001.json");
    let picture = include_str!("../../../../docs/picture.txt");
    let reply = Stage::new().await.invoke_raw(event).await.raw;
    assert!(
        picture.lines().any(|line| line == reply),
        "run `make picture`: {reply}"
    );
}
