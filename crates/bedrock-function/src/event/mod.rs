//! What arrives: a direct invocation, or an HTTP request whose body is the same object.

mod http;
mod json;
mod request;

use crate::{config::Config, error::InvalidRequest, model::TextRequest};
use json::Fields;

/// How the function was called, which decides the shape of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `Invoke`, with the object as payload.
    Direct,
    /// A Function URL or API Gateway, with the object as the request's body.
    Http,
}

/// An event, read as far as it can be.
#[derive(Debug)]
pub struct Event {
    /// How the function was called.
    pub kind: EventKind,
    /// What is wanted, or what is wrong with the event.
    pub request: Result<Request, EventError>,
}

/// What the caller wants, checked.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// What to ask the model.
    pub text: TextRequest,
    /// Whether the reply says what the answer took.
    pub wants_usage: bool,
}

/// Why nothing is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventError {
    /// There is no prompt: the walkthrough's own refusal.
    NoPrompt,
    /// The event is wrong in another way.
    Invalid(InvalidRequest),
}

impl From<InvalidRequest> for EventError {
    fn from(invalid: InvalidRequest) -> Self {
        Self::Invalid(invalid)
    }
}

impl Event {
    /// Reads a payload, and frees it: its texts are in the request then. Takes any text at all:
    /// what is wrong with it is in [`Event::request`].
    #[must_use]
    pub fn parse(payload: Box<str>, config: &Config) -> Self {
        let fields = match Fields::parse("The event", &payload) {
            Ok(fields) => fields,
            Err(invalid) => return Self::new(EventKind::Direct, Err(invalid.into())),
        };
        if http::is_http(&fields) {
            let body = http::body(&fields);
            // A third copy of a long prompt would be one too many.
            drop(payload);
            Self::new(EventKind::Http, Self::from_body(body, config))
        } else {
            Self::new(EventKind::Direct, request::checked(&fields, config))
        }
    }

    fn from_body(
        body: Result<Option<String>, InvalidRequest>,
        config: &Config,
    ) -> Result<Request, EventError> {
        let body = body?.ok_or(EventError::NoPrompt)?;
        let fields = Fields::parse("The request's body", &body)?;
        request::checked(&fields, config)
    }

    fn new(kind: EventKind, request: Result<Request, EventError>) -> Self {
        Self { kind, request }
    }
}
