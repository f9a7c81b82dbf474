//! Reads JSON that may be malformed. Values that are not used are not copied.
//!
//! A value is kept as [`RawValue`] until its type is checked, for two reasons: an error can name the key
//! that is wrong, and nothing recurses, so that brackets may be nested to any depth.

use std::fmt;

use aws_smithy_json::deserialize::EscapedStr;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::errors::InvalidRequest;

/// A value of a known key; `None` where it is missing or `null`.
pub(super) type Field<'a> = Option<&'a RawValue>;

/// The keys that mean something, of every kind of event. Others are skipped.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields<'a> {
    #[serde(borrow, default)]
    pub(super) prompt: Field<'a>,
    #[serde(borrow, default)]
    pub(super) model_id: Field<'a>,
    #[serde(borrow, default)]
    pub(super) system: Field<'a>,
    #[serde(borrow, default)]
    pub(super) messages: Field<'a>,
    #[serde(borrow, default)]
    pub(super) max_tokens: Field<'a>,
    #[serde(borrow, default)]
    pub(super) temperature: Field<'a>,
    #[serde(borrow, default)]
    pub(super) top_p: Field<'a>,
    #[serde(borrow, default)]
    pub(super) stop_sequences: Field<'a>,
    #[serde(borrow, default)]
    pub(super) service_tier: Field<'a>,
    #[serde(borrow, default)]
    pub(super) usage: Field<'a>,
    #[serde(borrow, default)]
    pub(super) stream: Field<'a>,
    #[serde(borrow, default)]
    pub(super) schema: Field<'a>,
    #[serde(borrow, default)]
    pub(super) schema_retries: Field<'a>,
    pub(super) task: Field<'a>,
    #[serde(borrow, default)]
    pub(super) id: Field<'a>,
    #[serde(borrow, default)]
    pub(super) headers: Field<'a>,
    #[serde(borrow, default)]
    pub(super) request_context: Field<'a>,
    #[serde(borrow, default)]
    pub(super) http_method: Field<'a>,
    #[serde(borrow, default)]
    pub(super) body: Field<'a>,
    #[serde(borrow, default)]
    pub(super) is_base64_encoded: Field<'a>,
}

impl<'a> Fields<'a> {
    /// Reads an object. `what` is its name in an error.
    pub(super) fn parse(what: &str, text: &'a str) -> Result<Self, InvalidRequest> {
        let kind = Kind::of(text);
        // Checked first, because serde also takes an array for a struct.
        if !text.trim_start().starts_with('{') && kind != Kind::Nothing {
            return Err(InvalidRequest::new(
                format!("{what} is {kind}, not an object."),
                "Send an object such as {\"prompt\": \"…\"}.",
            ));
        }
        serde_json::from_str(text).map_err(|error| unreadable(what, &error))
    }
}

fn unreadable(what: &str, error: &serde_json::Error) -> InvalidRequest {
    // serde_json's own words can quote the input; its position cannot.
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        InvalidRequest::new(
            format!("{what} has one of its keys twice, up to line {line}, column {column}."),
            "Send each key once.",
        )
    } else {
        InvalidRequest::new(
            format!("{what} is not valid JSON at line {line}, column {column}."),
            "Send an object such as {\"prompt\": \"…\"}, in UTF-8.",
        )
    }
}

/// Reads a string.
pub(super) fn string(name: &str, raw: &RawValue) -> Result<String, InvalidRequest> {
    if Kind::of(raw.get()) != Kind::String {
        return Err(wrong_kind(name, raw, "a string"));
    }
    // JSON allows half of a surrogate pair in a string, Rust does not.
    unescaped(raw).ok_or_else(|| {
        InvalidRequest::new(
            format!(
                "{name} holds a lone surrogate, half of a character escaped as \\uD800 to \\uDFFF."
            ),
            "Send whole characters.",
        )
    })
}

/// The text of a JSON string. serde_json would copy a text with escapes twice.
fn unescaped(raw: &RawValue) -> Option<String> {
    let escaped = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    let text = EscapedStr::new(escaped).to_unescaped().ok()?;
    Some(text.into_owned())
}

/// Reads a boolean.
pub(super) fn boolean(name: &str, raw: &RawValue) -> Result<bool, InvalidRequest> {
    typed(raw).ok_or_else(|| wrong_kind(name, raw, "true or false"))
}

/// Reads a number. `wanted` describes it in an error.
pub(super) fn number(name: &str, wanted: &str, raw: &RawValue) -> Result<f64, InvalidRequest> {
    if Kind::of(raw.get()) != Kind::Number {
        return Err(wrong_kind(name, raw, wanted));
    }
    // A number too large for a float is out of every range.
    Ok(typed(raw).unwrap_or(f64::MAX))
}

/// Reads an array of no more than `most` elements.
pub(super) fn array<'a>(
    name: &str,
    most: usize,
    raw: &'a RawValue,
) -> Result<Vec<&'a RawValue>, InvalidRequest> {
    if Kind::of(raw.get()) != Kind::Array {
        return Err(wrong_kind(name, raw, "an array"));
    }
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_seq(AtMost(most))
        .map_err(|_| {
            InvalidRequest::new(
                format!("{name} has more than {most} elements."),
                "Send fewer.",
            )
        })
}

fn typed<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

pub(super) fn wrong_kind(name: &str, raw: &RawValue, wanted: &str) -> InvalidRequest {
    let kind = Kind::of(raw.get());
    InvalidRequest::new(format!("{name} is {kind}."), format!("Send {wanted}."))
}

struct AtMost(usize);

impl<'de> Visitor<'de> for AtMost {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of at most {} elements", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            if elements.len() == self.0 {
                return Err(serde::de::Error::invalid_length(self.0 + 1, &self));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

/// The JSON type of a value, told by its first character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
    Nothing,
}

impl Kind {
    pub(super) fn of(json: &str) -> Self {
        match json.trim_start().as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b'-' | b'0'..=b'9') => Self::Number,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Nothing,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Nothing => "not JSON",
        })
    }
}
