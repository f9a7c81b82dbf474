//! What the stand-in answers by itself, read with the real SDK.

use crate::support::{MICRO, NOVA, client, converse, converse_with, message, stand_in, text};
use aws_sdk_bedrockruntime::types::{ConversationRole, InferenceConfiguration, StopReason};
use bedrock_local::{Answer, count_tokens};

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
        text(&output).contains(MICRO) && text(&output).contains("5 文字、1 ターン"),
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
