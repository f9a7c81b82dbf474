//! The function's debug build.

use std::{path::PathBuf, process::Stdio};

use lambda_local::ProcessGroup;
use serde::Deserialize;

use crate::{failure::Failure, project::FUNCTION, tools};

/// Of cargo's messages: the one that names an executable.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    target: Target,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds the function and gives its path, wherever the caller's settings have cargo put it. Cargo's own words go to stderr.
pub(crate) async fn function() -> Result<PathBuf, Failure> {
    let mut command = tools::cargo();
    command.args([
        "build",
        "--locked",
        "--message-format=json-render-diagnostics",
        "-p",
        FUNCTION,
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let cargo = ProcessGroup::spawn(&mut command).map_err(|source| Failure::CannotRun {
        program: "cargo".into(),
        source,
    })?;
    let output = cargo.output().await?;
    match output.status {
        status if status.success() => {
            executable(&output.stdout).ok_or(Failure::NoExecutable(FUNCTION))
        }
        status => Err(Failure::Build(status)),
    }
}

fn executable(messages: &[u8]) -> Option<PathBuf> {
    let artifacts = messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok());
    artifacts
        .filter(|artifact| artifact.target.name == FUNCTION && artifact.target.kind == ["bin"])
        .find_map(|artifact| artifact.executable)
}
