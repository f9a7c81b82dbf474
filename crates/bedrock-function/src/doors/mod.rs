//! The shapes in which the function is called. A door decodes one of them into what the caller
//! wants, and encodes what comes of it. What is allowed is decided behind it, in `admit`.

mod http;
mod json;
mod keys;
mod outcome;
mod reply;
pub mod sse;

pub use keys::{Delivery, Wanted};
pub use outcome::{Body, Outcome};
pub use reply::{Reply, Usage};

use json::Fields;

use crate::{
    errors::{Error, InvalidRequest},
    text::Answer,
};

/// How the function was called, which decides the shape of what it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `Invoke`, with the object as payload.
    Direct,
    /// API Gateway, with the object as the request's body.
    Http,
    /// A Function URL, which is HTTP too. Whether it streams is a setting of the URL, not of the call.
    FunctionUrl,
}

impl Door {
    /// Decodes a payload, and frees it: its texts are in what is wanted then. Takes any text at all.
    pub fn open(payload: Box<str>) -> (Self, Result<Wanted, Error>) {
        let fields = match Fields::parse("The event", &payload) {
            Ok(fields) => fields,
            Err(invalid) => return (Self::Direct, Err(invalid.into())),
        };
        let Some(door) = http::door(&fields) else {
            return (Self::Direct, keys::wanted(&fields, false));
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

    /// The reply with a whole answer. `usage` is what the caller asked to know beside it.
    ///
    /// # Errors
    ///
    /// When the answer has no text, or does not fit into Lambda's reply.
    pub fn answer(self, answer: &Answer, usage: Option<Usage>) -> Result<Reply, Error> {
        if answer.text.is_empty() {
            let stop_reason = answer.end.stop.cut_short_by().map(str::to_owned);
            return Err(Error::NoText { stop_reason });
        }
        let reply = Reply::answer(self, answer, usage);
        if reply.is_too_large() {
            Err(Error::TooLarge)
        } else {
            Ok(reply)
        }
    }

    /// The reply with an error. `request_id` is Lambda's, of this invocation.
    #[must_use]
    pub fn error(self, error: &Error, request_id: &str) -> Reply {
        Reply::error(self, error, request_id)
    }

    /// The reply in the form that the caller's side of the door takes. `is_streaming` says whether
    /// the Function URL has been deployed to stream.
    #[must_use]
    pub fn pass(self, reply: Reply, is_streaming: bool) -> Outcome {
        match self {
            Self::FunctionUrl if is_streaming => Outcome::prelude_and_body(reply),
            _ => Outcome::Whole(reply),
        }
    }
}
