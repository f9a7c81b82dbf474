//! What one request is answered, and how the bytes are delivered.

use crate::body::{self, LiveSteps, Step};
use crate::connection::Connection;
use crate::event_stream::{self, EventStream};
use crate::stream_fault::StreamFault;
use crate::tokens::count_tokens;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
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
    pub(crate) body: Payload,
}

/// What the body of a response holds.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Bytes whose length is announced.
    Whole(Bytes, Pace),
    /// The frames of an event stream, and what goes wrong among them.
    Stream(Frames, Option<StreamFault>),
}

#[derive(Debug, Clone)]
pub(crate) enum Frames {
    Scripted(Vec<Step>),
    Live(LiveSteps),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    StallAt(usize),
    CutAt(usize),
    Trickle { chunk: usize, every: Duration },
}

impl Pace {
    fn steps(self, bytes: &Bytes) -> Vec<Step> {
        let first = |length: usize| Step::Bytes(bytes.slice(..length.min(bytes.len())));
        match self {
            Self::AtOnce => vec![Step::Bytes(bytes.clone())],
            Self::StallAt(length) => vec![first(length), Step::Stall],
            Self::CutAt(length) => vec![first(length), Step::HangUp],
            Self::Trickle { chunk, every } => Step::Bytes(bytes.clone()).trickle(chunk, every),
        }
    }
}

impl Frames {
    fn into_steps(self) -> BoxStream<'static, Step> {
        match self {
            Self::Scripted(steps) => stream::iter(steps).boxed(),
            Self::Live(steps) => steps.take(),
        }
    }
}

impl Response {
    pub(crate) fn into_body(self, closes: bool, connection: Connection) -> Body {
        match self.body {
            Payload::Whole(bytes, Pace::AtOnce) if !closes => bytes.into(),
            Payload::Whole(bytes, pace) => {
                body::body(stream::iter(pace.steps(&bytes)), closes, connection)
            }
            Payload::Stream(frames, None) => body::body(frames.into_steps(), closes, connection),
            Payload::Stream(frames, Some(fault)) => {
                body::body(fault.apply(frames.into_steps()), closes, connection)
            }
        }
    }
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
        let body = body.into();
        let length = body.len().to_string();
        Self::http(status, content_type, Payload::Whole(body, Pace::AtOnce))
            .header("content-length", &length)
    }

    /// An answer of `ConverseStream`, event by event.
    pub fn stream(events: EventStream) -> Self {
        Self::frames(Frames::Scripted(events.steps))
    }

    pub(crate) fn live_stream(steps: LiveSteps) -> Self {
        Self::frames(Frames::Live(steps))
    }

    fn frames(frames: Frames) -> Self {
        Self::http(
            200,
            event_stream::CONTENT_TYPE,
            Payload::Stream(frames, None),
        )
    }

    fn http(status: u16, content_type: &str, body: Payload) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self::of(Content::Http(Response {
            status,
            headers,
            body,
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
    pub fn stall_after_headers(self) -> Self {
        self.paced(|_| Pace::StallAt(0))
    }

    /// Sends half of the body and no more.
    pub fn stall_mid_body(self) -> Self {
        self.paced(|length| Pace::StallAt(length / 2))
    }

    /// Sends the body in chunks of that many bytes, waiting before each.
    pub fn trickle(self, chunk: usize, every: Duration) -> Self {
        let chunk = chunk.max(1);
        self.paced(|_| Pace::Trickle { chunk, every })
    }

    /// Sends that many bytes of the body, then closes the connection.
    pub fn truncate_at(self, bytes: usize) -> Self {
        self.paced(|_| Pace::CutAt(bytes))
    }

    /// Sends half of the body, then closes the connection.
    pub(crate) fn truncate_mid_body(self) -> Self {
        self.paced(|length| Pace::CutAt(length / 2))
    }

    /// Sets the pace of a body that is known before it is sent. A stream has its own.
    fn paced(mut self, pace: impl FnOnce(usize) -> Pace) -> Self {
        if let Content::Http(response) = &mut self.content
            && let Payload::Whole(bytes, current) = &mut response.body
        {
            *current = pace(bytes.len());
        }
        self
    }

    /// Has a stream go wrong. Any other answer stays as it is.
    pub(crate) fn with_stream_fault(mut self, fault: StreamFault) -> Self {
        if let Content::Http(response) = &mut self.content
            && let Payload::Stream(_, current) = &mut response.body
        {
            *current = Some(fault);
        }
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
