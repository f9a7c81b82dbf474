//! The shapes in which the function is called. A door decodes one of them into what the caller
//! wants, and encodes what comes of it. What is allowed is decided behind it, in `admit`.

mod http;
mod json;
mod keys;
mod reply;

pub use keys::Wanted;
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
    /// A Function URL or API Gateway, with the object as the request's body.
    Http,
}

impl Door {
    /// Decodes a payload, and frees it: its texts are in what is wanted then. Takes any text at all.
    pub fn open(payload: Box<str>) -> (Self, Result<Wanted, Error>) {
        let fields = match Fields::parse("The event", &payload) {
            Ok(fields) => fields,
            Err(invalid) => return (Self::Direct, Err(invalid.into())),
        };
        if http::is_http(&fields) {
            let body = http::body(&fields);
            // A third copy of a long prompt would be one too many.
            drop(payload);
            (Self::Http, Self::wanted_by(body))
        } else {
            (Self::Direct, keys::wanted(&fields))
        }
    }

    fn wanted_by(body: Result<Option<String>, InvalidRequest>) -> Result<Wanted, Error> {
        let body = body?.ok_or(Error::NoPrompt)?;
        let fields = Fields::parse("The request's body", &body)?;
        keys::wanted(&fields)
    }

    /// The reply with a whole answer. `usage` is what the caller asked to know beside it.
    ///
    /// # Errors
    ///
    /// When the answer has no text, or does not fit into Lambda's reply.
    pub fn answer(self, answer: &Answer, usage: Option<Usage>) -> Result<Reply, Error> {
        if answer.text.is_empty() {
            let stop = &answer.end.stop;
            let stop_reason = stop.reason.clone().filter(|_| !stop.is_ordinary);
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
}
