//! What the caller gets, in one of the two forms that Lambda takes.

use std::{convert::Infallible, fmt, pin::Pin};

use futures_util::{Stream, stream};

use super::{
    reply::{self, Reply},
    sse,
};

/// A body as it arrives. It never fails: Lambda's runtime would write an error into the body as text.
pub type Body = Pin<Box<dyn Stream<Item = Result<String, Infallible>> + Send>>;

/// What an invocation comes to.
pub enum Outcome {
    /// A payload. A Function URL or API Gateway makes an HTTP response of it.
    Whole(Reply),
    /// An HTTP response: status and headers in a prelude, and then the body as it arrives.
    Streamed {
        /// As in HTTP.
        status: u16,
        /// The header of that name.
        content_type: &'static str,
        /// What follows the prelude.
        body: Body,
    },
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

    /// A whole reply for who takes a prelude and a body.
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
            Self::Whole(reply) => reply.fmt(f),
            Self::Streamed {
                status,
                content_type,
                ..
            } => write!(f, "Streamed({status}, {content_type})"),
        }
    }
}
