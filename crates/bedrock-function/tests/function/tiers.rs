//! Bedrock's flexible tier: when it is asked for, what it costs, and where it is refused.

use bedrock_local::Answer;
use serde_json::{Value, json};

use super::stage::{MODEL, Stage, TITAN, text};

/// Not served in the flexible tier.
const MICRO: &str = "apac.amazon.nova-micro-v1:0";

async fn stage(tier: &str) -> Stage {
    let ids = format!("{MODEL},{MICRO},{TITAN}");
    Stage::with(|p| {
        p.env("BEDROCK_MODEL_IDS", ids)
            .env("BEDROCK_SERVICE_TIER", tier)
            .env("BEDROCK_STREAM", "1")
    })
    .await
}

/// What Bedrock was asked for, and the line of the log: its tier and its cost.
async fn asked(stage: &Stage, event: &Value) -> (Value, Value, f64) {
    let reply = stage.invoke(event).await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
    let sent = stage.sent().pop().unwrap();
    let line = line(stage);
    assert_eq!(reply.body["costUsd"], line["costUsd"]);
    let cost = line["costUsd"].as_f64().unwrap();
    (
        sent["serviceTier"].clone(),
        line["serviceTier"].clone(),
        cost,
    )
}

fn line(stage: &Stage) -> Value {
    serde_json::from_str(stage.function.stdout().lines().last().unwrap()).unwrap()
}

#[tokio::test]
async fn flex_is_asked_for_and_costs_half_and_default_asks_for_nothing() {
    let stage = stage("").await;
    let mut event = json!({"prompt": "hi", "usage": true});
    let (sent, logged, standard) = asked(&stage, &event).await;
    assert_eq!((sent, logged), (Value::Null, Value::Null));

    event["serviceTier"] = json!("flex");
    let (sent, logged, flex) = asked(&stage, &event).await;
    assert_eq!((sent, logged), (json!({"type": "flex"}), json!("flex")));
    assert!(
        standard > 0.0 && (flex * 2.0 - standard).abs() < 2e-9,
        "{flex} of {standard}"
    );

    event["serviceTier"] = json!("default");
    assert_eq!(
        asked(&stage, &event).await,
        (Value::Null, Value::Null, standard)
    );
}

#[tokio::test]
async fn the_configured_tier_is_that_of_events_that_do_not_say() {
    let stage = stage("flex").await;
    let mut event = json!({"prompt": "hi", "usage": true});
    let (sent, _, flex) = asked(&stage, &event).await;
    assert_eq!(sent, json!({"type": "flex"}));
    event["serviceTier"] = json!("default");
    let (sent, _, standard) = asked(&stage, &event).await;
    assert_eq!(sent, Value::Null);
    assert!(flex < standard, "{flex} of {standard}");
}

#[tokio::test]
async fn a_streamed_answer_is_served_and_priced_in_the_tier_too() {
    let stage = stage("").await;
    let event = json!({"prompt": "hi", "stream": true, "serviceTier": "flex"});
    let body = text(&stage.outcome(event.to_string()).await);
    assert_eq!(stage.sent()[0]["serviceTier"], json!({"type": "flex"}));
    let line = line(&stage);
    assert_eq!(line["serviceTier"], "flex");
    assert!(
        body.contains(&format!("\"costUsd\":{}", line["costUsd"])),
        "{body}"
    );
    let (_, _, whole) = asked(
        &stage,
        &json!({"prompt": "hi", "serviceTier": "flex", "usage": true}),
    )
    .await;
    assert_eq!(line["costUsd"], whole);
}

#[tokio::test]
async fn a_failed_call_is_logged_with_its_tier() {
    let stage = stage("flex").await;
    let answer = Answer::error(403, "AccessDeniedException", "no");
    assert_eq!(stage.invoke_answered(answer).await.status, 403);
    assert_eq!(line(&stage)["serviceTier"], "flex");
}

#[tokio::test]
async fn a_model_without_the_tier_is_refused_before_anything_is_sent() {
    let (by_event, by_setting) = (stage("").await, stage("flex").await);
    for model in [MICRO, TITAN] {
        let event = json!({"prompt": "hi", "modelId": model});
        let mut of_event = event.clone();
        of_event["serviceTier"] = json!("flex");
        for (stage, event) in [(&by_event, &of_event), (&by_setting, &event)] {
            let reply = stage.invoke(event).await;
            assert_eq!(
                (reply.status, reply.code()),
                (400, "InvalidRequest"),
                "{}",
                reply.raw
            );
            assert_eq!(
                reply.message(),
                "Bedrock does not serve this model in its flexible tier. Send \"serviceTier\": \"default\", or choose a model that has a flexPricePerMillionTokens in models.json."
            );
            assert!(stage.bedrock.requests().is_empty());
        }
    }
    let mut event = json!({"prompt": "hi", "modelId": MICRO, "usage": true});
    event["serviceTier"] = json!("default");
    assert_eq!(asked(&by_setting, &event).await.0, Value::Null);
}

#[tokio::test]
async fn other_tiers_are_refused_with_those_there_are() {
    let stage = stage("").await;
    for (tier, says) in [
        (
            json!("priority"),
            "serviceTier is neither default nor flex. Send one of the two, or leave it out.",
        ),
        (json!("Flex"), "serviceTier is neither default nor flex."),
        (
            json!({"type": "flex"}),
            "serviceTier is an object. Send a string.",
        ),
        (json!(""), "serviceTier is neither default nor flex."),
    ] {
        let reply = stage
            .invoke(&json!({"prompt": "hi", "serviceTier": tier}))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "InvalidRequest"),
            "{}",
            reply.raw
        );
        assert!(reply.message().starts_with(says), "{}", reply.raw);
    }
    assert!(stage.bedrock.requests().is_empty());
}
