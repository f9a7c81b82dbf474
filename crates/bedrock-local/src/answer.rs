//! The answer to one request, and how its bytes are delivered.

use crate::bedrock::event_stream::{self, EventStream};
use crate::fault::StreamFault;
use crate::generate::count_tokens;
use crate::serve::body::{Frames, LiveSteps, Pace, Payload, ResponseBody};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// AWS ends the error type's header with the address of the service's model.
const ERROR_NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";

/// One answer, whole or broken on purpose.
#[derive(Debug, Clone)]
#[must_use = "an answer does nothing until it is given to the stand-in"]
pub struct Answer {
    pub(crate) content: Content,
    pub(crate) after: Duration,
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
    pub(crate) body: ResponseBody,
}

impl Answer {
    /// A complete answer of Converse with that text, `end_turn`, and token counts by [`count_tokens`].
    pub fn converse_text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        Self::json(
            200,
            &json!({
                "metrics": event_stream::metrics(Duration::from_millis(1)),
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": event_stream::usage(10, count_tokens(text)),
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
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        // A value that cannot be serialized gives an empty body.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::raw(status, "application/json", body)
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

    /// An answer of ConverseStream, event by event.
    pub fn stream(events: EventStream) -> Self {
        Self::frames(Frames::Scripted(events.steps))
    }

    /// An answer of ConverseStream whose deltas are sent as they are made: `end_turn`, 10 input tokens, and that many output tokens.
    pub fn stream_of(
        deltas: impl Stream<Item = String> + Send + 'static,
        output_tokens: u32,
    ) -> Self {
        let end = EventStream::default()
            .message_stop("end_turn")
            .metadata(10, output_tokens);
        let head = stream::iter([event_stream::message_start()]);
        let deltas = deltas.map(|text| event_stream::text_delta(0, &text));
        Self::live_stream(LiveSteps::new(
            head.chain(deltas).chain(stream::iter(end.steps)),
        ))
    }

    pub(crate) fn live_stream(steps: LiveSteps) -> Self {
        Self::frames(Frames::Live(steps))
    }

    /// The connection is reset (RST) before any answer.
    pub fn reset() -> Self {
        Self::of(Content::Reset)
    }

    /// The connection is closed (FIN) before any answer.
    pub fn hang_up() -> Self {
        Self::of(Content::HangUp)
    }

    /// No answer is sent, and the connection stays open.
    pub fn silence() -> Self {
        Self::of(Content::Silence)
    }

    fn frames(frames: Frames) -> Self {
        let payload = Payload::Stream(frames, None);
        Self::http(200, event_stream::CONTENT_TYPE, payload)
    }

    fn http(status: u16, content_type: &str, payload: Payload) -> Self {
        Self::of(Content::Http(Response {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: ResponseBody {
                payload,
                closes: false,
            },
        }))
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            after: Duration::ZERO,
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

    /// Sends the headers and no byte of the body.
    pub fn stall_after_headers(self) -> Self {
        self.paced(|_| Pace::StallAt(0))
    }

    /// Sends half of the body and no more.
    pub fn stall_mid_body(self) -> Self {
        self.paced(|length| Pace::StallAt(length / 2))
    }

    /// Sends the body in chunks of that many bytes, with a wait before each.
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

    /// Sends the whole answer, then closes the connection without having announced it: the caller's pool is left
    /// with a stale connection. Over HTTP/2 the close is a GOAWAY.
    pub fn close_connection_afterwards(self) -> Self {
        self.with_body(|body| body.closes = true)
    }

    /// Sets the pace of a body whose length is known. A stream keeps its own.
    fn paced(self, pace: impl FnOnce(usize) -> Pace) -> Self {
        self.with_body(|body| {
            if let Payload::Whole(bytes, current) = &mut body.payload {
                *current = pace(bytes.len());
            }
        })
    }

    /// Breaks a stream. Any other answer stays as it is.
    pub(crate) fn with_stream_fault(self, fault: StreamFault) -> Self {
        self.with_body(|body| {
            if let Payload::Stream(_, current) = &mut body.payload {
                *current = Some(fault);
            }
        })
    }

    fn with_body(mut self, change: impl FnOnce(&mut ResponseBody)) -> Self {
        if let Content::Http(response) = &mut self.content {
            change(&mut response.body);
        }
        self
    }

    pub(crate) fn with_error_type(self, error_type: &str) -> Self {
        self.header(
            "x-amzn-errortype",
            &format!("{error_type}:{ERROR_NAMESPACE}"),
        )
    }

    /// The status for the log, or the name of what is done in place of an answer.
    pub(crate) fn outcome(&self) -> String {
        match &self.content {
            Content::Http(response) => response.status.to_string(),
            Content::Reset => "reset".to_owned(),
            Content::HangUp => "hang-up".to_owned(),
            Content::Silence => "silence".to_owned(),
        }
    }
}
