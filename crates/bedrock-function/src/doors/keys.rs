//! The keys of the object, and their meaning. `admit` checks them against what this deployment allows.

use json_schema::Schema;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Field, Fields, Kind, array, boolean, number, string, wrong_kind};
use crate::{
    errors::{Error, InvalidRequest},
    text::{Probability, Role, ServiceTier, Turn},
};

/// More turns than fit any model's context at a sentence each, and few enough to check at once.
const MOST_MESSAGES: usize = 10_000;

/// The most that `inferenceConfig.stopSequences` takes, by Bedrock's service model.
const MOST_STOP_SEQUENCES: usize = 2_500;

/// The longest schema, in bytes: it is sent, and paid, with every call.
const LONGEST_SCHEMA: usize = 64 * 1024;

/// The most that `schemaRetries` takes: after three wrong answers, a fourth is unlikely to be right.
const MOST_SCHEMA_RETRIES: u8 = 2;

/// What the caller wants. A key that was left out is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// `prompt`. Never empty.
    pub prompt: String,
    /// `modelId`.
    pub model: Option<String>,
    /// `system`. Never empty.
    pub system: Option<String>,
    /// `messages`: user and assistant in turn, as Bedrock wants them around the prompt.
    pub earlier: Vec<Turn>,
    /// `maxTokens`, any number: its range depends on the model.
    pub max_tokens: Option<f64>,
    /// `temperature`.
    pub temperature: Option<Probability>,
    /// `topP`.
    pub top_p: Option<Probability>,
    /// `stopSequences`; none of them empty.
    pub stop_sequences: Option<Vec<String>>,
    /// `serviceTier`.
    pub service_tier: Option<ServiceTier>,
    /// `schema`.
    pub schema: Option<Box<Schema>>,
    /// `schemaRetries`; 0 where it was left out.
    pub schema_retries: u8,
    /// `stream` and `usage`.
    pub delivery: Delivery,
}

/// In which form the answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it at once.
    Whole {
        /// Whether the reply says what the answer took.
        usage: bool,
    },
    /// Piece by piece, as it arrives. What it took is always said at the end.
    Streamed,
}

/// Reads every key that means something. `accepts_events` says whether the caller takes
/// Server-Sent Events, and so wants them where `stream` says nothing else.
pub(super) fn wanted(fields: &Fields<'_>, accepts_events: bool) -> Result<Wanted, Error> {
    let prompt = fields.prompt.map(|raw| string("prompt", raw)).transpose()?;
    let delivery = delivery(fields, accepts_events)?;
    Ok(Wanted {
        prompt: prompt
            .filter(|prompt| !prompt.is_empty())
            .ok_or(Error::NoPrompt)?,
        model: read("modelId", fields.model_id, string)?,
        system: read("system", fields.system, non_empty)?,
        earlier: read("messages", fields.messages, turns)?.unwrap_or_default(),
        max_tokens: read("maxTokens", fields.max_tokens, |name, raw| {
            number(name, "a whole number", raw)
        })?,
        temperature: read("temperature", fields.temperature, probability)?,
        top_p: read("topP", fields.top_p, probability)?,
        stop_sequences: read("stopSequences", fields.stop_sequences, texts)?,
        service_tier: read("serviceTier", fields.service_tier, service_tier)?,
        schema: read("schema", fields.schema, schema)?,
        schema_retries: schema_retries(fields, delivery)?,
        delivery,
    })
}

fn delivery(fields: &Fields<'_>, accepts_events: bool) -> Result<Delivery, InvalidRequest> {
    let usage = read("usage", fields.usage, boolean)?.unwrap_or(false);
    let streams = read("stream", fields.stream, boolean)?.unwrap_or(accepts_events);
    Ok(if streams {
        Delivery::Streamed
    } else {
        Delivery::Whole { usage }
    })
}

fn schema(name: &str, raw: &RawValue) -> Result<Box<Schema>, InvalidRequest> {
    if Kind::of(raw.get()) != Kind::Object {
        return Err(wrong_kind(name, raw, "a JSON Schema, which is an object"));
    }
    let bytes = raw.get().len();
    if bytes > LONGEST_SCHEMA {
        return Err(InvalidRequest::new(
            format!("{name} has {bytes} bytes; the function takes {LONGEST_SCHEMA}."),
            "Leave out what the answer does not need.",
        ));
    }
    Schema::parse(raw.get())
        .map(Box::new)
        .map_err(|problem| InvalidRequest::of_schema(&problem))
}

fn schema_retries(fields: &Fields<'_>, delivery: Delivery) -> Result<u8, InvalidRequest> {
    const NAME: &str = "schemaRetries";
    let Some(raw) = fields.schema_retries else {
        return Ok(0);
    };
    let range = format!("0, 1 or {MOST_SCHEMA_RETRIES}");
    let wanted = number(NAME, &range, raw)?;
    if !(wanted.fract() == 0.0 && (0.0..=f64::from(MOST_SCHEMA_RETRIES)).contains(&wanted)) {
        return Err(InvalidRequest::out_of_range(NAME, &range));
    }
    match (wanted as u8, fields.schema, delivery) {
        (0, ..) => Ok(0),
        (_, None, _) => Err(InvalidRequest::new(
            "schemaRetries is given without a schema.",
            "Send schema too, or leave it out.",
        )),
        (_, _, Delivery::Streamed) => Err(InvalidRequest::new(
            "schemaRetries does not go with a streamed answer, which has been passed on when it is checked.",
            "Leave out one of them.",
        )),
        (retries, ..) => Ok(retries),
    }
}

fn read<T>(
    name: &str,
    field: Field<'_>,
    value: impl Fn(&str, &RawValue) -> Result<T, InvalidRequest>,
) -> Result<Option<T>, InvalidRequest> {
    field.map(|raw| value(name, raw)).transpose()
}

fn probability(name: &str, raw: &RawValue) -> Result<Probability, InvalidRequest> {
    const RANGE: &str = "a number from 0 to 1";
    number(name, RANGE, raw)?
        .try_into()
        .map_err(|_| InvalidRequest::out_of_range(name, RANGE))
}

fn service_tier(name: &str, raw: &RawValue) -> Result<ServiceTier, InvalidRequest> {
    string(name, raw)?.parse().map_err(|_| {
        InvalidRequest::new(
            format!("{name} is neither default nor flex."),
            "Send one of the two, or leave it out.",
        )
    })
}

fn texts(name: &str, raw: &RawValue) -> Result<Vec<String>, InvalidRequest> {
    array(name, MOST_STOP_SEQUENCES, raw)?
        .into_iter()
        .enumerate()
        .map(|(index, raw)| non_empty(&format!("{name}[{index}]"), raw))
        .collect()
}

/// The earlier turns: user and assistant in turn.
fn turns(name: &str, raw: &RawValue) -> Result<Vec<Turn>, InvalidRequest> {
    let turns = array(name, MOST_MESSAGES, raw)?
        .into_iter()
        .enumerate()
        .map(|(index, raw)| turn(&format!("{name}[{index}]"), raw))
        .collect::<Result<Vec<_>, _>>()?;
    let expected = [Role::User, Role::Assistant];
    let is_in_turn = turns
        .iter()
        .zip(expected.iter().cycle())
        .all(|(turn, role)| turn.role == *role);
    if is_in_turn && turns.len() % 2 == 0 {
        Ok(turns)
    } else {
        Err(InvalidRequest::new(
            "messages does not alternate between user and assistant.",
            "Send the earlier turns from the first user's to the last assistant's; prompt is then the next user's.",
        ))
    }
}

fn turn(name: &str, raw: &RawValue) -> Result<Turn, InvalidRequest> {
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        role: Option<&'a RawValue>,
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let shape = "an object such as {\"role\": \"user\", \"text\": \"…\"}";
    let parts: Parts<'_> = Some(raw)
        .filter(|raw| Kind::of(raw.get()) == Kind::Object)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .ok_or_else(|| wrong_kind(name, raw, shape))?;
    let part = |key: &str, value: Field<'_>| {
        let missing =
            || InvalidRequest::new(format!("{name} has no {key}."), format!("Send {shape}."));
        non_empty(&format!("{name}.{key}"), value.ok_or_else(missing)?)
    };
    let role = match part("role", parts.role)?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => {
            let happened = format!("{name}.role is neither user nor assistant.");
            return Err(InvalidRequest::new(
                happened,
                "Send one of the two; a system prompt goes into system.",
            ));
        }
    };
    Ok(Turn {
        role,
        text: part("text", parts.text)?,
    })
}

fn non_empty(name: &str, raw: &RawValue) -> Result<String, InvalidRequest> {
    let text = string(name, raw)?;
    if text.is_empty() {
        return Err(InvalidRequest::new(
            format!("{name} is empty."),
            "Send some text, or leave it out.",
        ));
    }
    Ok(text)
}
