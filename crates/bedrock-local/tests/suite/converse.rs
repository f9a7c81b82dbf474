//! The own answers of the stand-in, read with the real SDK.

use crate::support::{MICRO, NOVA, client, converse, converse_with, message, stand_in, text};
use aws_sdk_bedrockruntime::types::{
    ConversationRole, InferenceConfiguration, StopReason, SystemContentBlock,
};
use bedrock_local::{Answer, Operation, count_tokens};

#[tokio::test]
async fn the_answer_says_that_it_is_no_models() {
    let bedrock = stand_in().await;
    let output = converse(&client(&bedrock), NOVA, "Where is Tokyo?")
        .await
        .unwrap();
    assert_eq!(
        text(&output),
        "This is not a model's answer: bedrock-local, a stand-in for Amazon Bedrock, wrote it. \
         It received 15 characters in 1 turn for jp.amazon.nova-2-lite-v1:0."
    );
    assert_eq!(output.stop_reason(), &StopReason::EndTurn);
}

#[tokio::test]
async fn a_japanese_prompt_is_answered_in_japanese() {
    let bedrock = stand_in().await;
    let output = converse(&client(&bedrock), MICRO, "東京はどこ")
        .await
        .unwrap();
    assert!(
        text(&output).starts_with("これはモデルの回答ではありません。"),
        "{}",
        text(&output)
    );
    assert!(
        text(&output).contains(MICRO) && text(&output).contains(" 5 文字、1 ターン"),
        "{}",
        text(&output)
    );
}

#[tokio::test]
async fn scripted_answers_come_in_their_order_and_then_the_stand_ins_own() {
    let bedrock = stand_in().await;
    let client = client(&bedrock);
    bedrock.enqueue(Answer::converse_text("first"));
    bedrock.enqueue(Answer::converse_text("second"));
    for expected in ["first", "second"] {
        assert_eq!(text(&converse(&client, NOVA, "?").await.unwrap()), expected);
    }
    assert!(text(&converse(&client, NOVA, "?").await.unwrap()).contains("bedrock-local"));
    assert_eq!(bedrock.requests().len(), 3);
}

#[tokio::test]
async fn every_turn_and_the_system_prompt_count() {
    let bedrock = stand_in().await;
    let request = client(&bedrock)
        .converse()
        .model_id(NOVA)
        .system(SystemContentBlock::Text("Be short.".to_owned()));
    let request = request.messages(message(ConversationRole::User, "One"));
    let request = request.messages(message(ConversationRole::Assistant, "Two"));
    let output = request
        .messages(message(ConversationRole::User, "Three"))
        .send()
        .await
        .unwrap();
    assert!(
        text(&output).contains("received 11 characters in 3 turns"),
        "{}",
        text(&output)
    );
    let usage = output.usage().unwrap();
    assert_eq!(usage.input_tokens(), 3 + 1 + 1 + 2);
    assert_eq!(
        usage.output_tokens(),
        i32::try_from(count_tokens(text(&output))).unwrap()
    );
    assert_eq!(
        usage.total_tokens(),
        usage.input_tokens() + usage.output_tokens()
    );
}

#[tokio::test]
async fn max_tokens_cuts_the_answer() {
    let bedrock = stand_in().await;
    let inference = InferenceConfiguration::builder().max_tokens(3).build();
    let output = converse_with(&bedrock, NOVA, inference).await.unwrap();
    assert_eq!(
        (text(&output), output.stop_reason()),
        ("This is not ", &StopReason::MaxTokens)
    );
    assert_eq!(output.usage().unwrap().output_tokens(), 3);
}

#[tokio::test]
async fn a_stop_sequence_ends_the_answer_before_itself() {
    let bedrock = stand_in().await;
    let inference = InferenceConfiguration::builder()
        .stop_sequences("never there")
        .stop_sequences(" model")
        .build();
    let output = converse_with(&bedrock, NOVA, inference).await.unwrap();
    assert_eq!(
        (text(&output), output.stop_reason()),
        ("This is not a", &StopReason::StopSequence)
    );
}

#[tokio::test]
async fn a_profile_can_be_named_by_its_arn() {
    let bedrock = stand_in().await;
    let arn = format!("arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/{NOVA}");
    let output = converse(&client(&bedrock), &arn, "Hello").await.unwrap();
    assert!(
        text(&output).contains(NOVA) && !text(&output).contains("123456789012"),
        "{}",
        text(&output)
    );
    let request = &bedrock.requests()[0];
    assert_eq!(
        (request.model_id.as_str(), request.operation),
        (arn.as_str(), Operation::Converse)
    );
    assert!(
        request.path.starts_with("/model/arn%3Aaws%3Abedrock%3A"),
        "{}",
        request.path
    );
}

#[tokio::test]
async fn a_function_of_the_request_can_answer() {
    let bedrock = stand_in().await;
    bedrock.respond_with(|request| {
        Answer::converse_text(
            request.json().unwrap()["messages"][0]["content"][0]["text"]
                .as_str()
                .unwrap(),
        )
    });
    let client = client(&bedrock);
    assert_eq!(
        text(&converse(&client, NOVA, "echo").await.unwrap()),
        "echo"
    );
    bedrock.always(Answer::converse_text("constant"));
    assert_eq!(
        text(&converse(&client, NOVA, "echo").await.unwrap()),
        "constant"
    );
}

#[tokio::test]
async fn a_ping_is_answered_and_is_no_request_for_a_model() {
    let bedrock = stand_in().await;
    let response = reqwest::get(format!("{}/ping", bedrock.endpoint_url()))
        .await
        .unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            bedrock.pings(),
            bedrock.requests().len()
        ),
        (200, 1, 0)
    );
}
