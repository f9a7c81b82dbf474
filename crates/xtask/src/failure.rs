//! Every way to fail, in one sentence of what happened and what to do.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why there is no reply of the function.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "no event file is named: give one, as in make invoke EVENT=events/bedrock-test-001.json"
    )]
    NoEvent,
    #[error("cannot read the event file {}: {source}; give the path of a JSON file, as in EVENT=events/bedrock-test-001.json", path.display())]
    EventUnreadable { path: PathBuf, source: io::Error },
    #[error("the event file {} is not JSON: {source}; correct it there", path.display())]
    EventNotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the event file {} has {bytes} bytes, and Lambda takes no more than {limit}", path.display())]
    EventTooLarge {
        path: PathBuf,
        bytes: usize,
        limit: usize,
    },
    #[error("no prompt is given: give one, as in make ask P=\"What is AWS Lambda?\"")]
    NoPrompt,
    #[error(
        "MODEL is for make ask and make deploy: write the model into the event, as in {{\"prompt\": \"hi\", \"modelId\": \"apac.amazon.nova-micro-v1:0\"}}"
    )]
    EventHasModel,
    #[error("the target \"{0}\" is neither local nor aws: give one of the two")]
    Target(String),
    #[error("{0}")]
    Fault(bedrock_local::ParseFaultError),
    #[error(
        "an upstream needs both its address and its model: give UPSTREAM=http://localhost:11434/v1 and UPSTREAM_MODEL=NAME"
    )]
    HalfUpstream,
    #[error("{0}")]
    Upstream(bedrock_local::UpstreamError),
    #[error(
        "make watch is running (process {0}) with a stand-in of its own: stop it, or give FAULT and UPSTREAM to it instead"
    )]
    WatchHasItsOwn(u32),
    #[error(
        "FAULT and UPSTREAM are for the local stand-in, and this call would go to the deployed function: add TARGET=local"
    )]
    ForTheStandIn,
    #[error("make watch is running already (process {0}): stop it first, or just use it")]
    WatchRunsAlready(u32),
    #[error("no deployment is recorded in {}: deploy the function first, or use TARGET=local", .0.display())]
    NotDeployed(PathBuf),
    #[error("the deployment recorded in {} cannot be used: {problem}; deploy again, or use TARGET=local", path.display())]
    DeploymentUnreadable { path: PathBuf, problem: String },
    #[error("{0} is missing: run make setup")]
    ToolMissing(&'static str),
    #[error("cannot run {program}: {source}; run make setup")]
    CannotRun { program: String, source: io::Error },
    #[error("the function does not compile ({0}): see cargo's messages above")]
    Build(ExitStatus),
    #[error("cargo built no executable named {0}")]
    NoExecutable(&'static str),
    #[error("the stand-in for Bedrock did not start: {0}")]
    Bedrock(bedrock_local::StartError),
    #[error("cannot set up the local stack: {0}")]
    System(#[from] io::Error),
    #[error(
        "cargo lambda watch ended before it listened ({status}){}",
        quoted(output)
    )]
    EmulatorEnded { status: ExitStatus, output: String },
    #[error(
        "cargo lambda watch did not listen on port {port} within {after:?}{}",
        quoted(output)
    )]
    EmulatorSilent {
        port: u16,
        after: Duration,
        output: String,
    },
    #[error("the function ended without a reply ({0}): see its messages above")]
    FunctionEnded(ExitStatus),
    #[error("the function failed: {0}")]
    FunctionFailed(String),
    #[error("no reply from the function within {0:?}: see its messages above")]
    NoReply(Duration),
    #[error("the connection to cargo lambda watch broke before the reply: {0}")]
    Connection(reqwest::Error),
    #[error("cargo lambda watch refused the event with HTTP status {status}: {body}")]
    Refused { status: u16, body: String },
    #[error(
        "Calling the deployed function takes Node.js and the packages of infra, which are not installed here: run infra/install, or make deploy. TARGET=local needs neither."
    )]
    InfraMissing,
    #[error("{sentence}")]
    Deployed { code: Option<i32>, sentence: String },
    #[error("the reply is none of this function's: it has no statusCode")]
    NotAReply,
    #[error("{0}")]
    Answer(String),
    #[error("cannot print the reply: {0}")]
    Output(io::Error),
    #[error("stopped by signal {0}; everything that was started is stopped too")]
    Stopped(i32),
}

impl Failure {
    /// The table is in main.rs.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Answer(_) | Self::NotAReply => 1,
            Self::NoEvent
            | Self::EventUnreadable { .. }
            | Self::EventNotJson { .. }
            | Self::EventTooLarge { .. }
            | Self::NoPrompt
            | Self::EventHasModel
            | Self::Target(_)
            | Self::Fault(_)
            | Self::HalfUpstream
            | Self::Upstream(_)
            | Self::WatchHasItsOwn(_)
            | Self::WatchRunsAlready(_)
            | Self::ForTheStandIn
            | Self::NotDeployed(_)
            | Self::DeploymentUnreadable { .. } => 2,
            Self::ToolMissing(_)
            | Self::CannotRun { .. }
            | Self::Build(_)
            | Self::InfraMissing
            | Self::NoExecutable(_) => 3,
            Self::Deployed { code, .. } => {
                code.and_then(|code| u8::try_from(code).ok()).unwrap_or(4)
            }
            Self::Stopped(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            _ => 4,
        }
    }
}

/// The last lines of a program's output, where it says why.
fn quoted(output: &str) -> String {
    let lines: Vec<&str> = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    match lines.len() {
        0 => "; it said nothing".to_owned(),
        count => format!(
            "; its last words: {}",
            lines[count.saturating_sub(3)..].join(" / ")
        ),
    }
}
