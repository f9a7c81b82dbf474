//! The function around a model that panics whenever the prompt says so: what a test needs to see
//! the process survive it.

use std::process::ExitCode;

use bedrock_function::{
    bedrock::CallError,
    config::Config,
    deadline::TimeBudget,
    handler::Handler,
    model::{Stop, TextAnswer, TextModel, TextRequest, Tokens},
    panic,
    serve::serve,
};

struct Panicking;

impl TextModel for Panicking {
    async fn answer(&self, request: TextRequest, _: TimeBudget) -> Result<TextAnswer, CallError> {
        // The prompt is in the panic's message, as it well could be in a real one.
        assert!(!request.prompt.contains("panic"), "{}", request.prompt);
        Ok(TextAnswer {
            text: request.prompt,
            stop: Stop {
                reason: None,
                is_ordinary: true,
            },
            tokens: Tokens::default(),
            attempts: 1,
            bedrock_request_id: None,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    panic::log_places();
    let Ok(config) = Config::from_env() else {
        return ExitCode::FAILURE;
    };
    match serve(Handler::new(config, Panicking)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
