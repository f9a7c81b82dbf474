//! The errors of the API itself, in Lambda's form: the type in a header, `Type` and the message in the body.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::MAX_EVENT_BYTES;

/// An error of the API, and not of the function.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    error_type: &'static str,
    body: Value,
}

impl ApiError {
    fn new(status: StatusCode, error_type: &'static str, message: String) -> Self {
        let side = if status.is_client_error() {
            "User"
        } else {
            "Service"
        };
        // The models of Lambda's errors spell the member in both ways.
        let body = json!({ "Type": side, "Message": message, "message": message });
        Self {
            status,
            error_type,
            body,
        }
    }

    pub(crate) fn not_found(arn: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            format!("Function not found: {arn}"),
        )
    }

    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            crate::invocation::EVENT_TOO_LARGE,
            format!(
                "Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
            ),
        )
    }

    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        )
    }

    pub(crate) fn unreadable() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            "The request body ended before it was complete.".to_owned(),
        )
    }

    pub(crate) fn invalid_parameter(name: &str, value: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            format!("The value {value:?} is none of those that {name} takes."),
        )
    }

    pub(crate) fn no_asynchronous_stream() -> Self {
        Self::invalid_parameter("X-Amz-Invocation-Type of a streamed response", "Event")
    }

    pub(crate) fn too_many_requests() -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            "Rate Exceeded.".to_owned(),
        );
        error.body["Reason"] = json!("ReservedFunctionConcurrentInvocationLimitExceeded");
        error
    }

    pub(crate) fn service(error: impl Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            error.to_string(),
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error_type = (
            HeaderName::from_static("x-amzn-errortype"),
            HeaderValue::from_static(self.error_type),
        );
        (self.status, [error_type], axum::Json(self.body)).into_response()
    }
}
