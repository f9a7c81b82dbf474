//! The way from Lambda's runtime to the handler, and back.

pub mod init;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_runtime::{
    Diagnostic, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse, service_fn,
};
use serde_json::value::RawValue;

use crate::{
    doors::{Body, Outcome, Payload},
    handler::{Handler, Invocation},
    text::TextModel,
};

/// Answers events until Lambda ends the process.
///
/// # Errors
///
/// When the connection to Lambda's Runtime API breaks.
pub async fn serve<M>(handler: Handler<M>) -> Result<(), Error>
where
    M: TextModel + Send + Sync + 'static,
{
    let handler = Arc::new(handler);
    // The payload is taken unparsed: the runtime would fail the invocation itself over one that it
    // could not parse.
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        async move {
            let invocation = Invocation {
                deadline: event.context.deadline(),
                request_id: event.context.request_id,
            };
            let payload = Box::<str>::from(event.payload);
            let outcome = handler.handle(payload, invocation).await;
            response(outcome)
        }
    });
    lambda_runtime::run(service).await
}

fn response(outcome: Outcome) -> Result<FunctionResponse<Payload, Body>, Diagnostic> {
    Ok(match outcome {
        Outcome::Whole(payload) => FunctionResponse::BufferedResponse(payload),
        Outcome::Streamed {
            status,
            content_type,
            body,
        } => {
            let content_type = HeaderValue::from_static(content_type);
            FunctionResponse::StreamingResponse(StreamResponse {
                metadata_prelude: MetadataPrelude {
                    status_code: StatusCode::from_u16(status).unwrap_or_default(),
                    headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
                    cookies: Vec::new(),
                },
                stream: body,
            })
        }
        Outcome::Failed(failure) => {
            return Err(Diagnostic {
                error_type: failure.error_type.to_owned(),
                error_message: failure.message,
            });
        }
    })
}
