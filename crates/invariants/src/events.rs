//! The invariants for every event.

use std::time::{Duration, SystemTime};

use base64::{Engine, prelude::BASE64_STANDARD};
use bedrock_function::{
    config::ConfigError,
    handler::{Handler, Invocation},
    log::{self, Level},
};
use serde_json::Value;

use crate::{Echo, WellFormed, config};

/// The function over a model in memory, to be given events.
#[derive(Debug)]
pub struct Events {
    handler: Handler<Echo>,
    model: Echo,
}

impl Events {
    /// The function, with its log lines below FATAL off for the whole process.
    ///
    /// # Errors
    ///
    /// As [`config()`](crate::config()).
    pub fn new() -> Result<Self, ConfigError> {
        log::set_level(Level::Fatal);
        let model = Echo::default();
        let handler = Handler::new(config()?, model.clone());
        Ok(Self { handler, model })
    }

    /// The model that is asked.
    #[must_use]
    pub fn model(&self) -> &Echo {
        &self.model
    }

    /// The function itself.
    #[must_use]
    pub fn handler(&self) -> &Handler<Echo> {
        &self.handler
    }

    /// An invocation of a minute.
    #[must_use]
    pub fn invocation() -> Invocation {
        invocation()
    }

    /// Gives the function an event, which need not be JSON, and checks its reply: it is well formed; it is an answer to the prompt that
    /// another parser finds in the event, or says that this is no JSON as the event's schema wants it, or it refuses the event with
    /// 400; and a refused event asked no model.
    ///
    /// # Panics
    ///
    /// When one of these does not hold.
    pub async fn check(&self, payload: &str) -> WellFormed {
        let reply = self.handler.handle(payload.into(), invocation()).await;
        let reply = WellFormed::check(&reply);
        let asked = self.model.take_asked();
        match reply.status_code {
            200 => {
                let asked = asked.map(|request| request.prompt);
                assert_eq!(reply.text(), asked.as_deref(), "the answer to the prompt");
                if let Ok(event) = serde_json::from_str(payload) {
                    assert_eq!(reply.text(), prompt(event, &reply).as_deref());
                }
            }
            400 => assert!(asked.is_none(), "an event that is refused asks no model"),
            // The prompt is hardly ever JSON that satisfies the event's schema.
            502 => {
                assert_eq!(reply.code(), "SchemaNotSatisfied");
                let structured = asked.and_then(|request| request.structured);
                assert!(
                    structured.is_some(),
                    "an answer is checked by the event's schema alone"
                );
            }
            other => unreachable!("an event alone leads to 200, 400 or 502, not {other}"),
        }
        reply
    }
}

/// An invocation of a minute.
pub(crate) fn invocation() -> Invocation {
    Invocation {
        request_id: "REQUEST-ID".to_owned(),
        deadline: SystemTime::now() + Duration::from_secs(60),
    }
}

/// The prompt of an event, read without the function's parser.
fn prompt(event: Value, reply: &WellFormed) -> Option<String> {
    if reply.has_headers {
        return prompt_of_body(&event);
    }
    let object = if reply.is_task {
        &event["task"]
    } else {
        &event
    };
    object["prompt"].as_str().map(str::to_owned)
}

fn prompt_of_body(event: &Value) -> Option<String> {
    let body = event["body"].as_str()?;
    let body = if event["isBase64Encoded"] == Value::Bool(true) {
        String::from_utf8(BASE64_STANDARD.decode(body).ok()?).ok()?
    } else {
        body.to_owned()
    };
    let body: Value = serde_json::from_str(&body).ok()?;
    body["prompt"].as_str().map(str::to_owned)
}
