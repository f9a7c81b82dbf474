//! Refusals in the words of Bedrock.

use crate::support::{
    ConverseResult, MICRO, NOVA, TITAN, client, converse, converse_with, invoke, message, refusal,
    stand_in,
};
use aws_sdk_bedrockruntime::types::{ConversationRole, InferenceConfiguration, Message};
use bedrock_local::{BedrockLocal, Date, ModelTable};
use time::macros::date;

const HAIKU_4_5: &str = "jp.anthropic.claude-haiku-4-5-20251001-v1:0";
const HAIKU_5_5: &str = "jp.anthropic.claude-haiku-5-5";

fn assert_validation(result: ConverseResult, message: &str) {
    assert_eq!(
        refusal(result),
        (400, "ValidationException".to_owned(), message.to_owned())
    );
}

#[tokio::test]
async fn a_retired_model_answers_404() {
    let bedrock = stand_in().await;
    let expected = "This model version has reached the end of its life. Please refer to the AWS documentation for more details.";
    let expected = (
        404,
        "ResourceNotFoundException".to_owned(),
        expected.to_owned(),
    );
    let client = client(&bedrock);
    assert_eq!(
        refusal(invoke(&client, TITAN, r#"{"inputText":"Hello"}"#).await),
        expected
    );
    assert_eq!(refusal(converse(&client, TITAN, "Hello").await), expected);
}

#[tokio::test]
async fn a_model_ends_on_its_day_and_not_before() {
    assert!(converse_on(date!(2027 - 03 - 30)).await.is_ok());
    assert_eq!(refusal(converse_on(date!(2027 - 03 - 31)).await).0, 404);
}

/// Asks, on that day, a model whose end of life is 2027-03-31.
async fn converse_on(today: Date) -> ConverseResult {
    let mut models = ModelTable::bundled().unwrap();
    let row = models
        .models
        .iter_mut()
        .find(|model| model.id == NOVA)
        .unwrap();
    row.lifecycle.end_of_life = Some(date!(2027 - 03 - 31));
    let bedrock = BedrockLocal::builder()
        .models(models)
        .today(today)
        .start()
        .await
        .unwrap();
    converse(&client(&bedrock), NOVA, "Hello").await
}

#[tokio::test]
async fn a_foundation_model_that_has_only_profiles_wants_one() {
    let bedrock = stand_in().await;
    let expected = "Invocation of model ID amazon.nova-micro-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.";
    assert_validation(
        converse(&client(&bedrock), "amazon.nova-micro-v1:0", "Hello").await,
        expected,
    );
}

#[tokio::test]
async fn an_unknown_id_and_an_arn_of_another_region_are_invalid() {
    let bedrock = stand_in().await;
    let elsewhere = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{NOVA}");
    for id in ["amazon.nova-pico-v1:0", &elsewhere] {
        assert_validation(
            converse(&client(&bedrock), id, "Hello").await,
            "The provided model identifier is invalid.",
        );
    }
}

#[tokio::test]
async fn more_tokens_than_the_model_gives_are_refused() {
    let bedrock = stand_in().await;
    let most = InferenceConfiguration::builder().max_tokens(10_000).build();
    converse_with(&bedrock, MICRO, most).await.unwrap();
    let more = InferenceConfiguration::builder().max_tokens(10_001).build();
    let expected = "The maximum tokens you requested exceeds the model limit of 10000. Try again with a maximum tokens value that is lower than 10000.";
    assert_validation(converse_with(&bedrock, MICRO, more).await, expected);
}

#[tokio::test]
async fn parameters_out_of_range_are_refused() {
    let bedrock = stand_in().await;
    let builder = InferenceConfiguration::builder;
    let cases = [
        (
            builder().max_tokens(0).build(),
            "inferenceConfig.maxTokens",
            "greater than or equal to 1",
        ),
        (
            builder().temperature(1.5).build(),
            "inferenceConfig.temperature",
            "less than or equal to 1",
        ),
        (
            builder().temperature(-0.5).build(),
            "inferenceConfig.temperature",
            "greater than or equal to 0",
        ),
        (
            builder().top_p(1.5).build(),
            "inferenceConfig.topP",
            "less than or equal to 1",
        ),
    ];
    for (inference, name, bound) in cases {
        let expected = format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have value {bound}"
        );
        assert_validation(converse_with(&bedrock, NOVA, inference).await, &expected);
    }
}

#[tokio::test]
async fn a_model_refuses_the_parameters_that_its_row_names() {
    let bedrock = stand_in().await;
    let temperature = InferenceConfiguration::builder().temperature(0.0).build();
    let expected =
        "The model returned the following errors: `temperature` is deprecated for this model.";
    assert_validation(
        converse_with(&bedrock, HAIKU_5_5, temperature).await,
        expected,
    );
}

#[tokio::test]
async fn a_model_takes_only_one_of_its_exclusive_parameters() {
    let bedrock = stand_in().await;
    let one = InferenceConfiguration::builder().temperature(0.5).build();
    converse_with(&bedrock, HAIKU_4_5, one).await.unwrap();
    let both = InferenceConfiguration::builder()
        .temperature(0.5)
        .top_p(0.5)
        .build();
    let expected = "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.";
    assert_validation(converse_with(&bedrock, HAIKU_4_5, both).await, expected);
}

#[tokio::test]
async fn blank_text_is_refused() {
    let bedrock = stand_in().await;
    let expected = "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the text field, and try again.";
    assert_validation(converse(&client(&bedrock), NOVA, " \n").await, expected);
}

#[tokio::test]
async fn turns_start_and_end_with_the_user_and_alternate() {
    let bedrock = stand_in().await;
    let user = || message(ConversationRole::User, "Hello");
    let assistant = || message(ConversationRole::Assistant, "Hello");
    let cases: [(Vec<Message>, &str); 4] = [
        (vec![], "must start with a user message"),
        (vec![assistant()], "must start with a user message"),
        (
            vec![user(), user()],
            "must alternate between user and assistant roles",
        ),
        (vec![user(), assistant()], "must end with a user message"),
    ];
    for (messages, expected) in cases {
        let result = client(&bedrock)
            .converse()
            .model_id(NOVA)
            .set_messages(Some(messages))
            .send()
            .await;
        let (status, error_type, message) = refusal(result);
        assert_eq!((status, error_type.as_str()), (400, "ValidationException"));
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn invoke_model_is_refused_for_all_but_titan() {
    let bedrock = stand_in().await;
    let (status, error_type, message) = refusal(invoke(&client(&bedrock), NOVA, "{}").await);
    assert_eq!((status, error_type.as_str()), (400, "ValidationException"));
    assert!(
        message.contains("InvokeModel only for Titan Text"),
        "{message}"
    );
}

#[tokio::test]
async fn an_operation_that_the_stand_in_does_not_speak_is_named() {
    let bedrock = stand_in().await;
    let result = client(&bedrock)
        .invoke_model_with_response_stream()
        .model_id(NOVA)
        .body(aws_sdk_bedrockruntime::primitives::Blob::new("{}"))
        .send()
        .await;
    let (status, error_type, message) = refusal(result);
    assert_eq!(
        (status, error_type.as_str()),
        (404, "UnknownOperationException")
    );
    assert!(
        message.contains("does not speak InvokeModelWithResponseStream"),
        "{message}"
    );
}

#[tokio::test]
async fn any_other_path_is_an_unknown_operation() {
    let bedrock = stand_in().await;
    let response = reqwest::get(format!("{}/foundation-models", bedrock.endpoint_url()))
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 404);
    assert!(
        response.headers()["x-amzn-errortype"]
            .to_str()
            .unwrap()
            .starts_with("UnknownOperationException:")
    );
    assert!(bedrock.requests().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_converses_is_refused_without_being_quoted() {
    let bedrock = BedrockLocal::builder()
        .verify_signatures(false)
        .start()
        .await
        .unwrap();
    for body in [
        "not JSON, secret",
        r#"{"messages":"secret"}"#,
        r#"{"messages":[{"role":"secret","content":[]}]}"#,
    ] {
        let url = format!("{}/model/{NOVA}/converse", bedrock.endpoint_url());
        let response = reqwest::Client::new()
            .post(url)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 400);
        assert!(
            response.headers()["x-amzn-errortype"]
                .to_str()
                .unwrap()
                .starts_with("SerializationException:")
        );
        assert!(!response.text().await.unwrap().contains("secret"), "{body}");
    }
}
