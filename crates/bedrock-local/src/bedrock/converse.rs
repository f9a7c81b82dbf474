//! Converse: its request, which ConverseStream shares, and its answer.

use crate::bedrock::event_stream;
use crate::bedrock::format::{OutputConfig, ToolConfig};
use crate::bedrock::inference::Config;
use crate::bedrock::refusal::Refusal;
use crate::bedrock::tier::ServiceTier;
use crate::generate::{Prompt, Reply, Role, Stop, Turn};
use crate::{Answer, Api, Model};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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
    output_config: Option<OutputConfig>,
    tool_config: Option<ToolConfig>,
    service_tier: Option<ServiceTier>,
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

/// Members of a request that the stand-in refuses, because it cannot show their effect.
const UNSUPPORTED: [&str; 2] = ["guardrailConfig", "promptVariables"];

/// Reads a request as Bedrock does.
pub(crate) fn parse<'a>(body: &[u8], model: &'a Model) -> Result<Prompt<'a>, Refusal> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| Refusal::unreadable(&error))?;
    if let Some(member) = UNSUPPORTED
        .iter()
        .find(|member| request.other.contains_key(**member))
    {
        return Err(unsupported(member));
    }
    check_order(&request.messages)?;
    let inference = request.inference_config.check(model)?;
    let of_text = request.output_config.map(|config| config.check(model));
    let of_tool = request.tool_config.map(|config| config.check(model));
    let (of_text, of_tool) = (of_text.transpose()?.flatten(), of_tool.transpose()?);
    let tier = request.service_tier.map(|tier| tier.check(model));
    let system = blocks(request.system, "system")?;
    if model.api == Api::InvokeModel && !system.is_empty() {
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
        format: of_tool.or(of_text),
        tier: tier.transpose()?,
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

/// The texts of the blocks. A blank one is refused.
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
    /// The block's text; none for a cache point, which has no effect on the answer.
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
            None => Err(unsupported(&format!(
                "any {kind} but text and cachePoint, found at {place}"
            ))),
        }
    }
}

fn unsupported(what: &str) -> Refusal {
    Refusal::validation(format!(
        "bedrock-local, the stand-in for Amazon Bedrock, does not speak {what}. Leave it out."
    ))
}

/// An answer as Converse gives it; the input of that tool, where it must be called.
pub(crate) fn render(
    reply: &Reply,
    tool: Option<&str>,
    service_tier: Option<&ServiceTier>,
    took: Duration,
) -> Answer {
    let reasoning = reply
        .reasoning
        .iter()
        .map(|text| AnswerBlock::ReasoningContent(json!({"reasoningText": {"text": text}})));
    let answer = match tool {
        // An input that was cut is not JSON. What Bedrock puts in its place is not known; here it is null.
        Some(name) => Some(AnswerBlock::ToolUse {
            input: serde_json::from_str(&reply.text).unwrap_or(RawValue::NULL),
            name,
            tool_use_id: TOOL_USE_ID,
        }),
        None => Some(&reply.text)
            .filter(|text| !text.is_empty())
            .map(|text| AnswerBlock::Text(text)),
    };
    let content: Vec<_> = reasoning.chain(answer).collect();
    Answer::json(
        200,
        &Rendered {
            metrics: event_stream::metrics(took),
            output: Output {
                message: AnswerMessage {
                    content,
                    role: "assistant",
                },
            },
            service_tier,
            stop_reason: stop_reason(reply.stop, tool.is_some()),
            usage: event_stream::usage(reply.input_tokens, reply.output_tokens),
        },
    )
}

/// The id of a tool's call, in Bedrock's form.
pub(crate) const TOOL_USE_ID: &str = "tooluse_bedrock-local";

/// An answer of Converse, whose tool's input keeps the order of its members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rendered<'a> {
    metrics: Value,
    output: Output<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a ServiceTier>,
    stop_reason: &'static str,
    usage: Value,
}

#[derive(Serialize)]
struct Output<'a> {
    message: AnswerMessage<'a>,
}

#[derive(Serialize)]
struct AnswerMessage<'a> {
    content: Vec<AnswerBlock<'a>>,
    role: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnswerBlock<'a> {
    ReasoningContent(Value),
    Text(&'a str),
    #[serde(rename_all = "camelCase")]
    ToolUse {
        input: &'a RawValue,
        name: &'a str,
        tool_use_id: &'static str,
    },
}

pub(crate) fn stop_reason(stop: Stop, calls_tool: bool) -> &'static str {
    match stop {
        Stop::End if calls_tool => "tool_use",
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Sequence => "stop_sequence",
        Stop::Filtered => "content_filtered",
    }
}
