//! The invariants for every answer of Bedrock.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use bedrock_function::{
    bedrock::BedrockModels,
    handler::Handler,
    log::{self, Level},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{MODEL, TITAN, WellFormed, config, events::invocation, wire::Wire};

/// The most attempts that the function makes, the first included.
const MOST_ATTEMPTS: u32 = 3;

/// The function over the SDK, to be given Bedrock's answers.
#[derive(Debug)]
pub struct Answers {
    handler: Handler<BedrockModels>,
    wire: Wire,
}

impl Answers {
    /// The function with its own client, of which the network, the credentials and the waits between attempts alone are replaced. Its
    /// log lines below FATAL are off for the whole process.
    ///
    /// # Errors
    ///
    /// As [`config()`](crate::config()), and as [`BedrockModels::new`].
    pub async fn new() -> Result<Self, Box<dyn std::error::Error>> {
        log::set_level(Level::Fatal);
        let config = config()?;
        let wire = Wire::new();
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "invariants");
        let models = BedrockModels::new(&config).await?.with_client(|client| {
            client
                .http_client(wire.http_client())
                .credentials_provider(credentials)
                .sleep_impl(NoWait)
        });
        Ok(Self {
            handler: Handler::new(config, models),
            wire,
        })
    }

    /// Has Bedrock answer with `body`, in turn as an answer of `Converse`, of Titan Text, and as an error, and checks the replies: each is
    /// well formed; what came with 200 is asked for once and no more; an answer's text is what another parser finds in the body.
    ///
    /// # Panics
    ///
    /// When one of these does not hold.
    pub async fn check(&self, body: &[u8]) {
        let by_converse = self.reply(MODEL, StatusCode::OK, body).await;
        let by_titan = self.reply(TITAN, StatusCode::OK, body).await;
        if let Ok(body) = serde_json::from_slice(body) {
            check_text(&by_converse, converse_text(&body));
            check_text(&by_titan, titan_text(&body));
        }
        let refused = self.reply(MODEL, StatusCode::BAD_REQUEST, body).await;
        assert_ne!(refused.status_code, 200, "an error is no answer");
    }

    /// The reply to a plain prompt, when Bedrock answers so.
    ///
    /// # Panics
    ///
    /// When the reply is not well formed, or more attempts were made than may be.
    pub async fn reply(&self, model: &str, status: StatusCode, body: &[u8]) -> WellFormed {
        self.wire.answer_with(status, body);
        let event = json!({"prompt": "hi", "modelId": model, "usage": true}).to_string();
        let reply = self.handler.handle(event.into(), invocation()).await;
        let requests = self.wire.requests();
        if status.is_success() {
            assert_eq!(requests, 1, "a generation that is paid for is asked once");
        } else {
            assert!((1..=MOST_ATTEMPTS).contains(&requests), "{requests}");
        }
        WellFormed::check(&reply)
    }
}

fn check_text(reply: &WellFormed, found: Option<String>) {
    if let Some(text) = reply.text() {
        assert_eq!(Some(text), found.as_deref(), "the text of Bedrock's answer");
    }
}

/// The text of an answer of Converse, read without the SDK.
fn converse_text(body: &Value) -> Option<String> {
    let blocks = body["output"]["message"]["content"].as_array()?;
    Some(
        blocks
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect(),
    )
}

/// The text of an answer of Titan Text, read without the function's types.
fn titan_text(body: &Value) -> Option<String> {
    body["results"][0]["outputText"].as_str().map(str::to_owned)
}

/// Lets no time pass between attempts.
#[derive(Debug)]
struct NoWait;

impl AsyncSleep for NoWait {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
