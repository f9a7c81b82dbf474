//! From a handler to a running Lambda function.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::{
    handler::{Handler, Invocation},
    model::TextModel,
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
    // The payload is taken unparsed: what the runtime could not parse, it would fail itself.
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
