//! Wires the function together and hands it to Lambda's runtime.

use std::process::ExitCode;

use bedrock_function::{
    bedrock,
    config::Config,
    handler::Handler,
    init::{self, InitError},
    log,
    model::BedrockModels,
    panic,
    serve::serve,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    panic::log_places();
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
    let (client, connection) = bedrock::client(&config).await?;
    if config.preconnect {
        connection.open().await;
    }
    let handler = Handler::new(config, BedrockModels::new(client, connection));
    serve(handler).await.map_err(InitError::Runtime)
}
