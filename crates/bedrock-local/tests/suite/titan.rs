//! Titan Text by InvokeModel, as AWS served it.

use crate::support::{NOVA, TITAN, client, converse, invoke, message, refusal};
use aws_sdk_bedrockruntime::types::{ConversationRole, SystemContentBlock};
use bedrock_local::{Answer, BedrockLocal, ModelTable};
use serde_json::{Value, json};

async fn with_titan() -> BedrockLocal {
    let models = ModelTable::bundled().unwrap().with_active(TITAN);
    BedrockLocal::builder()
        .models(models)
        .start()
        .await
        .unwrap()
}

async fn body(bedrock: &BedrockLocal, request: &Value) -> Value {
    let output = invoke(&client(bedrock), TITAN, &request.to_string())
        .await
        .unwrap();
    assert_eq!(output.content_type(), "application/json");
    serde_json::from_slice(output.body().as_ref()).unwrap()
}

#[tokio::test]
async fn titan_answers_in_its_own_shape() {
    let bedrock = with_titan().await;
    let config = json!({"maxTokenCount": 4096, "stopSequences": [], "temperature": 0, "topP": 1});
    let answer = body(
        &bedrock,
        &json!({"inputText": "Hello", "textGenerationConfig": config}),
    )
    .await;
    let result = &answer["results"][0];
    let text = result["outputText"].as_str().unwrap();
    assert!(
        text.starts_with("\nThis is not a model's answer") && text.ends_with(".\n"),
        "{text}"
    );
    assert_eq!(
        (&answer["inputTextTokenCount"], &result["completionReason"]),
        (&json!(2), &json!("FINISH"))
    );
    assert!(result["tokenCount"].as_u64().unwrap() > 20);
}

#[tokio::test]
async fn the_token_count_is_the_limit() {
    let bedrock = with_titan().await;
    let answer = body(
        &bedrock,
        &json!({"inputText": "Hello", "textGenerationConfig": {"maxTokenCount": 2}}),
    )
    .await;
    assert_eq!(
        answer["results"][0],
        json!({"tokenCount": 2, "outputText": "\nThis is \n", "completionReason": "LENGTH"})
    );
}

#[tokio::test]
async fn titan_refuses_a_body_that_is_not_its_own() {
    let bedrock = with_titan().await;
    let cases = [
        (json!({}), "#: required key [inputText] not found"),
        (
            json!({"inputText": "Hello", "textGenerationConfig": {"maxTokenCount": 8193}}),
            "#/textGenerationConfig/maxTokenCount: 8193 is not less or equal to 8192",
        ),
        (
            json!({"inputText": "Hello", "textGenerationConfig": {"temperature": 2}}),
            "#/textGenerationConfig/temperature: 2 is not less or equal to 1",
        ),
        (
            json!({"inputText": "Hello", "textGenerationConfig": {"topP": -1}}),
            "#/textGenerationConfig/topP: -1 is not greater or equal to 0",
        ),
    ];
    for (request, what) in cases {
        let expected =
            format!("Malformed input request: {what}, please reformat your input and try again.");
        let result = invoke(&client(&bedrock), TITAN, &request.to_string()).await;
        assert_eq!(
            refusal(result),
            (400, "ValidationException".to_owned(), expected)
        );
    }
}

#[tokio::test]
async fn a_scripted_titan_answer_bypasses_the_table() {
    let bedrock = BedrockLocal::builder().start().await.unwrap();
    bedrock.enqueue(Answer::titan_text("\nTokyo\n"));
    let output = invoke(&client(&bedrock), NOVA, r#"{"inputText":"?"}"#)
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(output.body().as_ref()).unwrap();
    assert_eq!(answer["results"][0]["outputText"], "\nTokyo\n");
}

#[tokio::test]
async fn titan_takes_converse_but_no_system_prompt() {
    let bedrock = with_titan().await;
    converse(&client(&bedrock), TITAN, "Hello").await.unwrap();
    let request = client(&bedrock)
        .converse()
        .model_id(TITAN)
        .messages(message(ConversationRole::User, "Hello"));
    let result = request
        .system(SystemContentBlock::Text("Be short.".to_owned()))
        .send()
        .await;
    let expected = "This model doesn't support the system field. Remove system and try again.";
    assert_eq!(
        refusal(result),
        (400, "ValidationException".to_owned(), expected.to_owned())
    );
}
