//! What our function is compared with: the same call of Bedrock, written as an experienced Rust developer writes it
//! who follows AWS's own examples. Every default is left as it is: aws-config's chain, its HTTP client and its TLS,
//! tokio's threads, the runtime's log. Nothing here is slow on purpose, and nothing is tuned.

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Event {
    prompt: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let models = std::env::var("BEDROCK_MODEL_IDS")?;
    let model_id = models.split(',').next().unwrap_or_default().trim();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    run(service_fn(|event| answer(&client, model_id, event))).await
}

async fn answer(
    client: &Client,
    model_id: &str,
    event: LambdaEvent<Event>,
) -> Result<Value, Error> {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(event.payload.prompt))
        .build()?;
    let inference = InferenceConfiguration::builder()
        .max_tokens(4096)
        .temperature(0.0)
        .build();
    let response = client
        .converse()
        .model_id(model_id)
        .messages(message)
        .inference_config(inference)
        .send()
        .await?;
    let message = response
        .output()
        .and_then(|output| output.as_message().ok());
    let text = message
        .and_then(|message| {
            message
                .content()
                .iter()
                .find_map(|block| block.as_text().ok())
        })
        .ok_or("the answer holds no text")?;
    Ok(json!({"statusCode": 200, "body": json!({"text": text}).to_string()}))
}
