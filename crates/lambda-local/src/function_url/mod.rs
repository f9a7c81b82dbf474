//! A Function URL: HTTP requests become events in payload format 2.0, and the function's replies become HTTP responses.
//!
//! A reply that the function streams is passed on chunk by chunk, as under the URL's invoke mode `RESPONSE_STREAM`; any other one is
//! answered as under `BUFFERED`. Signatures are not checked.

mod event;
mod response;

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    Invocation, InvokeError, Outcome, Pool, ResponsePart, Server, invocation::EVENT_TOO_LARGE,
    invoke_api::ApiError,
};
use response::Unusable;

impl Pool {
    /// Serves the function as a Function URL on this port of loopback, or on a free one where it is 0.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub async fn serve_function_url(self: &Arc<Self>, port: u16) -> io::Result<Server> {
        let router = Router::new().fallback(answer).with_state(Arc::clone(self));
        Server::on_port(port, router).await
    }
}

async fn answer(State(pool): State<Arc<Pool>>, request: Request) -> Response {
    let request_id = uuid::Uuid::new_v4().to_string();
    let payload = match event::of(request, &request_id).await {
        Ok(payload) => payload,
        Err(error) => return error.into_response(),
    };
    let invocation = Invocation {
        request_id: Some(request_id),
        ..Invocation::default()
    };
    let (sender, mut parts) = mpsc::channel(1);
    // In a task of its own: Lambda runs on after the caller has gone.
    let task = tokio::spawn(async move {
        pool.invoke_with_response_stream(payload, invocation, sender)
            .await
    });
    let answered = match parts.recv().await {
        Some(ResponsePart::Headers(headers)) => response::streamed(&headers, parts, task).await,
        // Nothing is streamed before its headers.
        Some(ResponsePart::Chunk(_)) => Err(Unusable),
        None => match task.await {
            Ok(Ok(Outcome::Response { body, .. })) => response::buffered(&body),
            Ok(Ok(Outcome::Error { error_type, .. })) if error_type == EVENT_TOO_LARGE => {
                Ok(ApiError::too_large().into_response())
            }
            Ok(Err(InvokeError::TooManyRequests(_))) => {
                Ok(ApiError::too_many_requests().into_response())
            }
            Ok(_) | Err(_) => Err(Unusable),
        },
    };
    answered.unwrap_or_else(|Unusable| bad_gateway())
}

/// The response for a function that failed, or whose reply is not an HTTP response.
fn bad_gateway() -> Response {
    let body = json!({ "Message": "Internal Server Error" });
    (StatusCode::BAD_GATEWAY, axum::Json(body)).into_response()
}
