//! What our streamed answers are compared with: the same call by ConverseStream, with the channel that lambda_runtime's own
//! examples of response streaming use. Every default is left as it is, as in ../straightforward.

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, InferenceConfiguration, Message,
};
use lambda_runtime::{
    Error, LambdaEvent, run, service_fn,
    streaming::{Body, Response, channel},
    tracing,
};
use serde::Deserialize;

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
) -> Result<Response<Body>, Error> {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(event.payload.prompt))
        .build()?;
    let inference = InferenceConfiguration::builder()
        .max_tokens(4096)
        .temperature(0.0)
        .build();
    let mut events = client
        .converse_stream()
        .model_id(model_id)
        .messages(message)
        .inference_config(inference)
        .send()
        .await?
        .stream;
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        while let Ok(Some(event)) = events.recv().await {
            let ConverseStreamOutput::ContentBlockDelta(event) = event else {
                continue;
            };
            let Some(Ok(text)) = event.delta().map(|delta| delta.as_text().cloned()) else {
                continue;
            };
            if sender.send_data(text.into()).await.is_err() {
                break;
            }
        }
    });
    Ok(Response::from(body))
}
