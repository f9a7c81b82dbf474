//! The outcome of an invocation, in one of the three forms that Lambda takes.

use std::{convert::Infallible, fmt, pin::Pin};

use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    reply::{self, Reply},
    sse,
};
use crate::errors::Error;

/// A body as it arrives. It never fails: Lambda's runtime would write an error into the body as text.
pub type Body = Pin<Box<dyn Stream<Item = Result<String, Infallible>> + Send>>;

/// A whole reply, as Lambda returns it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Payload {
    /// API Gateway's proxy shape, of which a Function URL or API Gateway makes an HTTP response.
    Proxy(Reply),
    /// The object that a task gets.
    Task(Box<RawValue>),
}

/// An error of the invocation itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's code, by which Step Functions decides whether to try again.
    pub error_type: &'static str,
    /// What happened and what to do. Nothing of the event is in it.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            error_type: error.outcome(),
            message: error.message(),
        }
    }
}

/// The result of an invocation.
pub enum Outcome {
    /// A payload in one piece.
    Whole(Payload),
    /// An HTTP response: status and headers in a prelude, and then the body as it arrives.
    Streamed {
        /// As in HTTP.
        status: u16,
        /// The header of that name.
        content_type: &'static str,
        /// What follows the prelude.
        body: Body,
    },
    /// An error of the invocation, for a caller who tries again by itself.
    Failed(Failure),
}

impl Outcome {
    /// An answer that arrives as Server-Sent Events.
    #[must_use]
    pub fn events(body: Body) -> Self {
        Self::Streamed {
            status: 200,
            content_type: sse::CONTENT_TYPE,
            body,
        }
    }

    /// A whole reply, as a prelude and a body.
    pub(super) fn prelude_and_body(reply: Reply) -> Self {
        Self::Streamed {
            status: reply.status_code,
            content_type: reply::CONTENT_TYPE,
            body: Box::pin(stream::iter([Ok(reply.body)])),
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(payload) => payload.fmt(f),
            Self::Streamed {
                status,
                content_type,
                ..
            } => write!(f, "Streamed({status}, {content_type})"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}
