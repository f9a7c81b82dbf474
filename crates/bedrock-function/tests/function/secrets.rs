//! Nothing secret leaves the process by a door that it should not: prompts, answers, credentials.

use bedrock_local::{ACCESS_KEY_ID, Answer, SECRET_ACCESS_KEY};
use serde_json::json;
use tokio::task::JoinSet;

use super::stage::{SESSION_TOKEN, Stage, all};

const PROMPT: &str = "the-prompt-of-the-caller";
const SYSTEM: &str = "the-system-prompt";
const ANSWER: &str = "the-answer-of-the-model";
const ACCOUNT: &str = "123456789012";

/// Answers that quote what must not get out, in every way that an answer can go wrong.
fn leaky_answers() -> Vec<Answer> {
    let quotes = format!(
        "{PROMPT} {SYSTEM} {ANSWER} arn:aws:sts::{ACCOUNT}:assumed-role/x {ACCESS_KEY_ID} {SECRET_ACCESS_KEY} {SESSION_TOKEN}"
    );
    let whole = Answer::converse_text(ANSWER);
    let errors = [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (424, "ModelErrorException"),
        (408, "ModelTimeoutException"),
        (403, "ExpiredTokenException"),
        (418, "NoveltyException"),
    ];
    errors
        .map(|(status, error_type)| Answer::error(status, error_type, &quotes))
        .into_iter()
        .chain([
            Answer::error(400, &quotes.replace(' ', "-"), &quotes),
            Answer::raw(403, "text/html", quotes.clone()),
            Answer::raw(200, "application/json", quotes.clone()),
            Answer::raw(200, "application/json", format!("{{\"{quotes}\": ")),
            Answer::json(200, &json!({"output": quotes, "stopReason": [quotes]})),
            whole.clone().truncate_at(60),
            Answer::reset(),
            whole,
        ])
        .collect()
}

async fn check(level: &'static str) {
    let stage = Stage::with(|p| p.env("AWS_LAMBDA_LOG_LEVEL", level).env("RUST_LOG", level)).await;
    let mut is_answered = false;
    for answer in leaky_answers() {
        stage.bedrock.enqueue(answer);
        let event = json!({"prompt": PROMPT, "system": SYSTEM});
        let reply = stage.invoke(&event).await;
        is_answered = reply.body["text"] == ANSWER;
        for secret in [
            PROMPT,
            SYSTEM,
            SECRET_ACCESS_KEY,
            SESSION_TOKEN,
            ACCESS_KEY_ID,
            ACCOUNT,
        ] {
            assert!(!reply.raw.contains(secret), "{level}: {}", reply.raw);
        }
        assert!(
            is_answered || !reply.raw.contains(ANSWER),
            "{level}: {}",
            reply.raw
        );
    }
    assert!(is_answered, "{level}: the stage is broken");
    let log = stage.function.stdout() + &stage.function.stderr();
    if ["TRACE", "DEBUG", "INFO"].contains(&level) {
        assert!(
            log.contains("Answered") && log.contains("ValidationException"),
            "{level}: {log}"
        );
    }
    for secret in [
        PROMPT,
        SYSTEM,
        ANSWER,
        SECRET_ACCESS_KEY,
        SESSION_TOKEN,
        ACCESS_KEY_ID,
        ACCOUNT,
    ] {
        assert!(!log.contains(secret), "{level}: {secret}: {log}");
    }
}

#[tokio::test]
async fn no_reply_and_no_log_holds_a_secret_at_any_log_level() {
    let checks: JoinSet<()> = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
        .into_iter()
        .map(check)
        .collect();
    all(checks).await;
}
