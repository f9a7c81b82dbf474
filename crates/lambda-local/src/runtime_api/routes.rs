//! The four endpoints.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;

use super::{Startup, desk::Desk, reply};
use crate::{MAX_RESPONSE_BYTES, Outcome};

/// Lambda's limit for a streamed response: 200 MB.
const MAX_STREAMED_BYTES: usize = 200 * 1024 * 1024;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{request_id}/response",
            post(response),
        )
        .route(
            "/2018-06-01/runtime/invocation/{request_id}/error",
            post(error),
        )
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(desk)
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    if desk.owes_an_answer() {
        return reply::invalid_state();
    }
    desk.asks();
    reply::event(desk.take().await, &desk.function_arn)
}

async fn response(
    State(desk): State<Arc<Desk>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !desk.is_in_work(&request_id) {
        return reply::unknown_request_id();
    }
    match collect(body, limit(&headers)).await {
        Ok(posted) => settled(desk.settle(&request_id, answered(posted, headers))),
        Err(Unread::TooLarge) => {
            desk.settle(&request_id, response_too_large());
            reply::too_large()
        }
        Err(Unread::Broken) => reply::unreadable_body(),
    }
}

async fn error(
    State(desk): State<Arc<Desk>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !desk.is_in_work(&request_id) {
        return reply::unknown_request_id();
    }
    match collect(body, MAX_RESPONSE_BYTES).await {
        Ok(Posted { body, .. }) => {
            let error_type = error_type(&headers, &Report::read(&body));
            settled(desk.settle(&request_id, Outcome::Error { error_type, body }))
        }
        Err(Unread::TooLarge) => reply::too_large(),
        Err(Unread::Broken) => reply::unreadable_body(),
    }
}

async fn init_error(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Body) -> Response {
    let Ok(Posted { body, .. }) = collect(body, MAX_RESPONSE_BYTES).await else {
        return reply::too_large();
    };
    let report = Report::read(&body);
    let error_type = error_type(&headers, &report);
    let first = desk.start_is(Startup::Failed {
        error_type,
        error_message: report.error_message,
        body,
    });
    if first {
        reply::accepted()
    } else {
        reply::invalid_state()
    }
}

/// What a function says about an error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Report {
    error_type: String,
    error_message: String,
}

impl Report {
    /// A body of any other shape is passed on as it is, and says nothing here.
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// The body says it best; runtimes may put no more than "unhandled" into the header.
fn error_type(headers: &HeaderMap, report: &Report) -> String {
    let said = Some(&report.error_type)
        .filter(|said| !said.is_empty())
        .cloned();
    said.or_else(|| text(headers, ERROR_TYPE))
        .unwrap_or_default()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The outcome of a response that has arrived: a streamed one may carry an error in its trailers.
fn answered(Posted { body, trailers }: Posted, headers: HeaderMap) -> Outcome {
    match text(&trailers, ERROR_TYPE) {
        Some(error_type) => Outcome::Error {
            error_type,
            body: error_trailer(&trailers),
        },
        None => Outcome::Response { body, headers },
    }
}

/// The error of a streamed response, which travels in Base64.
fn error_trailer(trailers: &HeaderMap) -> Bytes {
    let encoded = trailers.get(ERROR_BODY);
    encoded
        .and_then(|value| BASE64_STANDARD.decode(value.as_bytes()).ok())
        .unwrap_or_default()
        .into()
}

fn response_too_large() -> Outcome {
    let error_type = "Function.ResponseSizeTooLarge".to_owned();
    let message = format!(
        "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    );
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message })
        .to_string()
        .into();
    Outcome::Error { error_type, body }
}

fn settled(known: bool) -> Response {
    if known {
        reply::accepted()
    } else {
        reply::unknown_request_id()
    }
}

fn limit(headers: &HeaderMap) -> usize {
    let streaming = headers
        .get(RESPONSE_MODE)
        .is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"));
    if streaming {
        MAX_STREAMED_BYTES
    } else {
        MAX_RESPONSE_BYTES
    }
}

/// Why a body could not be collected.
enum Unread {
    TooLarge,
    Broken,
}

/// What a function has posted.
struct Posted {
    body: Bytes,
    trailers: HeaderMap,
}

/// Reads the body to its end also when it is too large: a function that is still writing would miss the refusal.
async fn collect(body: Body, limit: usize) -> Result<Posted, Unread> {
    let collected = Limited::new(body, MAX_STREAMED_BYTES)
        .collect()
        .await
        .map_err(unread)?;
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let body = collected.to_bytes();
    if body.len() > limit {
        Err(Unread::TooLarge)
    } else {
        Ok(Posted { body, trailers })
    }
}

fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> Unread {
    if error.is::<LengthLimitError>() {
        Unread::TooLarge
    } else {
        Unread::Broken
    }
}
