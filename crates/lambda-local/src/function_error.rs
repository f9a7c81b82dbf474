//! The errors that Lambda reports of an invocation that failed.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::{Outcome, StartError};

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
        let (error_type, cause) = match outcome {
            Outcome::Response { body, .. } => return Ok(body),
            Outcome::Error { error_type, body } => return Err(Self { error_type, body }),
            Outcome::Exited { status } => (
                "Runtime.ExitError",
                format!("Runtime exited with error: {status}"),
            ),
            Outcome::TimedOut => (
                "Sandbox.Timedout",
                format!("Task timed out after {:.2} seconds", timeout.as_secs_f64()),
            ),
        };
        Err(Self::new(
            error_type,
            &format!("RequestId: {request_id} Error: {cause}"),
        ))
    }

    /// The error of an initialisation that failed; the start's own error where no process of the function came to run at all.
    pub(crate) fn of_start(error: StartError, request_id: &str) -> Result<Self, StartError> {
        let message = |cause: &str| format!("RequestId: {request_id} Error: {cause}");
        match error {
            StartError::Init {
                error_type, body, ..
            } => Ok(Self { error_type, body }),
            StartError::Exited { status, .. } => Ok(Self::new(
                "Runtime.ExitError",
                &message(&format!("Runtime exited with error: {status}")),
            )),
            StartError::TimedOut { after, .. } => Ok(Self::new(
                "Sandbox.Timedout",
                &message(&format!(
                    "Task timed out after {:.2} seconds",
                    after.as_secs_f64()
                )),
            )),
            error => Err(error),
        }
    }

    pub(crate) fn new(error_type: &str, message: &str) -> Self {
        let body = json!({ "errorType": error_type, "errorMessage": message });
        Self {
            error_type: error_type.to_owned(),
            body: body.to_string().into(),
        }
    }
}
