//! The frames of `ConverseStream`: `application/vnd.amazon.eventstream`.

use crate::bedrock::converse::TOOL_USE_ID;
use crate::bedrock::tier::ServiceTier;
use crate::serve::body::Step;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// The `content-type` of an event stream.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// AWS pads each event by a member `p` of changing length, which is a beginning of this text.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A scripted answer of `ConverseStream`: its events in order, the pauses between them, and how it breaks off.
///
/// ```
/// use bedrock_local::{Answer, EventStream};
/// use std::time::Duration;
///
/// let whole = EventStream::of_deltas(["To", "kyo"]);
/// let broken = EventStream::default()
///     .message_start()
///     .delta("To")
///     .wait(Duration::from_millis(5))
///     .exception("throttlingException", "Too many requests, please wait before trying again.");
/// # let _ = (Answer::stream(whole), Answer::stream(broken));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "an event stream does nothing until it is part of an answer"]
pub struct EventStream {
    pub(crate) steps: Vec<Step>,
}

impl EventStream {
    /// A complete answer whose text comes in these deltas: `end_turn`, 10 input tokens, one output token for each delta.
    pub fn of_deltas<T: AsRef<str>>(deltas: impl IntoIterator<Item = T>) -> Self {
        let mut stream = Self::default().message_start();
        let mut tokens = 0;
        for delta in deltas {
            stream = stream.delta(delta);
            tokens += 1;
        }
        stream.message_stop("end_turn").metadata(10, tokens)
    }

    /// The event `messageStart`.
    pub fn message_start(self) -> Self {
        self.step(message_start())
    }

    /// A `contentBlockDelta` of text, in content block 0.
    pub fn delta(self, text: impl AsRef<str>) -> Self {
        self.step(text_delta(0, text.as_ref()))
    }

    /// The events `contentBlockStop`, of content block 0, and `messageStop`.
    pub fn message_stop(self, stop_reason: &str) -> Self {
        self.step(block_stop(0)).step(message_stop(stop_reason))
    }

    /// The event `metadata`, which AWS sends last.
    pub fn metadata(self, input_tokens: u32, output_tokens: u32) -> Self {
        self.step(metadata(
            input_tokens,
            output_tokens,
            Duration::from_millis(1),
            None,
        ))
    }

    /// Any event of that `:event-type`. One that a frame cannot hold is left out.
    pub fn event(self, event_type: &str, payload: Value) -> Self {
        self.step(event(event_type, payload))
    }

    /// An exception of that `:exception-type`, such as `throttlingException`; the stream ends with it.
    pub fn exception(self, exception_type: &str, message: &str) -> Self {
        self.step(exception(exception_type, message))
            .step(Step::End)
    }

    /// A `contentBlockDelta` whose checksum is wrong.
    pub fn corrupt_delta(self, text: &str) -> Self {
        self.step(corrupt(text_delta(0, text)))
    }

    /// A pause before what follows.
    pub fn wait(self, time: Duration) -> Self {
        self.step(Step::Wait(time))
    }

    /// A pause before each delta but the first.
    pub fn every(mut self, time: Duration) -> Self {
        let mut deltas = 0;
        let paced = self.steps.drain(..).flat_map(|step| {
            deltas += usize::from(step.is_delta());
            let wait = (step.is_delta() && deltas > 1).then_some(Step::Wait(time));
            wait.into_iter().chain([step])
        });
        Self {
            steps: paced.collect(),
        }
    }

    /// Nothing more comes, and the connection stays open.
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// The connection is reset (RST).
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// The connection is closed (FIN) before the body is complete.
    pub fn hang_up(self) -> Self {
        self.step(Step::HangUp)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

pub(crate) fn message_start() -> Step {
    event("messageStart", json!({"role": "assistant"}))
}

pub(crate) fn text_delta(block: usize, text: &str) -> Step {
    delta(block, json!({"text": text}))
}

pub(crate) fn reasoning_delta(block: usize, text: &str) -> Step {
    delta(block, json!({"reasoningContent": {"text": text}}))
}

/// The event `contentBlockStart`, which AWS sends for a tool's call alone.
pub(crate) fn tool_start(block: usize, name: &str) -> Step {
    let call = json!({"toolUseId": TOOL_USE_ID, "name": name});
    event(
        "contentBlockStart",
        json!({"contentBlockIndex": block, "start": {"toolUse": call}}),
    )
}

/// A part of the JSON of a tool's input.
pub(crate) fn tool_delta(block: usize, input: &str) -> Step {
    delta(block, json!({"toolUse": {"input": input}}))
}

fn delta(block: usize, delta: Value) -> Step {
    event(
        "contentBlockDelta",
        json!({"contentBlockIndex": block, "delta": delta}),
    )
}

pub(crate) fn block_stop(block: usize) -> Step {
    event("contentBlockStop", json!({"contentBlockIndex": block}))
}

pub(crate) fn message_stop(stop_reason: &str) -> Step {
    event("messageStop", json!({"stopReason": stop_reason}))
}

pub(crate) fn metadata(
    input_tokens: u32,
    output_tokens: u32,
    took: Duration,
    tier: Option<&ServiceTier>,
) -> Step {
    let mut payload =
        json!({"metrics": metrics(took), "usage": usage(input_tokens, output_tokens)});
    if let Some(tier) = tier {
        payload["serviceTier"] = json!(tier);
    }
    event("metadata", payload)
}

/// The member `usage` of `Converse` and of the event `metadata`.
pub(crate) fn usage(input_tokens: u32, output_tokens: u32) -> Value {
    let total = input_tokens.saturating_add(output_tokens);
    json!({"inputTokens": input_tokens, "outputTokens": output_tokens, "totalTokens": total})
}

/// The member `metrics` of `Converse` and of the event `metadata`.
pub(crate) fn metrics(took: Duration) -> Value {
    json!({"latencyMs": u64::try_from(took.as_millis()).unwrap_or(u64::MAX)})
}

/// An event of that type, padded as AWS pads it.
pub(crate) fn event(event_type: &str, mut payload: Value) -> Step {
    let length = payload.to_string().len() % PADDING.len();
    if let Some(members) = payload.as_object_mut() {
        members.insert("p".to_owned(), json!(PADDING[..length]));
    }
    frame("event", ":event-type", event_type, &payload)
}

pub(crate) fn exception(exception_type: &str, message: &str) -> Step {
    frame(
        "exception",
        ":exception-type",
        exception_type,
        &json!({"message": message}),
    )
}

/// The same frame with its last byte, which is of the message's checksum, changed.
pub(crate) fn corrupt(step: Step) -> Step {
    let Step::Event { name, bytes } = step else {
        return step;
    };
    let mut bytes = bytes.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = !*last;
    }
    Step::Event {
        name,
        bytes: bytes.into(),
    }
}

/// A frame; an empty one where a frame cannot hold it.
fn frame(message_type: &str, name_header: &'static str, name: &str, payload: &Value) -> Step {
    let text = |value: &str| HeaderValue::String(value.to_owned().into());
    let message = Message::new(payload.to_string())
        .add_header(Header::new(":message-type", text(message_type)))
        .add_header(Header::new(name_header, text(name)))
        .add_header(Header::new(":content-type", text("application/json")));
    let mut bytes = Vec::new();
    if write_message_to(&message, &mut bytes).is_err() {
        bytes.clear();
    }
    Step::Event {
        name: name.to_owned(),
        bytes: Bytes::from(bytes),
    }
}
