//! The commands: each chooses where the event goes and prints the reply.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use bytes::Bytes;
use lambda_local::Signals;

use crate::{
    cli::{Bedrock, Options, Target},
    deployed::Deployment,
    event,
    failure::Failure,
    reply::Reply,
    stack::{self, Running},
};

/// Prints the payload as it came; the exit code says whether it is an answer.
pub(crate) async fn invoke(path: &Path, options: Options) -> Result<ExitCode, Failure> {
    if !options.model.is_empty() {
        return Err(Failure::EventHasModel);
    }
    let payload = reply_to(event::read(path)?, options).await?;
    print(&payload)?;
    Ok(if Reply::parse(&payload)?.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints the answer's text.
pub(crate) async fn ask(prompt: &str, options: Options) -> Result<ExitCode, Failure> {
    let payload = reply_to(event::of_prompt(prompt, &options.model)?, options).await?;
    let answer = Reply::parse(&payload)?.answer()?;
    print(answer.text.as_bytes())?;
    if let Some(reason) = answer.stop_reason {
        let _ = writeln!(
            io::stderr(),
            "The answer is not whole: it was stopped by {reason}."
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs until a signal, which is the ordinary way to end it.
pub(crate) async fn watch(bedrock: &Bedrock, signals: &mut Signals) -> Result<ExitCode, Failure> {
    stack::watch(bedrock, signals).await?;
    Ok(ExitCode::SUCCESS)
}

async fn reply_to(event: Bytes, options: Options) -> Result<Bytes, Failure> {
    match options.target()? {
        Some(Target::Local) => locally(event, &options.bedrock).await,
        Some(Target::Aws) => on_aws(event, &options.bedrock).await,
        None if Deployment::is_recorded() => on_aws(event, &options.bedrock).await,
        None => locally(event, &options.bedrock).await,
    }
}

async fn locally(event: Bytes, bedrock: &Bedrock) -> Result<Bytes, Failure> {
    match Running::find() {
        Some(running) if !bedrock.is_plain() => Err(Failure::WatchHasItsOwn(running.pid)),
        Some(running) => stack::invoke_running(running, event).await,
        None => stack::invoke_once(event, bedrock).await,
    }
}

async fn on_aws(event: Bytes, bedrock: &Bedrock) -> Result<Bytes, Failure> {
    if !bedrock.is_plain() {
        return Err(Failure::ForTheStandIn);
    }
    let deployment = Deployment::read()?;
    let _ = writeln!(
        io::stderr(),
        "function  {} on AWS in {}",
        deployment.function_name,
        deployment.region
    );
    deployment.invoke(event).await
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(bytes)
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    written.map_err(Failure::Output)
}
