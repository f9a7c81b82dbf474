//! What one request is answered, and how the bytes are delivered.

use crate::tokens::count_tokens;
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// AWS ends the error type's header with the address of the service's model.
const ERROR_NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";

/// One answer, whole or broken on purpose.
#[derive(Debug, Clone)]
#[must_use = "an answer does nothing until it is given to the stand-in"]
pub struct Answer {
    pub(crate) content: Content,
    pub(crate) after: Duration,
    pub(crate) pace: Pace,
    pub(crate) closes: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Http(Response),
    Reset,
    HangUp,
    Silence,
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    StallAt(usize),
    CutAt(usize),
    Trickle { chunk: usize, every: Duration },
}

impl Answer {
    /// A complete answer of Converse with that text, `end_turn`, and token counts by [`count_tokens`].
    pub fn converse_text(text: impl AsRef<str>) -> Self {
        let (text, input) = (text.as_ref(), 10);
        let output = count_tokens(text);
        Self::json(
            200,
            &json!({
                "metrics": {"latencyMs": 1},
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": input, "outputTokens": output, "totalTokens": input + output},
            }),
        )
    }

    /// A complete answer of Titan Text by InvokeModel, with exactly that `outputText`.
    pub fn titan_text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let result = json!({"tokenCount": count_tokens(text), "outputText": text, "completionReason": "FINISH"});
        Self::json(
            200,
            &json!({"inputTextTokenCount": 10, "results": [result]}),
        )
    }

    /// Any JSON. A status outside 100 to 999 is sent as 500.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, "application/json", body.to_string())
    }

    /// An error as AWS words it: the type in `x-amzn-errortype`, the message in the body.
    pub fn error(status: u16, error_type: &str, message: &str) -> Self {
        Self::json(status, &json!({"message": message})).with_error_type(error_type)
    }

    /// Any bytes. A status outside 100 to 999 is sent as 500.
    pub fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self::of(Content::Http(Response {
            status,
            headers,
            body: body.into(),
        }))
    }

    /// The connection is reset (RST) before any answer.
    pub fn reset() -> Self {
        Self::of(Content::Reset)
    }

    /// The connection is closed (FIN) before any answer.
    pub fn hang_up() -> Self {
        Self::of(Content::HangUp)
    }

    /// Nothing is answered, and the connection stays open.
    pub fn silence() -> Self {
        Self::of(Content::Silence)
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            after: Duration::ZERO,
            pace: Pace::AtOnce,
            closes: false,
        }
    }

    /// Adds a header, or replaces the one of that name. An invalid name or value is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Content::Http(response) = &mut self.content {
            response
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            response.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Waits before the first byte.
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Sends the headers and not one byte of the body.
    pub fn stall_after_headers(mut self) -> Self {
        self.pace = Pace::StallAt(0);
        self
    }

    /// Sends half of the body and no more.
    pub fn stall_mid_body(mut self) -> Self {
        self.pace = Pace::StallAt(self.body_length() / 2);
        self
    }

    /// Sends the body in chunks of that many bytes, waiting before each.
    pub fn trickle(mut self, chunk: usize, every: Duration) -> Self {
        self.pace = Pace::Trickle {
            chunk: chunk.max(1),
            every,
        };
        self
    }

    /// Sends that many bytes of the body, then closes the connection.
    pub fn truncate_at(mut self, bytes: usize) -> Self {
        self.pace = Pace::CutAt(bytes);
        self
    }

    /// Answers in full, then closes the connection without having announced it: the caller's pool is left with a
    /// stale connection. Over HTTP/2 the close is a GOAWAY.
    pub fn close_connection_afterwards(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) fn with_error_type(self, error_type: &str) -> Self {
        self.header(
            "x-amzn-errortype",
            &format!("{error_type}:{ERROR_NAMESPACE}"),
        )
    }

    pub(crate) fn body_length(&self) -> usize {
        match &self.content {
            Content::Http(response) => response.body.len(),
            _ => 0,
        }
    }

    /// For the log: the status, or what happens in its place.
    pub(crate) fn outcome(&self) -> String {
        match &self.content {
            Content::Http(response) => response.status.to_string(),
            Content::Reset => "reset".to_owned(),
            Content::HangUp => "hang-up".to_owned(),
            Content::Silence => "silence".to_owned(),
        }
    }
}
