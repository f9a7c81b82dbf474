//! The function around a model that panics whenever the prompt says so: what a test needs to see
//! the process survive it.

use std::{process::ExitCode, task::Poll};

use futures_util::{StreamExt, stream};

use bedrock_function::{
    budget::TimeBudget,
    config::Config,
    handler::Handler,
    lambda, panic,
    text::{Answer, AnswerEnd, AnswerPart, AnswerStream, CallError, TextModel, TextRequest},
};

struct Panicking;

impl TextModel for Panicking {
    async fn ask(&self, request: TextRequest, _: TimeBudget) -> Result<AnswerStream, CallError> {
        // The prompt is in the panic's message, as it well could be in a real one.
        assert!(!request.prompt.contains("panic now"), "{}", request.prompt);
        if request.prompt.contains("panic later") {
            let text = stream::iter([Ok(AnswerPart::Text("some text".to_owned()))]);
            let fault = stream::poll_fn(move |_| {
                assert!(request.prompt.is_empty(), "{}", request.prompt);
                Poll::Ready(None)
            });
            return Ok(Box::pin(text.chain(fault)));
        }
        let answer = Answer {
            text: request.prompt,
            end: AnswerEnd::default(),
        };
        Ok(answer.into_stream())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    panic::log_places();
    let Ok(config) = Config::from_env() else {
        return ExitCode::FAILURE;
    };
    match lambda::serve(Handler::new(config, Panicking)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
