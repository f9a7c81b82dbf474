//! The body of a `Converse` request.
//!
//! The SDK can write it too, but has a long text three times in memory then: in its input, escaped,
//! and in the body. Here it is the body alone, and the request is gone when it is sent.

use aws_sdk_bedrockruntime::config::http::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::text::{MaxTokens, Probability, Role, ServiceTier, Structured, TextRequest, Way};

/// The name of the schema, or of the tool whose input it is.
const NAME: &str = "answer";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    inference_config: InferenceConfig<'a>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<Tier>,
    #[serde(flatten)]
    structured: Option<Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[Block<'a>; 1]>,
}

#[derive(Serialize)]
struct Tier {
    r#type: ServiceTier,
}

/// How a schema is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Form<'a> {
    OutputConfig(OutputConfig<'a>),
    ToolConfig(ToolConfig<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    text_format: TextFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", content = "structure", rename_all = "snake_case")]
enum TextFormat<'a> {
    JsonSchema(Structure<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Structure<'a> {
    JsonSchema { name: &'a str, schema: &'a str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tool_choice: ToolChoice<'a>,
    tools: [Tool<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ToolChoice<'a> {
    Tool { name: &'a str },
}

#[derive(Serialize)]
enum Tool<'a> {
    #[serde(rename = "toolSpec", rename_all = "camelCase")]
    Spec {
        description: &'a str,
        input_schema: InputSchema<'a>,
        name: &'a str,
    },
}

#[derive(Serialize)]
struct InputSchema<'a> {
    json: &'a RawValue,
}

fn form(structured: &Structured) -> Form<'_> {
    match &structured.way {
        Way::TextFormat => {
            let structure = Structure::JsonSchema {
                name: NAME,
                schema: structured.schema.text(),
            };
            Form::OutputConfig(OutputConfig {
                text_format: TextFormat::JsonSchema(structure),
            })
        }
        Way::Tool { input_schema } => Form::ToolConfig(ToolConfig {
            tool_choice: ToolChoice::Tool { name: NAME },
            tools: [Tool::Spec {
                description: "Takes the whole answer.",
                input_schema: InputSchema { json: input_schema },
                name: NAME,
            }],
        }),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig<'a> {
    max_tokens: MaxTokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Serialize)]
struct Message<'a> {
    content: [Block<'a>; 1],
    role: &'static str,
}

#[derive(Serialize)]
struct Block<'a> {
    text: &'a str,
}

fn message(role: Role, text: &str) -> Message<'_> {
    Message {
        content: [Block { text }],
        role: match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        },
    }
}

fn body(request: &TextRequest) -> Body<'_> {
    let earlier = request.earlier.iter().map(|t| message(t.role, &t.text));
    Body {
        inference_config: InferenceConfig {
            max_tokens: request.max_tokens,
            temperature: request.temperature.map(Probability::get),
            top_p: request.top_p.map(Probability::get),
            stop_sequences: &request.stop_sequences,
        },
        messages: earlier
            .chain([message(Role::User, &request.prompt)])
            .collect(),
        // Bedrock serves what asks for no tier in the standard one, also where a model knows no tiers.
        service_tier: (!request.service_tier.is_default()).then_some(Tier {
            r#type: request.service_tier,
        }),
        structured: request.structured.as_deref().map(form),
        system: request.system.as_deref().map(|text| [Block { text }]),
    }
}

/// Writes the body, and frees the request.
pub(super) fn written(request: TextRequest) -> serde_json::Result<Vec<u8>> {
    let mut written = Vec::with_capacity(room(&request));
    serde_json::to_writer(&mut written, &body(&request))?;
    Ok(written)
}

/// Room for the whole body at once, so that it is not copied as it grows: an eighth of the texts is
/// more than the escapes of prose and code take. Memory that stays untouched costs nothing.
fn room(request: &TextRequest) -> usize {
    let earlier = request.earlier.iter().map(|turn| turn.text.len() + 64);
    let system = request.system.as_ref().map_or(0, String::len);
    let stops = request.stop_sequences.iter().map(|stop| stop.len() + 3);
    let texts = request.prompt.len() + system + earlier.sum::<usize>() + stops.sum::<usize>();
    // A schema is sent as a string within a string: it has a quote for every few characters.
    let schema = request
        .structured
        .as_ref()
        .map_or(0, |structured| structured.sent().len());
    texts + texts / 8 + schema * 3 / 2 + 256
}

/// Gives a request of the SDK's this body. Called for each attempt, before it is signed.
pub(super) fn put(request: &mut HttpRequest, body: &SdkBody) {
    let Some(body) = body.try_clone() else {
        // A body in memory can always be cloned; without it, Bedrock would name what is missing.
        return;
    };
    let length = body.content_length().unwrap_or_default();
    *request.body_mut() = body;
    request
        .headers_mut()
        .insert("content-length", length.to_string());
}
