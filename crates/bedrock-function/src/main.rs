//! Wires the function together and hands it to Lambda's runtime.

use std::{process::ExitCode, sync::Arc};

use bedrock_function::{
    bedrock,
    config::Config,
    handler::{Handler, Invocation},
    init::{self, InitError},
    log,
    model::BedrockModels,
};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            init::report(&error).await;
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), InitError> {
    init::expect_lambda()?;
    let config = Config::from_env()?;
    log::set_level(config.log_level);
    let (client, http_client) = bedrock::client(&config).await?;
    bedrock::preconnect(&config, &http_client).await;
    let handler = Arc::new(Handler::new(config, BedrockModels::new(client)));
    // The payload is taken unparsed: what the runtime could not parse it would fail itself.
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        async move {
            let invocation = Invocation {
                deadline: event.context.deadline(),
                request_id: event.context.request_id,
            };
            let payload = Box::<str>::from(event.payload);
            Ok::<_, lambda_runtime::Error>(handler.handle(payload, invocation).await)
        }
    });
    lambda_runtime::run(service)
        .await
        .map_err(InitError::Runtime)
}
