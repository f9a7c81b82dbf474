//! The function on AWS, which a command of the CDK app calls with AWS's SDK.

use std::{
    fs,
    io::{Seek, Write},
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

    /// Invokes the recorded deployment by infra/commands/invoke.ts and gives its payload.
    pub(crate) async fn invoke(&self, event: Bytes) -> Result<Bytes, Failure> {
        let infra = project::root().join("infra");
        if !infra.join("node_modules/.package-lock.json").exists() {
            return Err(Failure::InfraMissing);
        }
        let mut stdin = tempfile::tempfile()?;
        stdin.write_all(&event)?;
        stdin.rewind()?;
        let mut command = Command::new("node");
        command
            .args(["--import", "tsx", "commands/invoke.ts"])
            .current_dir(infra)
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
