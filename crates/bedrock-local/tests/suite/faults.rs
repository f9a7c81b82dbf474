//! Every fault, as the SDK sees it.

use crate::support::{
    ConverseResult, NOVA, TITAN, client, configuration, converse, invoke, refusal, text,
};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_sdk_bedrockruntime::types::StopReason;
use aws_smithy_types::timeout::TimeoutConfig;
use bedrock_local::{Answer, BedrockLocal, FAULT_KINDS, Fault, ModelTable};
use std::time::{Duration, Instant};

async fn with(fault: &str) -> BedrockLocal {
    BedrockLocal::builder()
        .default_faults([fault.parse().unwrap()])
        .start()
        .await
        .unwrap()
}

async fn converse_with(fault: &str) -> ConverseResult {
    let bedrock = with(fault).await;
    converse(&client(&bedrock), NOVA, "Hello").await
}

/// Calls with a time-out of 300 ms.
async fn converse_with_a_time_out(bedrock: &BedrockLocal) -> ConverseResult {
    let time_out = TimeoutConfig::builder()
        .operation_timeout(Duration::from_millis(300))
        .build();
    converse(
        &Client::from_conf(configuration(bedrock).timeout_config(time_out).build()),
        NOVA,
        "Hello",
    )
    .await
}

#[tokio::test]
async fn a_counted_fault_holds_for_that_many_requests() {
    let bedrock = BedrockLocal::builder();
    let faults: Vec<Fault> = ["throttle:2", "error:ServiceUnavailableException:1"]
        .map(|fault| fault.parse().unwrap())
        .into();
    let bedrock = bedrock.default_faults(faults).start().await.unwrap();
    let client = client(&bedrock);
    for expected in [429, 429, 503] {
        assert_eq!(refusal(converse(&client, NOVA, "Hello").await).0, expected);
    }
    converse(&client, NOVA, "Hello").await.unwrap();
}

#[tokio::test]
async fn the_sdk_retries_a_throttled_call() {
    let bedrock = with("throttle:2").await;
    let retries = aws_sdk_bedrockruntime::config::retry::RetryConfig::standard()
        .with_initial_backoff(Duration::from_millis(1));
    let client = Client::from_conf(configuration(&bedrock).retry_config(retries).build());
    converse(&client, NOVA, "Hello").await.unwrap();
    assert_eq!(bedrock.requests().len(), 3);
}

#[tokio::test]
async fn every_error_of_bedrock_has_its_type_and_status() {
    let expected = [
        ("AccessDeniedException", 403),
        ("InternalServerException", 500),
        ("ModelErrorException", 424),
        ("ModelNotReadyException", 429),
        ("ModelTimeoutException", 408),
        ("ResourceNotFoundException", 404),
        ("ServiceUnavailableException", 503),
        ("ThrottlingException", 429),
        ("ValidationException", 400),
    ];
    for (name, status) in expected {
        let (actual_status, actual_name, message) =
            refusal(converse_with(&format!("error:{name}")).await);
        assert_eq!((actual_status, actual_name.as_str()), (status, name));
        assert!(!message.is_empty());
    }
}

#[tokio::test]
async fn a_delayed_answer_is_whole() {
    let started = Instant::now();
    converse_with("delay:50ms").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_caller_with_a_time_out_gives_up_on_an_answer_that_never_ends() {
    for fault in ["delay:1h", "silent", "stall", "stall-body", "trickle:1h"] {
        let bedrock = with(fault).await;
        let error = converse_with_a_time_out(&bedrock).await.unwrap_err();
        assert!(
            matches!(error, SdkError::TimeoutError(_)),
            "{fault}: {error:?}"
        );
        assert_eq!(bedrock.requests().len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_trickled_answer_is_whole() {
    let output = converse_with("trickle:1ms").await.unwrap();
    assert!(text(&output).ends_with("jp.amazon.nova-2-lite-v1:0."));
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_a_dispatch_failure() {
    for fault in ["reset", "hang-up"] {
        let error = converse_with(fault).await.unwrap_err();
        assert!(
            matches!(error, SdkError::DispatchFailure(_)),
            "{fault}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_json_cannot_be_read() {
    let error = converse_with("malformed").await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 200);
    assert!(
        error
            .into_source()
            .unwrap()
            .to_string()
            .contains("unhandled error")
    );
}

#[tokio::test]
async fn an_empty_answer_is_to_the_sdk_one_without_a_message() {
    let output = converse_with("empty").await.unwrap();
    assert!(output.output().unwrap().as_message().is_err());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_response_error() {
    let error = converse_with("truncated").await.unwrap_err();
    assert!(matches!(error, SdkError::ResponseError(_)), "{error:?}");
}

#[tokio::test]
async fn a_proxys_page_keeps_its_status() {
    let error = converse_with("html").await.unwrap_err();
    let response = error.raw_response().unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers().get("content-type")
        ),
        (502, Some("text/html"))
    );
}

#[tokio::test]
async fn faults_of_the_answer_itself_show_in_its_shape() {
    let filtered = converse_with("filtered").await.unwrap();
    assert_eq!(filtered.stop_reason(), &StopReason::ContentFiltered);
    let cut = converse_with("max-tokens").await.unwrap();
    assert_eq!(cut.stop_reason(), &StopReason::MaxTokens);
    let silent = converse_with("no-text").await.unwrap();
    assert!(
        silent
            .output()
            .unwrap()
            .as_message()
            .unwrap()
            .content()
            .is_empty()
    );
    let reasoned = converse_with("reasoning").await.unwrap();
    assert!(reasoned.output().unwrap().as_message().unwrap().content()[0].is_reasoning_content());
    assert!(text(&reasoned).contains("bedrock-local"));
}

#[tokio::test]
async fn titan_says_filtered_in_its_own_way() {
    let models = ModelTable::bundled().unwrap().with_active(TITAN);
    let faults = ["filtered".parse::<Fault>().unwrap()];
    let bedrock = BedrockLocal::builder()
        .models(models)
        .default_faults(faults)
        .start()
        .await
        .unwrap();
    let output = invoke(&client(&bedrock), TITAN, r#"{"inputText":"Hello"}"#)
        .await
        .unwrap();
    assert!(
        String::from_utf8_lossy(output.body().as_ref())
            .contains(r#""completionReason":"CONTENT_FILTERED""#)
    );
}

#[tokio::test]
async fn a_scripted_answer_comes_before_the_faults() {
    let bedrock = with("throttle").await;
    bedrock.enqueue(Answer::converse_text("scripted"));
    let client = client(&bedrock);
    assert_eq!(
        text(&converse(&client, NOVA, "Hello").await.unwrap()),
        "scripted"
    );
    assert_eq!(refusal(converse(&client, NOVA, "Hello").await).0, 429);
}

#[test]
fn every_kind_that_help_lists_is_understood() {
    for (form, _) in FAULT_KINDS {
        let words = form
            .replace("TYPE", "ThrottlingException")
            .replace("TIME", "1s");
        assert_eq!(words.parse::<Fault>().unwrap().times, None, "{words}");
        assert_eq!(
            format!("{words}:3").parse::<Fault>().unwrap().times,
            Some(3),
            "{words}"
        );
    }
}

#[test]
fn an_unknown_fault_is_answered_with_the_known_ones() {
    let cases = [
        (
            "thrøttle",
            "\"thrøttle\" is no kind of fault. Use one of throttle, error:TYPE, delay:TIME",
        ),
        (
            "error:Oops",
            "\"Oops\" is no error of Bedrock's. Use one of AccessDeniedException, ",
        ),
        (
            "stream-error:AccessDeniedException",
            "\"AccessDeniedException\" is no exception of Bedrock's streams. Use one of InternalServerException, ModelStreamErrorException, ",
        ),
        (
            "delay",
            "The fault delay needs a time. Write it like delay:8s",
        ),
        (
            "delay:soon",
            "The fault delay needs a time. Write it like delay:8s",
        ),
        ("throttle:0", "\"0\" is not a number of requests"),
        ("throttle:2:2", "\"2\" is not a number of requests"),
    ];
    for (words, expected) in cases {
        let message = words.parse::<Fault>().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}
