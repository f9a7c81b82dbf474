//! The way from Lambda's runtime to the handler, and back.

pub mod init;

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::{
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
            Ok::<_, Error>(handler.handle(payload, invocation).await)
        }
    });
    lambda_runtime::run(service).await
}
