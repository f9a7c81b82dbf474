//! Lambda's Invoke API for one function, as SDKs and the AWS CLI call it: `Invoke` and `InvokeWithResponseStream`.
//!
//! Signatures are not checked, and `LogType: Tail` gives no log. An asynchronous event (`InvocationType: Event`) waits for its turn and
//! is not tried again.

mod error;
mod event_stream;
mod request;

use std::{io, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use tokio::sync::mpsc;

use crate::{
    InvokeError, MAX_RESPONSE_BYTES, Outcome, Pool, Server, function_error::FunctionError,
};
pub(crate) use error::ApiError;
use request::{InvocationType, Request};

/// The version that every invocation executes: nothing is published here.
const VERSION: &str = "$LATEST";

impl Pool {
    /// Serves Lambda's Invoke API on this port of loopback, or on a free one where it is 0.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub async fn serve_invoke_api(self: &Arc<Self>, port: u16) -> io::Result<Server> {
        Server::on_port(port, router(Arc::clone(self))).await
    }
}

fn router(pool: Arc<Pool>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .route(
            "/2021-11-15/functions/{name}/response-streaming-invocations",
            post(invoke_with_response_stream),
        )
        .with_state(pool)
}

async fn invoke(State(pool): State<Arc<Pool>>, request: axum::extract::Request) -> Response {
    match invoked(&pool, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn invoked(pool: &Arc<Pool>, request: axum::extract::Request) -> Result<Response, ApiError> {
    let request = Request::read(pool.builder(), request).await?;
    let id = request.request_id.clone();
    let response = match request.invocation_type {
        InvocationType::DryRun => StatusCode::NO_CONTENT.into_response(),
        InvocationType::Event => {
            let pool = Arc::clone(pool);
            let (payload, invocation) = request.into_event();
            tokio::spawn(async move { drop(pool.invoke_in_turn(payload, invocation).await) });
            StatusCode::ACCEPTED.into_response()
        }
        InvocationType::RequestResponse => {
            let timeout = pool.builder().invocation_timeout();
            let (payload, invocation) = request.into_event();
            // In a task of its own: Lambda runs on after the caller has gone.
            let task = tokio::spawn({
                let pool = Arc::clone(pool);
                async move { pool.invoke(payload, invocation).await }
            });
            let outcome = task.await.map_err(ApiError::service)?;
            whole(result(outcome, &id, timeout)?)
        }
    };
    Ok(with_headers(response, &id))
}

/// The payload, or the function's error. An error of the API where the function was not reached.
fn result(
    invoked: Result<Outcome, InvokeError>,
    request_id: &str,
    timeout: std::time::Duration,
) -> Result<Result<Bytes, FunctionError>, ApiError> {
    match invoked {
        Ok(outcome) => Ok(FunctionError::of(outcome, request_id, timeout)),
        Err(InvokeError::Start(error)) => FunctionError::of_start(error, request_id)
            .map(Err)
            .map_err(ApiError::service),
        Err(InvokeError::TooManyRequests(_)) => Err(ApiError::too_many_requests()),
    }
}

fn whole(result: Result<Bytes, FunctionError>) -> Response {
    let too_large = |payload: &Bytes| payload.len() > MAX_RESPONSE_BYTES;
    let (payload, is_error) = match result {
        // A streamed response that was collected: the Runtime API itself refuses any other.
        Ok(payload) if too_large(&payload) => match Outcome::response_too_large() {
            Outcome::Error { body, .. } => (body, true),
            _ => (payload, false),
        },
        Ok(payload) => (payload, false),
        Err(error) => (error.body, true),
    };
    let mut response = payload.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_error {
        headers.insert(
            "x-amz-function-error",
            HeaderValue::from_static("Unhandled"),
        );
    }
    response
}

async fn invoke_with_response_stream(
    State(pool): State<Arc<Pool>>,
    request: axum::extract::Request,
) -> Response {
    match streamed(&pool, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn streamed(pool: &Arc<Pool>, request: axum::extract::Request) -> Result<Response, ApiError> {
    let request = Request::read(pool.builder(), request).await?;
    let id = request.request_id.clone();
    match request.invocation_type {
        InvocationType::RequestResponse => {}
        InvocationType::DryRun => {
            return Ok(with_headers(StatusCode::NO_CONTENT.into_response(), &id));
        }
        InvocationType::Event => return Err(ApiError::no_asynchronous_stream()),
    }
    let timeout = pool.builder().invocation_timeout();
    let (payload, invocation) = request.into_event();
    let (sender, mut parts) = mpsc::channel(1);
    let mut task = tokio::spawn({
        let pool = Arc::clone(pool);
        async move {
            pool.invoke_with_response_stream(payload, invocation, sender)
                .await
        }
    });
    // An error of the API has a status of its own, so the first part or the end is awaited before the response begins.
    let (first, ended) = tokio::select! {
        biased;
        Some(part) = parts.recv() => (Some(part), None),
        outcome = &mut task => {
            let outcome = outcome.map_err(ApiError::service)?;
            (parts.try_recv().ok(), Some(result(outcome, &id, timeout)?))
        }
    };
    let request_id = id.clone();
    let rest = async move {
        match ended {
            Some(result) => result,
            None => match task
                .await
                .map(|outcome| result(outcome, &request_id, timeout))
            {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(FunctionError::new(
                    "ServiceException",
                    "The invocation ended unexpectedly.",
                )),
            },
        }
    };
    let mut response = Body::from_stream(event_stream::frames(first, parts, rest)).into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.amazon.eventstream"),
    );
    Ok(with_headers(response, &id))
}

fn with_headers(mut response: Response, request_id: &str) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert("x-amz-executed-version", HeaderValue::from_static(VERSION));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
