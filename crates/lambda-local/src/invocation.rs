//! One event on its way to the function, and what comes back.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderMap;

use crate::ExitStatus;

/// What Lambda tells the function about one event. Every field has a default that a plain invocation has on Lambda.
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

/// How one invocation ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The function answered (`/response`).
    Response {
        /// The payload; a streamed one is collected.
        body: Bytes,
        /// The headers that the function sent along.
        headers: HeaderMap,
    },
    /// The function reported an error (`/error`, or the trailers of a streamed response), or Lambda refused the event or the response for its size.
    Error {
        /// The body's `errorType`, or the header `Lambda-Runtime-Function-Error-Type`.
        error_type: String,
        /// What the function posted, as it came.
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
                write!(f, "the function answered with {} bytes", body.len())
            }
            Self::Error { error_type, body } => write!(
                f,
                "the function reported an error: {error_type}: {}",
                String::from_utf8_lossy(body)
            ),
            Self::Exited { status } => write!(f, "the function ended without an answer ({status})"),
            Self::TimedOut => write!(
                f,
                "Task timed out: the deadline passed and the function was killed"
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
