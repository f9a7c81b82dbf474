//! Converse: what Bedrock takes, and how it answers.

use crate::generate::{Inference, Prompt, Reply, Role, Stop, Turn};
use crate::{Answer, InferenceParameter, Model, refusal::Refusal};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    system: Vec<Block>,
    #[serde(default)]
    inference_config: Config,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Message {
    role: WireRole,
    content: Vec<Block>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum WireRole {
    User,
    Assistant,
}

#[derive(Deserialize)]
struct Block {
    text: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Config {
    max_tokens: Option<i64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
}

/// Members that would change the answer in a way that the stand-in cannot show.
const NOT_SPOKEN: [&str; 4] = [
    "guardrailConfig",
    "outputConfig",
    "promptVariables",
    "toolConfig",
];

/// Reads a request as Bedrock does.
pub(crate) fn parse<'a>(body: &[u8], model: &'a Model) -> Result<Prompt<'a>, Refusal> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| Refusal::unreadable("Converse", &error))?;
    if let Some(member) = NOT_SPOKEN
        .iter()
        .find(|member| request.other.contains_key(**member))
    {
        return Err(not_spoken(member));
    }
    check_order(&request.messages)?;
    let inference = request.inference_config.check(model)?;
    let system = blocks(request.system, "system")?;
    if model.is_titan_text() && !system.is_empty() {
        return Err(Refusal::validation(
            "This model doesn't support the system field. Remove system and try again.",
        ));
    }
    let turns = request
        .messages
        .into_iter()
        .enumerate()
        .map(|(at, message)| message.turn(at));
    Ok(Prompt {
        model,
        system,
        turns: turns.collect::<Result<_, _>>()?,
        inference,
    })
}

fn check_order(messages: &[Message]) -> Result<(), Refusal> {
    let wrong = if messages
        .first()
        .is_none_or(|first| first.role != WireRole::User)
    {
        "A conversation must start with a user message. Try again with a conversation that starts with a user message."
    } else if messages.windows(2).any(|pair| pair[0].role == pair[1].role) {
        "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again."
    } else if messages
        .last()
        .is_none_or(|last| last.role != WireRole::User)
    {
        "A conversation must end with a user message. Try again with a conversation that ends with a user message."
    } else {
        return Ok(());
    };
    Err(Refusal::validation(wrong))
}

impl Message {
    fn turn(self, at: usize) -> Result<Turn, Refusal> {
        if self.content.is_empty() {
            return Err(Refusal::validation(format!(
                "The content field in the Message object at messages.{at} is empty. Add a ContentBlock object to the content field and try again."
            )));
        }
        let role = if self.role == WireRole::User {
            Role::User
        } else {
            Role::Assistant
        };
        let text = blocks(self.content, &format!("messages.{at}.content"))?.join("\n");
        Ok(Turn { role, text })
    }
}

/// The texts of the blocks, none of them blank.
fn blocks(blocks: Vec<Block>, place: &str) -> Result<Vec<String>, Refusal> {
    let texts = blocks
        .into_iter()
        .enumerate()
        .map(|(at, block)| block.text(&format!("{place}.{at}")));
    Ok(texts
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

impl Block {
    /// The block's text; nothing for a cache point, which changes no answer.
    fn text(self, place: &str) -> Result<Option<String>, Refusal> {
        let kind = if place.starts_with("system") {
            "SystemContentBlock"
        } else {
            "ContentBlock"
        };
        match self.text {
            Some(text) if text.trim().is_empty() => Err(Refusal::validation(format!(
                "The text field in the {kind} object at {place} is blank. Add text to the text field, and try again."
            ))),
            Some(text) => Ok(Some(text)),
            None if self.other.contains_key("cachePoint") => Ok(None),
            None => Err(not_spoken(&format!(
                "any {kind} but text and cachePoint, found at {place}"
            ))),
        }
    }
}

fn not_spoken(what: &str) -> Refusal {
    Refusal::validation(format!(
        "bedrock-local, the stand-in for Amazon Bedrock, does not speak {what}."
    ))
}

impl Config {
    fn check(self, model: &Model) -> Result<Inference, Refusal> {
        let max_tokens = check_max_tokens(self.max_tokens, model.max_output_tokens)?;
        check_unit("inferenceConfig.temperature", self.temperature)?;
        check_unit("inferenceConfig.topP", self.top_p)?;
        self.check_model(model)?;
        let stop_sequences = self.stop_sequences.unwrap_or_default();
        Ok(Inference {
            max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            stop_sequences,
        })
    }

    fn has(&self, parameter: InferenceParameter) -> bool {
        match parameter {
            InferenceParameter::MaxTokens => self.max_tokens.is_some(),
            InferenceParameter::Temperature => self.temperature.is_some(),
            InferenceParameter::TopP => self.top_p.is_some(),
            InferenceParameter::StopSequences => self.stop_sequences.is_some(),
        }
    }

    /// What the model itself refuses.
    fn check_model(&self, model: &Model) -> Result<(), Refusal> {
        if let Some(refused) = model
            .refused_parameters
            .iter()
            .find(|parameter| self.has(**parameter))
        {
            return Err(model_error(&format!(
                "`{}` is deprecated for this model.",
                refused.model_name()
            )));
        }
        let exclusive = model
            .exclusive_parameters
            .iter()
            .filter(|parameter| self.has(**parameter));
        let given: Vec<_> = exclusive
            .map(|parameter| format!("`{}`", parameter.model_name()))
            .collect();
        if given.len() > 1 {
            let names = given.join(" and ");
            return Err(model_error(&format!(
                "{names} cannot both be specified for this model. Please use only one."
            )));
        }
        Ok(())
    }
}

fn check_max_tokens(max_tokens: Option<i64>, limit: u32) -> Result<u32, Refusal> {
    match max_tokens {
        None => Ok(limit),
        Some(..1) => Err(constraint("inferenceConfig.maxTokens", "greater than or equal to 1")),
        Some(tokens) => u32::try_from(tokens).ok().filter(|tokens| *tokens <= limit).ok_or_else(|| {
            Refusal::validation(format!(
                "The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens value that is lower than {limit}."
            ))
        }),
    }
}

fn check_unit(name: &str, value: Option<f64>) -> Result<(), Refusal> {
    match value {
        Some(value) if value < 0.0 => Err(constraint(name, "greater than or equal to 0")),
        Some(value) if value > 1.0 => Err(constraint(name, "less than or equal to 1")),
        _ => Ok(()),
    }
}

fn constraint(name: &str, bound: &str) -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have value {bound}"
    ))
}

fn model_error(message: &str) -> Refusal {
    Refusal::validation(format!(
        "The model returned the following errors: {message}"
    ))
}

/// An answer as Converse gives it.
pub(crate) fn render(reply: &Reply, took: Duration) -> Answer {
    let stop_reason = match reply.stop {
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Sequence => "stop_sequence",
        Stop::Filtered => "content_filtered",
    };
    let reasoning = reply
        .reasoning
        .iter()
        .map(|text| json!({"reasoningContent": {"reasoningText": {"text": text}}}));
    let text = Some(&reply.text)
        .filter(|text| !text.is_empty())
        .map(|text| json!({"text": text}));
    let content: Vec<Value> = reasoning.chain(text).collect();
    let total = reply.input_tokens.saturating_add(reply.output_tokens);
    Answer::json(
        200,
        &json!({
            "metrics": {"latencyMs": u64::try_from(took.as_millis()).unwrap_or(u64::MAX)},
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": stop_reason,
            "usage": {"inputTokens": reply.input_tokens, "outputTokens": reply.output_tokens, "totalTokens": total},
        }),
    )
}
