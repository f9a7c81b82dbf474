//! Answers from a real model behind any server that speaks OpenAI's chat completions.

use crate::converse_stream::Part;
use crate::generate::{Prompt, Reply, Role, Stop};
use crate::tokens::count_tokens;
use crate::{Answer, refusal::Refusal};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_stream::SseByteStream;
use std::time::Duration;

/// A model on a small machine may need this long for a long answer.
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
    /// Not an address over plain HTTP.
    #[error(
        "the upstream \"{0}\" is not an http:// address; give one like http://localhost:11434/v1"
    )]
    Address(String),
    /// No client.
    #[error("cannot make a client for the upstream: {0}; this is a defect of bedrock-local")]
    Client(reqwest::Error),
}

/// Why the server gave no answer.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("it cannot be reached; is it running?")]
    Unreachable,
    #[error("it did not answer within {0:?}")]
    TimedOut(Duration),
    #[error("the connection broke")]
    Broken,
    #[error("it answered {0}")]
    Status(u16),
    #[error("its answer is not a chat completion")]
    Unreadable,
    #[error("it ended for a reason that the stand-in does not know")]
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
        // A proxy of the environment has no business between two programs of one machine.
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

    /// How long to wait for a whole answer; 120 seconds where nothing is said.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks the server. Its failure is the caller's `ModelErrorException`, never an answer of the stand-in's own.
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

    /// Asks the server for a stream. What fails before its first part is an ordinary error, what fails later a part.
    pub(crate) async fn stream(
        &self,
        prompt: &Prompt<'_>,
    ) -> Result<impl Stream<Item = Part> + Send + 'static, Answer> {
        let mut body = self.body(prompt);
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        let response = self
            .send(&body)
            .await
            .map_err(|error| self.failed(&error))?;
        let mut reading = Reading {
            events: SseByteStream::new(response.bytes_stream().boxed()),
            finish_reason: None,
            usage: None,
            counted: (prompt.tokens(), 0),
        };
        let first = reading
            .next(self)
            .await
            .map_err(|error| self.failed(&error))?;
        let more = !matches!(first, Part::End { .. });
        let state = more.then(|| (reading, self.clone()));
        let rest = stream::unfold(state, |state| async {
            let (mut reading, upstream) = state?;
            match reading.next(&upstream).await {
                Ok(part @ Part::End { .. }) => Some((part, None)),
                Ok(part) => Some((part, Some((reading, upstream)))),
                Err(error) => Some((Part::Failed(upstream.sentence(&error)), None)),
            }
        });
        Ok(stream::iter([first]).chain(rest))
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
            "bedrock-local asked its upstream, {}, and {error}.",
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

/// Where the server counts no tokens, they are counted by the stand-in's own rule.
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

/// A stream of the server's, as far as it is read.
struct Reading {
    events: SseByteStream<BoxStream<'static, reqwest::Result<Bytes>>>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    /// Tokens in and out by the stand-in's own rule, for a server that counts none.
    counted: (u32, u32),
}

impl Reading {
    async fn next(&mut self, upstream: &Upstream) -> Result<Part, CallError> {
        while let Some(event) = self.events.next().await {
            let data = event.map_err(|error| broken(&error, upstream))?.data;
            match data.as_deref() {
                None => {}
                Some("[DONE]") => break,
                Some(data) => {
                    if let Some(text) = self.take(data)? {
                        return Ok(Part::Text(text));
                    }
                }
            }
        }
        self.end()
    }

    /// The text of a chunk, if it has any.
    fn take(&mut self, data: &str) -> Result<Option<String>, CallError> {
        let chunk: Completion = serde_json::from_str(data).map_err(|_| CallError::Unreadable)?;
        // The usage comes in a chunk of its own, without choices.
        self.usage = chunk.usage.or(self.usage.take());
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(None);
        };
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        let text = choice.message.content.filter(|text| !text.is_empty());
        self.counted.1 += text.as_deref().map_or(0, count_tokens);
        Ok(text)
    }

    fn end(&self) -> Result<Part, CallError> {
        let finish_reason = self.finish_reason.as_deref().ok_or(CallError::Broken)?;
        let counted = self.usage.as_ref();
        let (input_tokens, output_tokens) = counted.map_or(self.counted, |usage| {
            (usage.prompt_tokens, usage.completion_tokens)
        });
        Ok(Part::End {
            stop: stop(finish_reason)?,
            input_tokens,
            output_tokens,
        })
    }
}

fn broken(error: &sse_stream::Error, upstream: &Upstream) -> CallError {
    match error {
        sse_stream::Error::Body(source) => source
            .downcast_ref()
            .map_or(CallError::Broken, |error| upstream.transport(error)),
        _ => CallError::Unreadable,
    }
}
