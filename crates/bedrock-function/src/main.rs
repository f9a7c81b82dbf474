//! Wires the function together and hands it to Lambda's runtime.

use std::process::ExitCode;

use bedrock_function::{
    bedrock::BedrockModels,
    config::Config,
    handler::Handler,
    lambda::{
        self,
        init::{self, InitError},
    },
    log, panic,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    panic::log_places();
    let handler = match start().await {
        Ok(handler) => handler,
        Err(error) => {
            init::report(&error).await;
            return ExitCode::FAILURE;
        }
    };
    match lambda::serve(handler).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error = error.to_string();
            log::write(
                log::Level::Fatal,
                "The connection to Lambda's Runtime API broke",
                log::Reason { error },
            );
            ExitCode::FAILURE
        }
    }
}

/// Everything that INIT does.
async fn start() -> Result<Handler<BedrockModels>, InitError> {
    init::expect_lambda()?;
    let config = Config::from_env()?;
    log::set_level(config.log_level);
    let models = BedrockModels::new(&config).await?;
    if config.preconnect {
        models.open_connection().await;
    }
    Ok(Handler::new(config, models))
}
