//! Server-Sent Events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), the form of a
//! streamed answer. Serialized JSON has no line breaks, so that one `data` line holds a whole object.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Usage;
use crate::errors::Error;

/// `content-type` of a stream of events.
pub const CONTENT_TYPE: &str = "text/event-stream; charset=utf-8";

/// A comment, which every client ignores: it keeps a silent connection open.
pub const COMMENT: &str = ": \n\n";

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// The data of the event `done`, which ends an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// Why the model stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// The answer's JSON, where the caller asked for it, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Box<RawValue>>,
    /// What the answer took.
    #[serde(flatten)]
    pub usage: Usage,
    /// From the request to the first text, retries included, in milliseconds.
    pub first_text_ms: u64,
}

/// The next piece of the answer.
#[must_use]
pub fn text(text: &str) -> String {
    event("text", &Text { text })
}

/// The answer has ended; the only sign that nothing of it is missing.
#[must_use]
pub fn done(done: &Done) -> String {
    event("done", done)
}

/// The answer has broken off. `request_id` is Lambda's, of this invocation.
#[must_use]
pub fn error(error: &Error, request_id: &str) -> String {
    event("error", &error.body(request_id))
}

fn event(name: &str, data: &impl Serialize) -> String {
    // Strings and finite numbers always serialize.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
