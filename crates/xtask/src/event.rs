//! The event, checked before anything is built or started.

use std::{fs, path::Path};

use bytes::Bytes;
use lambda_local::MAX_EVENT_BYTES;
use serde::de::IgnoredAny;
use serde_json::json;

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
pub(crate) fn of_prompt(prompt: &str, model: &str, is_streamed: bool) -> Result<Bytes, Failure> {
    let mut event = match (prompt, model) {
        ("", _) => return Err(Failure::NoPrompt),
        (prompt, "") => json!({ "prompt": prompt }),
        (prompt, model) => json!({ "prompt": prompt, "modelId": model }),
    };
    if is_streamed {
        event["stream"] = true.into();
    }
    Ok(event.to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_prompt_keeps_every_character() {
        let prompt = "\"quotes\" $HOME `x` \\ \n 日本語 'single'";
        let event: Value = serde_json::from_slice(&of_prompt(prompt, "", false).unwrap()).unwrap();
        assert_eq!(event, json!({ "prompt": prompt }));
    }
}
