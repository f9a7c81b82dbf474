//! The event, checked before anything is built or started.

use std::{fs, path::Path};

use bytes::Bytes;
use lambda_local::MAX_EVENT_BYTES;
use serde::{Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Reads an event as it is, and checks that it is JSON.
pub(crate) fn read(path: &Path) -> Result<Bytes, Failure> {
    if path.as_os_str().is_empty() {
        return Err(Failure::NoEvent);
    }
    let path = path.to_owned();
    let event = match fs::read(&path) {
        Ok(event) => event,
        Err(source) => return Err(Failure::EventUnreadable { path, source }),
    };
    if let Err(source) = serde_json::from_slice::<IgnoredAny>(&event) {
        return Err(Failure::EventNotJson { path, source });
    }
    match event.len() {
        bytes if bytes > MAX_EVENT_BYTES => Err(Failure::EventTooLarge {
            path,
            bytes,
            limit: MAX_EVENT_BYTES,
        }),
        _ => Ok(event.into()),
    }
}

/// The event that asks a model; the function's first one, where the name is empty.
pub(crate) fn of_prompt(
    prompt: &str,
    model: &str,
    is_streamed: bool,
    schema: Option<&RawValue>,
) -> Result<Bytes, Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Event<'a> {
        prompt: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        model_id: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        stream: bool,
        /// As it is written: models keep to the order of its members.
        #[serde(skip_serializing_if = "Option::is_none")]
        schema: Option<&'a RawValue>,
    }
    if prompt.is_empty() {
        return Err(Failure::NoPrompt);
    }
    let event = Event {
        prompt,
        model_id: model,
        stream: is_streamed,
        schema,
    };
    // Strings always serialize.
    Ok(serde_json::to_vec(&event).unwrap_or_default().into())
}

/// Reads a JSON Schema; none, where no file is named. The function says what is wrong with it.
pub(crate) fn schema(path: &Path) -> Result<Option<Box<RawValue>>, Failure> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let path = path.to_owned();
    match fs::read(&path) {
        Ok(schema) => serde_json::from_slice(&schema)
            .map(Some)
            .map_err(|source| Failure::SchemaNotJson { path, source }),
        Err(source) => Err(Failure::SchemaUnreadable { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_prompt_keeps_every_character() {
        let prompt = "\"quotes\" $HOME `x` \\ \n 日本語 'single'";
        let event: Value =
            serde_json::from_slice(&of_prompt(prompt, "", false, None).unwrap()).unwrap();
        assert_eq!(event, json!({ "prompt": prompt }));
    }

    #[test]
    fn a_schema_stays_as_it_is_written() {
        let schema: Box<RawValue> = serde_json::from_str(r#"{ "b": 1, "a": 1.50 }"#).unwrap();
        let event = of_prompt("hi", "m", true, Some(&schema)).unwrap();
        let written =
            r#"{"prompt":"hi","modelId":"m","stream":true,"schema":{ "b": 1, "a": 1.50 }}"#;
        assert_eq!(event, written);
    }
}
