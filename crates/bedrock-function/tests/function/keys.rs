//! Every optional key of the event: what it does, its bounds, and what is just past them.

use bedrock_local::Answer;
use serde_json::{Value, json};

use super::stage::{MODEL, Stage, TITAN};

const HAIKU_4_5: &str = "jp.anthropic.claude-haiku-4-5-20251001-v1:0";
const HAIKU_5_5: &str = "jp.anthropic.claude-haiku-5-5";

/// What Bedrock receives for a prompt with one more key.
async fn sent_with(stage: &Stage, key: &str, value: Value) -> Value {
    stage.bedrock.enqueue(Answer::converse_text("ok"));
    let reply = stage.invoke(&json!({"prompt": "hi", key: value})).await;
    assert_eq!(reply.status, 200, "{key}: {}", reply.raw);
    stage.sent().pop().unwrap()
}

/// What the caller is told of a prompt with one more key; nothing must have been sent.
async fn refusal_of(stage: &Stage, key: &str, value: Value) -> String {
    let before = stage.bedrock.requests().len();
    let reply = stage.invoke(&json!({"prompt": "hi", key: value})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (400, "InvalidRequest"),
        "{key}: {}",
        reply.raw
    );
    assert_eq!(reply.body["requestId"], super::stage::REQUEST_ID);
    assert_eq!(stage.bedrock.requests().len(), before);
    reply.message().to_owned()
}

#[tokio::test]
async fn system_and_earlier_messages_go_before_the_prompt() {
    let stage = Stage::new().await;
    stage.bedrock.enqueue(Answer::converse_text("ok"));
    let event = json!({
        "prompt": "And in Osaka?",
        "system": "Answer briefly.",
        "messages": [
            {"role": "user", "text": "Does it rain in Tokyo?"},
            {"role": "assistant", "text": "Yes."},
        ],
    });
    assert_eq!(stage.invoke(&event).await.status, 200);
    let sent = &stage.sent()[0];
    assert_eq!(sent["system"], json!([{"text": "Answer briefly."}]));
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "user", "content": [{"text": "Does it rain in Tokyo?"}]},
            {"role": "assistant", "content": [{"text": "Yes."}]},
            {"role": "user", "content": [{"text": "And in Osaka?"}]},
        ])
    );
}

#[tokio::test]
async fn messages_that_do_not_lead_to_the_prompt_are_refused() {
    let stage = Stage::new().await;
    let user = json!({"role": "user", "text": "a"});
    let assistant = json!({"role": "assistant", "text": "b"});
    for (messages, says) in [
        (json!([user]), "alternate"),
        (json!([assistant, user]), "alternate"),
        (json!([user, user]), "alternate"),
        (
            json!([{"role": "system", "text": "a"}]),
            "messages[0].role is neither",
        ),
        (
            json!([user, {"role": "assistant"}]),
            "messages[1] has no text",
        ),
        (json!([{"text": "a"}]), "messages[0] has no role"),
        (
            json!([{"role": "user", "text": ""}]),
            "messages[0].text is empty",
        ),
        (
            json!([{"role": "user", "text": 1}]),
            "messages[0].text is a number",
        ),
        (json!(["a"]), "messages[0] is a string"),
        (json!([["user", "a"]]), "messages[0] is an array"),
        (json!({}), "messages is an object"),
    ] {
        let message = refusal_of(&stage, "messages", messages).await;
        assert!(message.contains(says), "{message}");
    }
    sent_with(&stage, "messages", json!([])).await;
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn max_tokens_takes_one_to_what_the_model_can_answer_with() {
    let stage = Stage::new().await;
    for tokens in [1, 64_000] {
        let sent = sent_with(&stage, "maxTokens", json!(tokens)).await;
        assert_eq!(sent["inferenceConfig"]["maxTokens"], tokens);
    }
    for wrong in [
        json!(0),
        json!(64_001),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
    ] {
        let message = refusal_of(&stage, "maxTokens", wrong).await;
        assert!(message.contains("from 1 to 64000"), "{message}");
    }
    let message = refusal_of(&stage, "maxTokens", json!("100")).await;
    assert!(message.starts_with("maxTokens is a string."), "{message}");
}

#[tokio::test]
async fn max_tokens_is_a_whole_number_however_it_is_written() {
    let stage = Stage::new().await;
    let sent = sent_with(&stage, "maxTokens", json!(4096.0)).await;
    assert_eq!(sent["inferenceConfig"]["maxTokens"], 4096);
    let message = refusal_of(&stage, "maxTokens", json!(1.5)).await;
    assert!(
        message.starts_with("maxTokens is not a whole number."),
        "{message}"
    );
}

#[tokio::test]
async fn max_tokens_stays_within_the_functions_limit() {
    let stage = Stage::with(|p| p.env("BEDROCK_MAX_TOKENS_LIMIT", "100")).await;
    stage.assert_serves_on().await;
    assert_eq!(
        stage.sent()[0]["inferenceConfig"]["maxTokens"],
        100,
        "the default steps back"
    );
    sent_with(&stage, "maxTokens", json!(100)).await;
    let message = refusal_of(&stage, "maxTokens", json!(101)).await;
    assert!(
        message.contains("from 1 to 100, which is this function's limit"),
        "{message}"
    );
}

#[tokio::test]
async fn temperature_and_top_p_take_zero_to_one() {
    let stage = Stage::new().await;
    for key in ["temperature", "topP"] {
        for value in [0.0, 0.5, 1.0] {
            let sent = sent_with(&stage, key, json!(value)).await;
            assert_eq!(sent["inferenceConfig"][key], value);
        }
        for wrong in [json!(-0.1), json!(1.1), json!(2)] {
            let message = refusal_of(&stage, key, wrong).await;
            assert!(message.contains("from 0 to 1"), "{message}");
        }
        let message = refusal_of(&stage, key, json!("0.5")).await;
        assert!(
            message.starts_with(&format!("{key} is a string.")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn stop_sequences_are_texts() {
    let stage = Stage::new().await;
    let sent = sent_with(&stage, "stopSequences", json!(["END", "\n"])).await;
    assert_eq!(
        sent["inferenceConfig"]["stopSequences"],
        json!(["END", "\n"])
    );
    let many = |n: usize| Value::from(vec!["x"; n]);
    sent_with(&stage, "stopSequences", many(2_500)).await;
    for (wrong, says) in [
        (json!("END"), "stopSequences is a string"),
        (json!(["END", ""]), "stopSequences[1] is empty"),
        (json!([3]), "stopSequences[0] is a number"),
        (many(2_501), "more than 2500"),
    ] {
        let message = refusal_of(&stage, "stopSequences", wrong).await;
        assert!(message.contains(says), "{message}");
    }
}

#[tokio::test]
async fn usage_and_system_say_what_they_take() {
    let stage = Stage::new().await;
    for (key, wrong, says) in [
        (
            "usage",
            json!("yes"),
            "usage is a string. Send true or false.",
        ),
        ("usage", json!(1), "usage is a number. Send true or false."),
        ("system", json!(["a"]), "system is an array. Send a string."),
        ("system", json!(""), "system is empty."),
        ("modelId", json!(7), "modelId is a number. Send a string."),
    ] {
        let message = refusal_of(&stage, key, wrong).await;
        assert!(message.starts_with(says), "{message}");
    }
}

#[tokio::test]
async fn a_granted_model_is_asked_by_its_id() {
    let stage = Stage::with(|p| p.env("BEDROCK_MODEL_IDS", format!("{MODEL},{HAIKU_4_5}"))).await;
    sent_with(&stage, "modelId", json!(HAIKU_4_5)).await;
    assert_eq!(stage.bedrock.requests()[0].model_id, HAIKU_4_5);
}

#[tokio::test]
async fn a_model_that_is_not_granted_is_refused_with_those_that_are() {
    let stage = Stage::new().await;
    let message = refusal_of(&stage, "modelId", json!("my prompt, in the wrong key")).await;
    assert!(
        message.contains(MODEL) && message.contains(TITAN),
        "{message}"
    );
    assert!(!message.contains("my prompt"), "{message}");
}

#[tokio::test]
async fn null_is_as_good_as_a_key_left_out() {
    let stage = Stage::new().await;
    stage.bedrock.enqueue(Answer::converse_text("ok"));
    let event = json!({
        "prompt": "hi", "modelId": null, "system": null, "messages": null, "maxTokens": null,
        "temperature": null, "topP": null, "stopSequences": null, "serviceTier": null, "usage": null,
    });
    assert_eq!(stage.invoke(&event).await.status, 200);
    assert_eq!(
        stage.sent()[0]["inferenceConfig"],
        json!({"maxTokens": 4096, "temperature": 0.0})
    );
}

#[tokio::test]
async fn the_configured_temperature_steps_back_where_the_model_would_refuse_it() {
    let stage =
        Stage::with(|p| p.env("BEDROCK_MODEL_IDS", format!("{HAIKU_5_5},{HAIKU_4_5}"))).await;
    let sent = sent_with(&stage, "maxTokens", json!(10)).await;
    assert_eq!(sent["inferenceConfig"], json!({"maxTokens": 10}));

    stage.bedrock.enqueue(Answer::converse_text("ok"));
    stage
        .invoke(&json!({"prompt": "hi", "modelId": HAIKU_4_5, "topP": 0.5}))
        .await;
    assert_eq!(
        stage.sent()[1]["inferenceConfig"],
        json!({"maxTokens": 4096, "topP": 0.5})
    );
}

#[tokio::test]
async fn parameters_that_the_model_refuses_are_refused_before_anything_is_sent() {
    let stage =
        Stage::with(|p| p.env("BEDROCK_MODEL_IDS", format!("{HAIKU_5_5},{HAIKU_4_5}"))).await;
    let message = refusal_of(&stage, "temperature", json!(0.5)).await;
    assert!(
        message.starts_with("This model does not take temperature."),
        "{message}"
    );

    let both = json!({"prompt": "hi", "modelId": HAIKU_4_5, "topP": 0.5, "temperature": 0.5});
    let reply = stage.invoke(&both).await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("not both"), "{}", reply.raw);
    assert!(stage.bedrock.requests().is_empty());
}

#[tokio::test]
async fn titan_takes_parameters_but_no_conversation() {
    let stage = Stage::with(|p| p.env("BEDROCK_MODEL_IDS", TITAN)).await;
    stage.bedrock.enqueue(Answer::titan_text("ok"));
    let event = json!({
        "prompt": "hi", "maxTokens": 10, "temperature": 0.7, "topP": 0.9, "stopSequences": ["END"],
    });
    assert_eq!(stage.invoke(&event).await.status, 200);
    assert_eq!(
        stage.bedrock.requests()[0].body,
        r#"{"inputText":"hi","textGenerationConfig":{"maxTokenCount":10,"temperature":0.7,"topP":0.9,"stopSequences":["END"]}}"#
    );
    for (key, value) in [
        ("system", json!("be brief")),
        (
            "messages",
            json!([{"role": "user", "text": "a"}, {"role": "assistant", "text": "b"}]),
        ),
    ] {
        let message = refusal_of(&stage, key, value).await;
        assert!(
            message.starts_with("Titan Text takes a prompt alone"),
            "{message}"
        );
    }
}
