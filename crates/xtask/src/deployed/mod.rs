//! The function on AWS, which commands of the CDK app call with AWS's SDK.

mod stream;

pub(crate) use stream::DeployedFunction;

use std::{
    fs,
    io::{self, Seek, Write},
    process::{Command, Stdio},
};

use bytes::Bytes;
use lambda_local::ProcessGroup;
use serde::Deserialize;

use crate::{failure::Failure, project};

/// The record that a deployment leaves for its caller.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    pub(crate) function_name: String,
    pub(crate) region: String,
    /// Whether it was deployed with STREAM=1.
    #[serde(default)]
    pub(crate) streams: bool,
}

impl Deployment {
    pub(crate) fn is_recorded() -> bool {
        project::deployment().exists()
    }

    pub(crate) fn read() -> Result<Self, Failure> {
        let path = project::deployment();
        let Ok(record) = fs::read(&path) else {
            return Err(Failure::NotDeployed(path));
        };
        serde_json::from_slice(&record).map_err(|error| Failure::DeploymentUnreadable {
            path,
            problem: error.to_string(),
        })
    }

    /// Reads the record for a call, and says on stderr which function that goes to.
    pub(crate) fn announced(bedrock: &bedrock_local::StandInOptions) -> Result<Self, Failure> {
        if !bedrock.is_plain() {
            return Err(Failure::ForTheStandIn);
        }
        let deployment = Self::read()?;
        let _ = writeln!(
            io::stderr(),
            "function  {} on AWS in {}",
            deployment.function_name,
            deployment.region
        );
        Ok(deployment)
    }

    /// Invokes the recorded deployment by infra/commands/operate/invoke.ts and gives its payload.
    pub(crate) async fn invoke(&self, event: Bytes) -> Result<Bytes, Failure> {
        let mut command = node("commands/operate/invoke.ts")?;
        let mut stdin = tempfile::tempfile()?;
        stdin.write_all(&event)?;
        stdin.rewind()?;
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let group = ProcessGroup::spawn(&mut command).map_err(|_| Failure::InfraMissing)?;
        let output = group.output().await?;
        if output.stdout.is_empty() {
            return Err(Failure::Deployed {
                code: output.status.code(),
                sentence: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        Ok(output.stdout.into())
    }
}

/// A command of the CDK app.
fn node(script: &str) -> Result<Command, Failure> {
    let infra = project::root().join("infra");
    if !infra.join("node_modules/.package-lock.json").exists() {
        return Err(Failure::InfraMissing);
    }
    let mut command = Command::new("node");
    command.args(["--import", "tsx", script]).current_dir(infra);
    Ok(command)
}
