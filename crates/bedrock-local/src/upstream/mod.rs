//! Answers from a real model behind any server that speaks OpenAI's chat completions.

mod stream;

use crate::Answer;
use crate::bedrock::refusal::Refusal;
use crate::generate::{Prompt, Reply, Role, Stop, count_tokens};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The time that a long answer may take on a small machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A server that speaks OpenAI's chat completions, such as Ollama or llama.cpp.
#[derive(Debug, Clone)]
pub struct Upstream {
    endpoint: Url,
    model: String,
    timeout: Duration,
    client: Client,
}

/// Why a server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The address is not one over plain HTTP.
    #[error(
        "The upstream \"{0}\" is not an http:// address. Give one like http://localhost:11434/v1."
    )]
    Address(String),
    /// The client cannot be made.
    #[error(
        "Cannot make a client for the upstream: {0}. This is a defect of bedrock-local: report it."
    )]
    Client(reqwest::Error),
}

/// Why the server gave no answer.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("it cannot be reached. Start it, or correct its address.")]
    Unreachable,
    #[error("it did not answer within {0:?}. Set --upstream-timeout to a longer time.")]
    TimedOut(Duration),
    #[error("the connection broke. See its log.")]
    Broken,
    #[error("it answered {0}. See its log.")]
    Status(u16),
    #[error(
        "its answer is not a chat completion. Give the base address of an OpenAI-compatible API."
    )]
    Unreadable,
    #[error(
        "it ended for a reason that the stand-in does not know. Use a model that answers with text."
    )]
    UnknownReason,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    /// A chunk of a stream calls it `delta`.
    #[serde(alias = "delta")]
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
}

impl Upstream {
    /// A server by its base address (such as `http://localhost:11434/v1`) and the model's name there.
    ///
    /// # Errors
    /// When the address is not one over plain HTTP.
    pub fn new(base: &str, model: impl Into<String>) -> Result<Self, UpstreamError> {
        let address = format!("{}/chat/completions", base.trim_end_matches('/'));
        let endpoint = Url::parse(&address)
            .ok()
            .filter(|url| url.scheme() == "http");
        let endpoint = endpoint.ok_or_else(|| UpstreamError::Address(base.to_owned()))?;
        // A proxy of the environment is not for two programs of one machine.
        let client = Client::builder()
            .no_proxy()
            .build()
            .map_err(UpstreamError::Client)?;
        Ok(Self {
            endpoint,
            model: model.into(),
            timeout: TIMEOUT,
            client,
        })
    }

    /// The time to wait for a whole answer. Default: 120 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks the server. Its failure is the caller's `ModelErrorException`: the stand-in never answers in its place.
    pub(crate) async fn answer(&self, prompt: &Prompt<'_>) -> Result<Reply, Answer> {
        let completion = self.call(prompt).await;
        completion
            .and_then(|completion| reply(completion, prompt))
            .map_err(|error| self.failed(&error))
    }

    async fn call(&self, prompt: &Prompt<'_>) -> Result<Completion, CallError> {
        let response = self.send(&self.body(prompt)).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|error| self.transport(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| CallError::Unreadable)
    }

    async fn send(&self, body: &Value) -> Result<Response, CallError> {
        let request = self
            .client
            .post(self.endpoint.clone())
            .timeout(self.timeout)
            .json(body);
        let response = request
            .send()
            .await
            .map_err(|error| self.transport(&error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(CallError::Status(response.status().as_u16()));
        }
        Ok(response)
    }

    fn body(&self, prompt: &Prompt<'_>) -> Value {
        let system = prompt
            .system
            .iter()
            .map(|text| json!({"role": "system", "content": text}));
        let turns = prompt
            .turns
            .iter()
            .map(|turn| json!({"role": role(turn.role), "content": turn.text}));
        let messages: Vec<Value> = system.chain(turns).collect();
        let mut body = json!({"model": self.model, "messages": messages, "max_tokens": prompt.inference.max_tokens});
        let optional = [
            ("temperature", prompt.inference.temperature),
            ("top_p", prompt.inference.top_p),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        if !prompt.inference.stop_sequences.is_empty() {
            body["stop"] = json!(prompt.inference.stop_sequences);
        }
        if let Some(format) = &prompt.format {
            let schema: Value = serde_json::from_str(format.schema.text()).unwrap_or_default();
            body["response_format"] =
                json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}});
        }
        body
    }

    fn transport(&self, error: &reqwest::Error) -> CallError {
        if error.is_timeout() {
            CallError::TimedOut(self.timeout)
        } else if error.is_connect() {
            CallError::Unreachable
        } else {
            CallError::Broken
        }
    }

    fn sentence(&self, error: &CallError) -> String {
        format!(
            "bedrock-local asked its upstream, {}: {error}",
            self.endpoint
        )
    }

    fn failed(&self, error: &CallError) -> Answer {
        let message = self.sentence(error);
        match error {
            CallError::Status(status) => Answer::json(
                424,
                &json!({"message": message, "originalStatusCode": status}),
            )
            .with_error_type("ModelErrorException"),
            _ => Refusal::new(424, "ModelErrorException", message).into(),
        }
    }
}

fn stop(finish_reason: &str) -> Result<Stop, CallError> {
    match finish_reason {
        "stop" => Ok(Stop::End),
        "length" => Ok(Stop::Limit),
        "content_filter" => Ok(Stop::Filtered),
        _ => Err(CallError::UnknownReason),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// The reply in a completion. Tokens that the server does not count are counted by the stand-in's own rule.
fn reply(completion: Completion, prompt: &Prompt<'_>) -> Result<Reply, CallError> {
    let choice = completion
        .choices
        .into_iter()
        .next()
        .ok_or(CallError::Unreadable)?;
    let stop = stop(choice.finish_reason.as_deref().unwrap_or("stop"))?;
    let text = choice.message.content.unwrap_or_default();
    let counted = completion
        .usage
        .map(|usage| (usage.prompt_tokens, usage.completion_tokens));
    let (input_tokens, output_tokens) =
        counted.unwrap_or_else(|| (prompt.tokens(), count_tokens(&text)));
    Ok(Reply {
        reasoning: None,
        text,
        stop,
        input_tokens,
        output_tokens,
    })
}
