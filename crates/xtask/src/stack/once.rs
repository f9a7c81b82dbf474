//! One invocation: the stack is started for it and stopped after it.

use std::{path::Path, process::Stdio};

use bytes::Bytes;
use tokio::process::Command;

use super::{bedrock, build, emulator::Emulator, environment, post, say};
use crate::{cli::Bedrock, failure::Failure, group::Group, models, project::FUNCTION, tools};

/// Builds the function, runs it behind the emulator with a stand-in for Bedrock, and gives its payload.
pub(crate) async fn invoke_once(event: Bytes, options: &Bedrock) -> Result<Bytes, Failure> {
    let granted = models::granted()?;
    let stand_in = bedrock::start(options).await?;
    let executable = build::function().await?;
    let mut emulator = Emulator::start(None, apis_only, false).await?;
    say(&[
        ("function", format!("{FUNCTION}, debug build")),
        (
            "emulator",
            format!("cargo lambda watch at {}", emulator.url()),
        ),
        ("bedrock", bedrock::described(&stand_in, options)),
        ("model", environment::default_model(&granted)),
    ]);
    let mut command = function(&executable, emulator.port);
    command.envs(environment::settings(&granted, &stand_in.endpoint_url()));
    let mut function = Group::spawn(&mut command).map_err(|source| Failure::CannotRun {
        program: FUNCTION.into(),
        source,
    })?;
    tokio::select! {
        biased;
        payload = post(emulator.port, event, environment::patience()) => payload,
        // The emulator itself would let the invocation wait for ever.
        status = function.exited() => Err(Failure::FunctionEnded(status?)),
        status = emulator.group.exited() => Err(Failure::EmulatorEnded { status: status?, output: String::new() }),
    }
}

/// The emulator without a function of its own: the one started here has an environment of its own and is seen to end.
fn apis_only() -> Result<Command, Failure> {
    let mut command = tools::cargo_lambda()?;
    command.args(["watch", "--only-lambda-apis", "--disable-cors"]);
    Ok(command)
}

/// The function as on Lambda: in an environment that holds nothing else.
fn function(executable: &Path, port: u16) -> Command {
    let mut command = Command::new(executable);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(std::io::stderr());
    command.envs([
        (
            "AWS_LAMBDA_RUNTIME_API",
            format!("http://127.0.0.1:{port}/.rt/{FUNCTION}").as_str(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", FUNCTION),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("_HANDLER", "bootstrap"),
        ("TZ", ":UTC"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ]);
    command
}
