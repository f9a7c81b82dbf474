//! An invocation: its metadata, and its outcome.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderMap;

use serde_json::json;

use crate::{ExitStatus, MAX_EVENT_BYTES, MAX_RESPONSE_BYTES};

/// The type of the error where an event is larger than Lambda takes.
pub(crate) const EVENT_TOO_LARGE: &str = "RequestEntityTooLargeException";

/// The metadata that Lambda gives the function with an event. Every field has a default that a plain invocation has on Lambda.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// When the invocation ends, at the latest; by default the function's [time-out](crate::Builder::timeout) from the moment that the function receives the event.
    pub deadline: Option<Deadline>,
    /// `Lambda-Runtime-Aws-Request-Id`; by default a new UUID.
    pub request_id: Option<String>,
    /// `Lambda-Runtime-Trace-Id`; by default a new unsampled X-Ray trace.
    pub trace_id: Option<String>,
    /// `Lambda-Runtime-Client-Context`, a JSON object; by default absent.
    pub client_context: Option<String>,
    /// `Lambda-Runtime-Cognito-Identity`, a JSON object; by default absent.
    pub cognito_identity: Option<String>,
}

/// When an invocation ends, at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// This long after the function receives the event.
    In(Duration),
    /// At this moment, to the millisecond. One that has already passed, as the emulator of cargo-lambda sends (1970), is told to the
    /// function as it is, and the function's [time-out](crate::Builder::timeout) bounds the invocation instead.
    At(SystemTime),
}

impl Deadline {
    /// The moment this many milliseconds after the start of 1970, UTC.
    pub fn at_epoch_millis(millis: u64) -> Self {
        Self::At(UNIX_EPOCH + Duration::from_millis(millis))
    }

    /// The value of `Lambda-Runtime-Deadline-Ms` for an event received now.
    pub(crate) fn epoch_millis(self) -> u128 {
        let moment = match self {
            Self::In(duration) => SystemTime::now() + duration,
            Self::At(moment) => moment,
        };
        moment
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis()
    }

    /// How long an event received now may take.
    pub(crate) fn time_left(self, timeout: Duration) -> Duration {
        match self {
            Self::In(duration) => duration,
            Self::At(moment) => moment.duration_since(SystemTime::now()).unwrap_or(timeout),
        }
    }
}

/// A part of a streamed response. The [`Outcome`] follows the last one.
#[derive(Debug, Clone)]
pub enum ResponsePart {
    /// The headers that the function sends along. They come first.
    Headers(HeaderMap),
    /// The next bytes of the payload, as the function sent them.
    Chunk(Bytes),
}

/// How one invocation ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The function answered (`/response`).
    Response {
        /// The payload. A streamed one is collected, or empty where its parts went elsewhere.
        body: Bytes,
        /// The headers that the function sent along.
        headers: HeaderMap,
    },
    /// The function reported an error (`/error`, or the trailers of a streamed response), or Lambda refused the event or the response for its size.
    Error {
        /// The body's `errorType`, or the header `Lambda-Runtime-Function-Error-Type`.
        error_type: String,
        /// The error report as the function posted it.
        body: Bytes,
    },
    /// The process ended without an answer, during this invocation or before it.
    Exited {
        /// How it ended.
        status: ExitStatus,
    },
    /// The deadline passed; the process was killed, as Lambda does.
    TimedOut,
}

impl Outcome {
    /// An error that Lambda reports in the function's place.
    pub(crate) fn error(error_type: &str, message: &str) -> Self {
        let body = json!({ "errorType": error_type, "errorMessage": message });
        Self::Error {
            error_type: error_type.to_owned(),
            body: body.to_string().into(),
        }
    }

    pub(crate) fn response_too_large() -> Self {
        Self::error(
            "Function.ResponseSizeTooLarge",
            &format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            ),
        )
    }

    pub(crate) fn event_too_large() -> Self {
        Self::error(
            EVENT_TOO_LARGE,
            &format!(
                "Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
            ),
        )
    }

    /// The payload of a [`Response`](Self::Response).
    pub fn response(&self) -> Option<&Bytes> {
        match self {
            Self::Response { body, .. } => Some(body),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response { body, .. } => {
                write!(f, "The function answered with {} bytes.", body.len())
            }
            Self::Error { error_type, body } => write!(
                f,
                "The function reported an error: {error_type}: {}",
                String::from_utf8_lossy(body)
            ),
            Self::Exited { status } => write!(
                f,
                "The function ended without an answer ({status}). See what it wrote before."
            ),
            Self::TimedOut => write!(
                f,
                "Task timed out: the deadline passed and the function was killed. Give it more time, or see what it waited for."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_leaves_the_functions_timeout() {
        assert_eq!(
            Deadline::at_epoch_millis(600_000).time_left(Duration::from_secs(7)),
            Duration::from_secs(7)
        );
        assert_eq!(Deadline::at_epoch_millis(600_000).epoch_millis(), 600_000);
    }

    #[test]
    fn a_deadline_to_come_bounds_the_invocation() {
        let hour = Duration::from_secs(3600);
        let left = Deadline::At(SystemTime::now() + hour).time_left(Duration::from_secs(7));
        assert!(left > Duration::from_secs(3500) && left <= hour, "{left:?}");
    }
}
