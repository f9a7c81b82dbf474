//! The function on AWS.

use std::{fs, io::Write, process::Stdio};

use bytes::Bytes;
use serde::Deserialize;

use crate::{failure::Failure, group::Group, project, tools};

/// What a deployment leaves for its caller.
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

    /// Invokes the function by `cargo lambda invoke --remote` and gives its payload.
    pub(crate) async fn invoke(&self, event: Bytes) -> Result<Bytes, Failure> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(&event)?;
        let mut command = tools::cargo_lambda_with_aws_settings()?;
        command.args([
            "invoke",
            "--remote",
            &self.function_name,
            "--region",
            &self.region,
            "--color",
            "never",
            "--data-file",
        ]);
        command
            .arg(file.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let group = Group::spawn(&mut command).map_err(|source| Failure::CannotRun {
            program: "cargo lambda invoke".into(),
            source,
        })?;
        let output = group.output().await?;
        if output.status.success() {
            Ok(payload(output.stdout))
        } else {
            Err(failed(&String::from_utf8_lossy(&output.stderr)))
        }
    }
}

/// cargo-lambda adds a line end.
fn payload(mut stdout: Vec<u8>) -> Bytes {
    if stdout.ends_with(b"\n") {
        stdout.pop();
    }
    stdout.into()
}

fn failed(stderr: &str) -> Failure {
    if stderr.contains("no providers in chain provided credentials") {
        Failure::NoCredentials
    } else {
        Failure::Remote(causes(stderr))
    }
}

/// cargo-lambda draws its causes as a tree: `× failed`, `├─▶ because`, `╰─▶ because`.
fn causes(stderr: &str) -> String {
    let marks = ['×', '├', '╰', '─', '▶', ' '];
    let causes = stderr
        .lines()
        .filter(|line| line.trim_start().starts_with(['×', '├', '╰']));
    let causes: Vec<&str> = causes.map(|line| line.trim_matches(marks)).collect();
    if causes.is_empty() {
        stderr.trim().to_owned()
    } else {
        causes.join(": ")
    }
}
