//! The responses of the Runtime API.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;
use uuid::Uuid;

use super::state::Delivery;
use crate::MAX_RESPONSE_BYTES;

/// The event, with the headers that Lambda sends along.
pub(super) fn event(delivery: Delivery, function_arn: &str) -> Response {
    let Delivery {
        payload,
        invocation,
        request_id,
        deadline_millis,
    } = delivery;
    let headers = [
        ("lambda-runtime-aws-request-id", Some(request_id)),
        (
            "lambda-runtime-deadline-ms",
            Some(deadline_millis.to_string()),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            Some(function_arn.to_owned()),
        ),
        (
            "lambda-runtime-trace-id",
            Some(invocation.trace_id.unwrap_or_else(new_trace)),
        ),
        ("lambda-runtime-client-context", invocation.client_context),
        (
            "lambda-runtime-cognito-identity",
            invocation.cognito_identity,
        ),
    ];
    let mut response = payload.into_response();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// An X-Ray header in its documented form: 8 + 24 hexadecimal digits for the trace, 16 for its parent; not sampled.
fn new_trace() -> String {
    let (trace, parent) = (
        Uuid::new_v4().simple().to_string(),
        Uuid::new_v4().simple().to_string(),
    );
    format!(
        "Root=1-{}-{};Parent={};Sampled=0",
        &trace[..8],
        &trace[8..],
        &parent[..16]
    )
}

pub(super) fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" }))).into_response()
}

pub(super) fn unknown_request_id() -> Response {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

pub(super) fn unreadable_body() -> Response {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequest",
        "The body ended before it was complete",
    )
}

pub(super) fn invalid_state() -> Response {
    error(
        StatusCode::FORBIDDEN,
        "InvalidStateTransition",
        "State transition is not allowed",
    )
}

pub(super) fn too_large() -> Response {
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
    )
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Response {
    (
        status,
        axum::Json(json!({ "errorMessage": message, "errorType": error_type })),
    )
        .into_response()
}
