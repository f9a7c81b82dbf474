//! The function as Lambda would run it, with a stand-in for Bedrock.

use std::{num::NonZeroU32, time::Duration};

use bedrock_local::BedrockLocal;
use bytes::Bytes;
use futures_util::{Stream, stream};
use lambda_local::{Builder, Function, Invocation, Outcome, ResponsePart};
use tokio::sync::mpsc;

use super::{bedrock, build, environment, failed, say};
use crate::{
    failure::Failure,
    project::FUNCTION,
    response::{self, Response},
};

/// Tokens a second at which the stand-in writes to a terminal: about the pace of the models of `models.json`.
pub(crate) const PACE: Option<NonZeroU32> = NonZeroU32::new(60);

/// A built function, and the stand-in that it asks.
struct Stack {
    function: Builder,
    timeout: Duration,
    _bedrock: BedrockLocal,
}

impl Stack {
    async fn set_up(
        options: &bedrock_local::StandInOptions,
        pace: Option<NonZeroU32>,
    ) -> Result<Self, Failure> {
        let granted = environment::granted()?;
        let stand_in = bedrock::start(options, pace).await?;
        let executable = build::function().await?;
        say(&[
            ("function", format!("{FUNCTION}, debug build")),
            ("bedrock", bedrock::described(&stand_in, options)),
            ("model", environment::default_model(&granted)),
        ]);
        let timeout = environment::timeout();
        Ok(Self {
            function: Function::builder(executable)
                .envs(environment::settings(&granted, &stand_in.endpoint_url()))
                .timeout(timeout)
                .inherit_output(),
            timeout,
            _bedrock: stand_in,
        })
    }
}

/// Starts the stack for one invocation, gives the function's payload as it came, and stops the stack.
pub(crate) async fn invoke_once(
    event: Bytes,
    options: &bedrock_local::StandInOptions,
) -> Result<Bytes, Failure> {
    let stack = Stack::set_up(options, None).await?;
    let function = stack.function.start().await?;
    payload(function.invoke(event).await, stack.timeout)
}

/// A function that streams its answers, in a process that stays up from one to the next.
pub(crate) struct LocalFunction {
    stack: Stack,
    /// None where the next event must start it.
    process: Option<Function>,
}

impl LocalFunction {
    /// Builds and starts it. `pace` is that of the stand-in's own text, in tokens a second.
    pub(crate) async fn start(
        options: &bedrock_local::StandInOptions,
        pace: Option<NonZeroU32>,
    ) -> Result<Self, Failure> {
        let mut stack = Stack::set_up(options, pace).await?;
        // The line of an invocation would come between an answer and the next question. What ends the process is still logged.
        stack.function = stack
            .function
            .env("BEDROCK_STREAM", "1")
            .env("AWS_LAMBDA_LOG_LEVEL", "FATAL");
        let process = Some(stack.function.clone().start().await?);
        Ok(Self { stack, process })
    }

    /// Hands the function an event, and each piece of its answer on as it comes.
    ///
    /// Where the caller stops waiting, the process is killed, so that the model writes no further. The next event starts another.
    pub(crate) async fn ask(
        &mut self,
        event: Bytes,
        on_text: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<Response, Failure> {
        let process = match self.process.take() {
            Some(process) => process,
            None => self.stack.function.clone().start().await?,
        };
        let (parts, received) = mpsc::channel(1);
        let invoked = process.invoke_with_response_stream(event, Invocation::default(), parts);
        let read = response::read(Box::pin(chunks(received)), on_text);
        let (outcome, response) = tokio::join!(invoked, read);
        if matches!(outcome, Outcome::Response { .. } | Outcome::Error { .. }) {
            self.process = Some(process);
        }
        let payload = payload(outcome, self.stack.timeout)?;
        match response? {
            Response::Whole(_) => Ok(Response::Whole(payload)),
            streamed => Ok(streamed),
        }
    }
}

fn chunks(parts: mpsc::Receiver<ResponsePart>) -> impl Stream<Item = Result<Bytes, Failure>> {
    stream::unfold(parts, |mut parts| async {
        loop {
            if let ResponsePart::Chunk(chunk) = parts.recv().await? {
                return Some((Ok(chunk), parts));
            }
        }
    })
}

fn payload(outcome: Outcome, timeout: Duration) -> Result<Bytes, Failure> {
    match outcome {
        Outcome::Response { body, .. } => Ok(body),
        Outcome::Error { error_type, body } => Err(failed(&error_type, &body)),
        Outcome::Exited { status } => Err(Failure::FunctionEnded(status)),
        Outcome::TimedOut => Err(Failure::TimedOut(timeout)),
    }
}
