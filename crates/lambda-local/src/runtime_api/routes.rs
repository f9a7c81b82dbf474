//! The four endpoints.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use http::HeaderMap;

use super::{
    Startup,
    body::{self, Report, Unread},
    reply,
    state::RuntimeState,
};
use crate::{MAX_RESPONSE_BYTES, Outcome};

pub(super) fn router(state: Arc<RuntimeState>) -> Router {
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
        .with_state(state)
}

async fn next(State(state): State<Arc<RuntimeState>>) -> Response {
    if state.owes_an_answer() {
        return reply::invalid_state();
    }
    state.count_poll();
    reply::event(state.take().await, &state.function_arn)
}

async fn response(
    State(state): State<Arc<RuntimeState>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if body::is_streaming(&headers) {
        return streamed_response(&state, &request_id, headers, body).await;
    }
    if !state.awaits_reply(&request_id) {
        return reply::unknown_request_id();
    }
    match body::collect(body, MAX_RESPONSE_BYTES).await {
        Ok(body) => completed(state.complete(&request_id, Outcome::Response { body, headers })),
        Err(Unread::TooLarge) => {
            state.complete(&request_id, Outcome::response_too_large());
            reply::too_large()
        }
        Err(Unread::Broken) => reply::unreadable_body(),
    }
}

async fn streamed_response(
    state: &RuntimeState,
    request_id: &str,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(chunks) = state.begin_stream(request_id, headers.clone()) else {
        return reply::unknown_request_id();
    };
    match body::pass_on(body, chunks).await {
        Ok(trailers) => {
            let outcome = match body::error_of(&trailers) {
                Some((error_type, body)) => Outcome::Error { error_type, body },
                None => Outcome::Response {
                    body: Bytes::new(),
                    headers,
                },
            };
            completed(state.complete(request_id, outcome))
        }
        Err(Unread::TooLarge) => {
            state.complete(request_id, Outcome::response_too_large());
            reply::too_large()
        }
        Err(Unread::Broken) => {
            state.break_stream(request_id);
            reply::unreadable_body()
        }
    }
}

async fn error(
    State(state): State<Arc<RuntimeState>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !state.awaits_reply(&request_id) {
        return reply::unknown_request_id();
    }
    match body::collect(body, MAX_RESPONSE_BYTES).await {
        Ok(body) => {
            let error_type = Report::read(&body).error_type(&headers);
            completed(state.complete(&request_id, Outcome::Error { error_type, body }))
        }
        Err(Unread::TooLarge) => reply::too_large(),
        Err(Unread::Broken) => reply::unreadable_body(),
    }
}

async fn init_error(
    State(state): State<Arc<RuntimeState>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(body) = body::collect(body, MAX_RESPONSE_BYTES).await else {
        return reply::too_large();
    };
    let report = Report::read(&body);
    let first = state.set_startup(Startup::Failed {
        error_type: report.error_type(&headers),
        error_message: report.error_message,
        body,
    });
    if first {
        reply::accepted()
    } else {
        reply::invalid_state()
    }
}

fn completed(is_known: bool) -> Response {
    if is_known {
        reply::accepted()
    } else {
        reply::unknown_request_id()
    }
}
