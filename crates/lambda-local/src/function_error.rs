//! The errors that Lambda reports of an invocation that failed.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::{ExitStatus, Outcome, StartError};

/// An error of the function, as `X-Amz-Function-Error: Unhandled` goes with it.
#[derive(Debug)]
pub(crate) struct FunctionError {
    pub(crate) error_type: String,
    /// JSON with `errorType` and `errorMessage`, unless the function posted something else.
    pub(crate) body: Bytes,
}

impl FunctionError {
    /// The error of an invocation; `Ok` with the payload where there is none.
    pub(crate) fn of(
        outcome: Outcome,
        request_id: &str,
        timeout: Duration,
    ) -> Result<Bytes, FunctionError> {
        match outcome {
            Outcome::Response { body, .. } => Ok(body),
            Outcome::Error { error_type, body } => Err(Self { error_type, body }),
            Outcome::Exited { status } => Err(Self::exited(status, request_id)),
            Outcome::TimedOut => Err(Self::timed_out(timeout, request_id)),
        }
    }

    /// The error of an initialisation that failed; the start's own error where no process of the function came to run at all.
    pub(crate) fn of_start(error: StartError, request_id: &str) -> Result<Self, StartError> {
        match error {
            StartError::Init {
                error_type, body, ..
            } => Ok(Self { error_type, body }),
            StartError::Exited { status, .. } => Ok(Self::exited(status, request_id)),
            StartError::TimedOut { after, .. } => Ok(Self::timed_out(after, request_id)),
            error => Err(error),
        }
    }

    fn exited(status: ExitStatus, request_id: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {status}");
        Self::new("Runtime.ExitError", &message)
    }

    fn timed_out(after: Duration, request_id: &str) -> Self {
        let seconds = after.as_secs_f64();
        let message =
            format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds");
        Self::new("Sandbox.Timedout", &message)
    }

    pub(crate) fn new(error_type: &str, message: &str) -> Self {
        let body = json!({ "errorType": error_type, "errorMessage": message });
        Self {
            error_type: error_type.to_owned(),
            body: body.to_string().into(),
        }
    }
}
