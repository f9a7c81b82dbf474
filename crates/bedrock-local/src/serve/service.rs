//! Routes, response headers, and the delivery of an answer.

use crate::answer::{Answer, Content};
use crate::bedrock::refusal::Refusal;
use crate::bedrock::respond;
use crate::serve::connection::{Connection, Ending};
use crate::state::State;
use crate::{Operation, ReceivedRequest};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Extension, Request, State as Shared};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// The largest body of InvokeModel.
const BODY_LIMIT: usize = 25_000_000;

/// A request as a log may show it: without prompt, answer and account number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The operation; none for a path that is not one of Bedrock Runtime's.
    pub operation: Option<Operation>,
    /// The model's id; of an ARN, the last part.
    pub model_id: String,
    /// The status sent, or `reset`, `hang-up`, `silence`.
    pub outcome: String,
}

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/ping", get(ping))
        .fallback(operation)
        .with_state(state)
}

/// The health check of AWS's endpoints. A caller that opens its connection early uses it too.
async fn ping(Shared(state): Shared<Arc<State>>) -> &'static str {
    state.pings.fetch_add(1, Ordering::Relaxed);
    "healthy: bedrock-local, a stand-in for Amazon Bedrock\n"
}

async fn operation(
    Shared(state): Shared<Arc<State>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let answer = match to_bytes(body, BODY_LIMIT).await {
        Ok(body) => match ReceivedRequest::new(&head, body, connection.peer_port) {
            Some(request) => model_answer(&state, request).await,
            None => logged(&state, None, String::new(), unknown_operation().into()),
        },
        Err(_) => logged(&state, None, String::new(), too_large().into()),
    };
    deliver(answer, connection).await
}

async fn model_answer(state: &State, request: ReceivedRequest) -> Answer {
    state.record(&request);
    let answer = respond::answer(state, &request).await;
    logged(
        state,
        Some(request.operation),
        request.loggable_model_id(),
        answer,
    )
}

fn logged(state: &State, operation: Option<Operation>, model_id: String, answer: Answer) -> Answer {
    if let Some(listener) = &state.settings.on_request {
        listener(&RequestLine {
            operation,
            model_id,
            outcome: answer.outcome(),
        });
    }
    answer
}

fn unknown_operation() -> Refusal {
    Refusal::new(
        404,
        "UnknownOperationException",
        "bedrock-local, the stand-in for Amazon Bedrock, knows no such operation. Use POST /model/MODEL_ID/converse, converse-stream or invoke.",
    )
}

fn too_large() -> Refusal {
    Refusal::new(
        413,
        "RequestEntityTooLargeException",
        format!("The body is incomplete or larger than {BODY_LIMIT} bytes. Send less."),
    )
}

async fn deliver(answer: Answer, connection: Connection) -> Response {
    // A sleep of no time still waits for the timer's next millisecond.
    if !answer.after.is_zero() {
        tokio::time::sleep(answer.after).await;
    }
    match answer.content {
        Content::Http(response) => {
            let (status, headers) = (response.status, response.headers);
            let body = response.body.into_http(connection);
            with_head(Response::new(body), status, &headers)
        }
        Content::Reset => end(&connection, Ending::Reset).await,
        Content::HangUp => end(&connection, Ending::HangUp).await,
        Content::Silence => pending().await,
    }
}

async fn end(connection: &Connection, ending: Ending) -> Response {
    connection.end(ending);
    pending().await
}

fn with_head(mut response: Response, status: u16, headers: &[(String, String)]) -> Response {
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let id = Uuid::new_v4().to_string();
    let id = [("x-amzn-requestid".to_owned(), id)];
    for (name, value) in id.iter().chain(headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
