//! The shapes in which the function is called. A door decodes one of them into a [`Wanted`], and encodes
//! the answer or the error. `admit` then checks what this deployment allows.

mod http;
mod json;
mod keys;
mod outcome;
mod reply;
pub mod sse;
mod task;

pub use keys::{Delivery, Wanted};
pub use outcome::{Body, Failure, Outcome, Payload};
pub use reply::{Reply, Usage};
pub use task::TaskId;

use json::Fields;
use serde_json::value::RawValue;

use crate::{
    errors::{Cause, Error, InvalidRequest},
    text::Answer,
};

/// How the function was called, which decides the shape of what it returns.
#[derive(Clone, Debug)]
pub enum Door {
    /// `Invoke`, with the object as payload.
    Direct,
    /// API Gateway, with the object as the request's body.
    Http,
    /// A Function URL, which is HTTP too. Whether it streams is a setting of the URL, not of the call.
    FunctionUrl,
    /// A task of Step Functions, with the object in `task`, and its `id` where it has one.
    Task(Option<TaskId>),
}

impl Door {
    /// Decodes a payload, which may be any text, and frees it: its texts are copied into the result.
    pub fn open(payload: Box<str>) -> (Self, Result<Wanted, Error>) {
        let fields = match Fields::parse("The event", &payload) {
            Ok(fields) => fields,
            Err(invalid) => return (Self::Direct, Err(invalid.into())),
        };
        let Some(door) = http::door(&fields) else {
            let Some(task) = task::of(&fields) else {
                return (Self::Direct, keys::wanted(&fields, false));
            };
            let (id, wanted) = task::open(task);
            return (Self::Task(id), wanted);
        };
        let body = http::body(&fields);
        let accepts_events = http::accepts_events(&fields);
        // The payload is freed before the prompt is copied out of the body: long prompts have megabytes.
        drop(payload);
        (door, Self::wanted_by(body, accepts_events))
    }

    fn wanted_by(
        body: Result<Option<String>, InvalidRequest>,
        accepts_events: bool,
    ) -> Result<Wanted, Error> {
        let body = body?.ok_or(Error::NoPrompt)?;
        let fields = Fields::parse("The request's body", &body)?;
        keys::wanted(&fields, accepts_events)
    }

    /// The payload with a whole answer. `json` is the answer's JSON where the caller asked for JSON, and
    /// `usage` is given where the caller asked for it.
    ///
    /// # Errors
    ///
    /// When the answer has no text, or is larger than the caller can be given.
    pub fn answer(
        &self,
        answer: &Answer,
        json: Option<&RawValue>,
        usage: Option<Usage>,
    ) -> Result<Payload, Error> {
        if answer.text.is_empty() {
            let stop_reason = answer.end.stop.cut_short_by().map(str::to_owned);
            return Err(Error::NoText { stop_reason });
        }
        if let Self::Task(id) = self {
            return task::answer(id.as_ref(), answer, json, usage).map(Payload::Task);
        }
        let reply = Reply::answer(self, answer, json, usage);
        if reply.is_too_large() {
            Err(Error::TooLarge(Cause::AnswerTooLarge))
        } else {
            Ok(Payload::Proxy(reply))
        }
    }

    /// The outcome for an error. `request_id` is Lambda's, of this invocation; `is_streaming` is as in
    /// [`pass`](Self::pass).
    #[must_use]
    pub fn fail(&self, error: &Error, request_id: &str, is_streaming: bool) -> Outcome {
        let payload = match self {
            // Step Functions tries again by the type of an error, and never by what is in a reply.
            Self::Task(_) if error.is_retryable() => return Outcome::Failed(Failure::from(error)),
            Self::Task(id) => Payload::Task(task::error(id.as_ref(), error, request_id)),
            _ => Payload::Proxy(Reply::error(self, error, request_id)),
        };
        self.pass(payload, is_streaming)
    }

    /// The payload in the form that the caller takes. `is_streaming` says whether the Function URL has
    /// been deployed to stream.
    #[must_use]
    pub fn pass(&self, payload: Payload, is_streaming: bool) -> Outcome {
        match (self, payload) {
            (Self::FunctionUrl, Payload::Proxy(reply)) if is_streaming => {
                Outcome::prelude_and_body(reply)
            }
            (_, payload) => Outcome::Whole(payload),
        }
    }
}
