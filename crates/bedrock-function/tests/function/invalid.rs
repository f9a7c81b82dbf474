//! Events that are wrong in ways that JSON libraries, runtimes and people do not expect.

use super::stage::{Reply, Stage};

async fn refused(stage: &Stage, payload: impl Into<Vec<u8>>) -> Reply {
    let reply = stage.invoke_raw(payload).await;
    assert_eq!(
        (reply.status, reply.code()),
        (400, "InvalidRequest"),
        "{}",
        reply.raw
    );
    assert!(stage.bedrock.requests().is_empty());
    reply
}

#[tokio::test]
async fn an_event_that_is_no_object_is_named_for_what_it_is() {
    let stage = Stage::new().await;
    for (payload, says) in [
        ("[]", "The event is an array, not an object."),
        (r#"["hi"]"#, "The event is an array, not an object."),
        ("7", "The event is a number, not an object."),
        ("-0.5", "The event is a number, not an object."),
        (r#""hi""#, "The event is a string, not an object."),
        ("true", "The event is a boolean, not an object."),
        ("null", "The event is null, not an object."),
    ] {
        let reply = refused(&stage, payload).await;
        assert!(reply.message().starts_with(says), "{}", reply.raw);
    }
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn a_prompt_that_is_no_string_is_named_for_what_it_is() {
    let stage = Stage::new().await;
    for (value, kind) in [
        ("7", "a number"),
        (r#"{"text":"hi"}"#, "an object"),
        (r#"["hi"]"#, "an array"),
        ("false", "a boolean"),
    ] {
        let reply = refused(&stage, format!(r#"{{"prompt":{value}}}"#)).await;
        assert_eq!(reply.message(), format!("prompt is {kind}. Send a string."));
    }
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn a_lone_surrogate_is_refused_where_it_matters_and_skipped_where_it_does_not() {
    let stage = Stage::new().await;
    for escape in [r"\ud800", r"\udfff", r"\ud83d x"] {
        let reply = refused(&stage, format!(r#"{{"prompt":"a {escape}"}}"#)).await;
        assert!(
            reply.message().starts_with("prompt holds a lone surrogate"),
            "{}",
            reply.raw
        );
    }
    let reply = stage
        .invoke_raw(r#"{"prompt":"hi","other":"\ud800"}"#)
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_million_brackets_do_no_harm_wherever_they_stand() {
    let stage = Stage::new().await;
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let reply = refused(&stage, deep.clone()).await;
    assert!(reply.message().contains("an array"), "{}", reply.raw);
    for key in [
        "prompt",
        "system",
        "messages",
        "stopSequences",
        "modelId",
        "usage",
        "topP",
    ] {
        let prompt = if key == "prompt" {
            ""
        } else {
            r#""prompt":"hi","#
        };
        let reply = refused(&stage, format!(r#"{{{prompt}"{key}":{deep}}}"#)).await;
        assert!(reply.message().starts_with(key), "{}", reply.raw);
    }
    let reply = stage
        .invoke_raw(format!(r#"{{"prompt":"hi","other":{deep}}}"#))
        .await;
    assert_eq!(reply.status, 200, "a key that means nothing is skipped");
}

#[tokio::test]
async fn six_megabytes_of_prompt_are_refused_by_their_length() {
    let stage = Stage::new().await;
    let prompt = "x".repeat(6_000_000);
    let reply = refused(&stage, format!(r#"{{"prompt":"{prompt}"}}"#)).await;
    assert!(
        reply
            .message()
            .contains("6000000 characters; this function takes 4000000"),
        "{}",
        reply.raw
    );
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn the_limit_counts_characters_of_all_that_is_sent() {
    let stage = Stage::with(|p| p.env("BEDROCK_MAX_PROMPT_CHARS", "6")).await;
    let reply = stage
        .invoke_raw(r#"{"prompt":"日本語","system":"日本語"}"#)
        .await;
    assert_eq!(reply.status, 200);
    let reply = stage
        .invoke_raw(r#"{"prompt":"日本語","system":"日本語!"}"#)
        .await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn millions_of_elements_are_refused_before_they_are_kept() {
    let stage = Stage::new().await;
    let many = format!("[{}0]", "0,".repeat(2_500_000));
    for key in ["messages", "stopSequences"] {
        let reply = refused(&stage, format!(r#"{{"prompt":"hi","{key}":{many}}}"#)).await;
        assert!(
            reply.message().starts_with(&format!("{key} has more than")),
            "{}",
            reply.raw
        );
    }
}

#[tokio::test]
async fn a_key_that_stands_twice_is_refused() {
    let stage = Stage::new().await;
    let reply = refused(&stage, r#"{"prompt":"one","prompt":"two"}"#).await;
    assert!(reply.message().contains("twice"), "{}", reply.raw);
}

#[tokio::test]
async fn white_space_around_the_event_does_no_harm() {
    let stage = Stage::new().await;
    assert_eq!(
        stage
            .invoke_raw(" \n\t{ \"prompt\" : \"hi\" }\r\n")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn nothing_of_a_refused_event_is_logged_or_sent_back() {
    let stage = Stage::with(|p| p.env("AWS_LAMBDA_LOG_LEVEL", "TRACE")).await;
    for payload in [
        r#"{"prompt":["my secret"]}"#,
        r#"{"prompt":"my secret \ud800"}"#,
        r#"{"prompt":"my secret","temperature":"my secret"}"#,
        r#"{"prompt":"a","modelId":"my secret"}"#,
        r#"{"prompt":"a","messages":[{"role":"my secret","text":"my secret"}]}"#,
        r#"{"my secret":1,"my secret":2,"prompt":7}"#,
        r#""my secret""#,
    ] {
        assert!(
            !refused(&stage, payload).await.raw.contains("my secret"),
            "{payload}"
        );
    }
    let log = stage.function.stdout() + &stage.function.stderr();
    assert!(
        log.contains("InvalidRequest") && !log.contains("my secret"),
        "{log}"
    );
}
