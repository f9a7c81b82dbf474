//! The commands: each chooses where the event goes and prints the reply.

use std::{
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
};

use bytes::Bytes;

use crate::{
    cli::{Options, Target},
    deployed::Deployment,
    event,
    failure::Failure,
    function::Function,
    output::{self, AnswerOutput},
    reply::Reply,
    stack::{self, Running},
};

/// Prints the payload as it came; the exit code says whether it is an answer.
pub(crate) async fn invoke(path: &Path, options: Options) -> Result<ExitCode, Failure> {
    if !options.model.is_empty() {
        return Err(Failure::EventHasModel);
    }
    let payload = reply_to(event::read(path)?, options).await?;
    output::print(&payload)?;
    Ok(if Reply::parse(&payload)?.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints the answer's text: to a terminal while it arrives, where the function streams.
pub(crate) async fn ask(
    prompt: &str,
    schema: &Path,
    options: Options,
) -> Result<ExitCode, Failure> {
    let schema = event::schema(schema)?;
    let event =
        |is_streamed| event::of_prompt(prompt, &options.model, is_streamed, schema.as_deref());
    let target = options.target()?;
    let streams = match target {
        // The emulator of make watch streams at its Function URL alone.
        Target::Local => Running::find().is_none(),
        Target::Aws => Deployment::read().is_ok_and(|deployment| deployment.streams),
    };
    if streams && io::stdout().is_terminal() {
        let event = event(true)?;
        let mut function = Function::start(&options, stack::PACE).await?;
        let mut output = AnswerOutput::new();
        let answered = function.ask(event, |text| output.piece(text)).await;
        output.end(answered)?;
        return Ok(ExitCode::SUCCESS);
    }
    let event = event(false)?;
    let payload = reply_to(event, options).await?;
    let answer = Reply::parse(&payload)?.answer()?;
    let mut output = AnswerOutput::new();
    output.piece(&answer.text)?;
    output.end(Ok(None))?;
    if let Some(reason) = &answer.stop_reason {
        output::say_cut(reason);
    }
    Ok(ExitCode::SUCCESS)
}

async fn reply_to(event: Bytes, options: Options) -> Result<Bytes, Failure> {
    match options.target()? {
        Target::Local => locally(event, &options.bedrock).await,
        Target::Aws => Deployment::announced(&options.bedrock)?.invoke(event).await,
    }
}

async fn locally(event: Bytes, bedrock: &bedrock_local::StandInOptions) -> Result<Bytes, Failure> {
    match Running::find() {
        Some(running) if !bedrock.is_plain() => Err(Failure::WatchHasItsOwn(running.pid)),
        Some(running) => stack::invoke_running(running, event).await,
        None => stack::invoke_once(event, bedrock).await,
    }
}
