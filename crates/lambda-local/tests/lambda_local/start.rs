//! How a function starts, or does not, and that nothing of it stays.

use std::time::Duration;

use crate::common::{ends, fixture, fixture_path, json, runs};
use lambda_local::{Function, StartError};

#[tokio::test]
async fn a_function_has_started_when_it_asks_for_its_first_event() {
    let function = fixture().start().await.unwrap();
    assert!(runs(function.pid()));
    assert!(function.init().duration > Duration::ZERO);
}

#[tokio::test]
async fn the_environment_is_lambdas_and_nothing_is_inherited() {
    let builder = fixture()
        .memory_mb(256)
        .credentials("AKIDEXAMPLE", "secret", Some("token"));
    let function = builder.env("GREETING", "hello").start().await.unwrap();
    let environment = json(&function.invoke(r#"{"do":"environment"}"#).await);
    let names: Vec<&str> = environment
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "GREETING",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "TZ",
        "_HANDLER",
        // The runtime crate sets this one itself, from the header of the event.
        "_X_AMZN_TRACE_ID",
    ];
    assert_eq!(names, expected);
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "fixture");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(environment["AWS_REGION"], "ap-northeast-1");
    assert_eq!(environment["GREETING"], "hello");
}

#[tokio::test]
async fn a_variable_of_the_caller_wins_over_lambdas_and_can_be_left_out() {
    let builder = fixture()
        .env("AWS_REGION", "us-west-2")
        .env_remove("AWS_DEFAULT_REGION");
    let function = builder.start().await.unwrap();
    let environment = json(&function.invoke(r#"{"do":"environment"}"#).await);
    assert_eq!(environment["AWS_REGION"], "us-west-2");
    assert!(environment.get("AWS_DEFAULT_REGION").is_none());
}

#[tokio::test]
async fn an_initialisation_error_is_the_error_of_the_start() {
    match fixture().args(["init-error"]).start().await {
        Err(StartError::Init {
            error_type,
            error_message,
            body,
        }) => {
            assert_eq!(
                (error_type.as_str(), error_message.as_str()),
                ("Fixture.Refused", "told to fail")
            );
            assert_eq!(
                body,
                r#"{"errorType":"Fixture.Refused","errorMessage":"told to fail"}"#
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_process_that_ends_at_once_gives_its_status_and_its_last_words() {
    let error = fixture().args(["exit-at-once"]).start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("Its last line on stderr: no model is set"),
        "{error}"
    );
    match error {
        StartError::Exited { status, stderr } => {
            assert_eq!(status.code(), Some(3));
            assert_eq!(stderr, "no model is set\n");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_process_that_asks_for_nothing_is_given_up() {
    let timeout = Duration::from_millis(50);
    let error = fixture()
        .args(["never-asks"])
        .init_timeout(timeout)
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(error, StartError::TimedOut { after, .. } if after == timeout),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let error = Function::builder("target/no/such/bootstrap")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::Spawn { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("The function target/no/such/bootstrap cannot be started: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_dropped_function_leaves_no_process() {
    let function = fixture().start().await.unwrap();
    let pid = function.pid();
    drop(function);
    assert!(!runs(pid));
}

#[tokio::test]
async fn what_the_function_started_ends_with_it() {
    let function = fixture().args(["leaves-a-child"]).start().await.unwrap();
    let child = function.stdout().trim().parse().unwrap();
    assert!(runs(child));
    drop(function);
    assert!(ends(child));
}

#[tokio::test]
async fn what_the_function_started_ends_when_it_exits() {
    let function = fixture().args(["leaves-a-child"]).start().await.unwrap();
    let child = function.stdout().trim().parse().unwrap();
    function.invoke(r#"{"do":"exit"}"#).await;
    assert!(ends(child));
}

#[tokio::test]
async fn memory_and_descriptors_are_those_of_a_process_that_runs() {
    let function = fixture().start().await.unwrap();
    let memory = function.resident_memory().unwrap();
    assert!((500_000..500_000_000).contains(&memory), "{memory} bytes");
    // stdin, stdout and stderr, and the connection to the Runtime API.
    let descriptors = function.open_descriptors().unwrap();
    assert!((4..50).contains(&descriptors), "{descriptors}");
    function.invoke(r#"{"do":"exit"}"#).await;
    assert!(function.resident_memory().is_err());
    assert!(function.open_descriptors().is_err());
}

#[tokio::test]
async fn the_program_may_be_given_by_a_relative_path() {
    let directory = std::env::current_dir().unwrap();
    let up: std::path::PathBuf = directory.components().skip(1).map(|_| "..").collect();
    let relative = up.join(fixture_path().strip_prefix("/").unwrap());
    let function = Function::builder(relative).start().await.unwrap();
    assert!(function.invoke("{}").await.response().is_some());
}
