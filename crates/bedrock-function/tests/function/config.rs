//! The environment, checked at start.

use lambda_local::{Deadline, Function, StartError};
use serde_json::json;

use super::stage::{Stage, program, text};

const NOWHERE: &str = "http://127.0.0.1:9";

async fn init_error(name: &str, value: &str) -> (String, String) {
    match program(NOWHERE).env(name, value).start().await {
        Err(StartError::Init {
            error_type,
            error_message,
            ..
        }) => (error_type, error_message),
        Err(other) => panic!("{name}={value}: {other}"),
        Ok(_) => panic!("{name}={value} was taken"),
    }
}

#[tokio::test]
async fn a_bad_value_ends_init_with_one_sentence_that_names_the_variable() {
    for (name, value) in [
        ("BEDROCK_MODEL_IDS", ""),
        ("BEDROCK_MODEL_TABLE", "[{]"),
        ("BEDROCK_MAX_TOKENS", "0"),
        ("BEDROCK_TEMPERATURE", "hot"),
        ("BEDROCK_TIMEOUT_SECONDS", "never"),
        ("BEDROCK_MAX_PROMPT_CHARS", "-1"),
        ("BEDROCK_PRECONNECT", "2"),
        ("BEDROCK_LOG_CONTENT", "on"),
        ("AWS_LAMBDA_LOG_LEVEL", "LOUD"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "bedrock"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://"),
        ("AWS_CA_BUNDLE", "/no/such/file.pem"),
        ("AWS_CA_BUNDLE", "/dev/null"),
    ] {
        let (error_type, message) = init_error(name, value).await;
        assert!(error_type.starts_with("Function."), "{error_type}");
        assert!(
            message.starts_with(name) && message.ends_with('.'),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[tokio::test]
async fn a_bundle_of_broken_certificates_ends_init_with_its_name() {
    for pem in [
        "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let bundle = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(bundle.path(), pem).unwrap();
        let (_, message) = init_error("AWS_CA_BUNDLE", bundle.path().to_str().unwrap()).await;
        assert!(message.contains("AWS_CA_BUNDLE"), "{message}");
    }
}

#[tokio::test]
async fn outside_lambda_the_program_says_how_to_run_it() {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_bedrock-function"))
        .env_clear()
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("make invoke"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn defaults_for_events_that_do_not_say_come_from_the_environment() {
    let stage = Stage::with(|p| {
        p.env("BEDROCK_MAX_TOKENS", "11")
            .env("BEDROCK_TEMPERATURE", "0.25")
    })
    .await;
    stage.assert_serves_on().await;
    let sent = &stage.sent()[0]["inferenceConfig"];
    assert_eq!(
        (&sent["maxTokens"], &sent["temperature"]),
        (&11.into(), &0.25.into())
    );
}

#[tokio::test]
async fn a_bearer_token_in_the_environment_does_not_replace_the_role() {
    // The stand-in refuses whatever is not signed.
    let stage = Stage::with(|p| p.env("AWS_BEARER_TOKEN_BEDROCK", "a-token")).await;
    let reply = stage.invoke_raw(r#"{"prompt":"hi"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.raw);
}

#[tokio::test]
async fn missing_credentials_are_a_reply_and_not_a_crash() {
    let bedrock = bedrock_local::BedrockLocal::builder()
        .start()
        .await
        .unwrap();
    let function: Function = program(&bedrock.endpoint_url())
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .start()
        .await
        .unwrap();
    let outcome = function.invoke(r#"{"prompt":"hi"}"#).await;
    let reply = text(&outcome);
    assert!(
        reply.contains(r#""statusCode":500"#) && reply.contains("CredentialsMissing"),
        "{reply}"
    );
    let log = function.stdout();
    assert!(log.contains(r#""attempts":0"#), "nothing was sent: {log}");
}

#[tokio::test]
async fn a_connection_is_opened_during_init_unless_it_is_turned_off() {
    let on = Stage::new().await;
    assert_eq!(on.bedrock.connections(), 1);
    on.assert_serves_on().await;
    assert_eq!(
        on.bedrock.connections(),
        1,
        "the invocation uses the open connection"
    );

    let off = Stage::with(|p| p.env("BEDROCK_PRECONNECT", "0")).await;
    assert_eq!(off.bedrock.connections(), 0);
    off.assert_serves_on().await;
}

#[tokio::test]
async fn a_deadline_in_1970_means_the_configured_time_out() {
    let stage = Stage::new().await;
    let in_1970 = Deadline::at_epoch_millis(600_000);
    let reply = stage.invoke_until(in_1970, &json!({"prompt": "hi"})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}
