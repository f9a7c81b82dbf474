//! The errors of this program: each message says what happened and what to do.

use std::{io, path::PathBuf, time::Duration};

use lambda_local::ExitStatus;

/// Why there is no reply of the function.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "No event file is named. Give one, as in make invoke EVENT=events/bedrock-test-001.json."
    )]
    NoEvent,
    #[error("The event file {} cannot be read: {source}. Give the path of a JSON file, as in EVENT=events/bedrock-test-001.json.", path.display())]
    EventUnreadable { path: PathBuf, source: io::Error },
    #[error("The event file {} is not JSON: {source}. Correct it there.", path.display())]
    EventNotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("The event file {} has {bytes} bytes, and Lambda takes no more than {limit}. Shorten it.", path.display())]
    EventTooLarge {
        path: PathBuf,
        bytes: usize,
        limit: usize,
    },
    #[error("The schema file {} cannot be read: {source}. Give the path of a JSON Schema, as in SCHEMA=events/schema/orders.json.", path.display())]
    SchemaUnreadable { path: PathBuf, source: io::Error },
    #[error("The schema file {} is not JSON: {source}. Correct it there.", path.display())]
    SchemaNotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("No prompt is given. Give one, as in make ask P=\"What is AWS Lambda?\".")]
    NoPrompt,
    #[error(
        "MODEL is for make ask and make deploy. Write the model into the event, as in {{\"prompt\": \"hi\", \"modelId\": \"apac.amazon.nova-micro-v1:0\"}}."
    )]
    EventHasModel,
    #[error("The target \"{0}\" is neither local nor aws. Give one of the two.")]
    Target(String),
    #[error(transparent)]
    StandIn(#[from] bedrock_local::StandInOptionsError),
    #[error(
        "make watch is running (process {0}) with a stand-in of its own. Stop it, or give FAULT and UPSTREAM to it instead."
    )]
    WatchHasItsOwn(u32),
    #[error(
        "FAULT and UPSTREAM are for the local stand-in, and this call would go to the deployed function. Add TARGET=local."
    )]
    ForTheStandIn,
    #[error("make watch is running already (process {0}). Stop it first, or use that one.")]
    WatchRunsAlready(u32),
    #[error("No deployment is recorded in {}. Deploy the function first, or use TARGET=local.", .0.display())]
    NotDeployed(PathBuf),
    #[error("The deployment recorded in {} cannot be used: {problem}. Deploy again, or use TARGET=local.", path.display())]
    DeploymentUnreadable { path: PathBuf, problem: String },
    #[error("{0} is missing. Run make setup.")]
    ToolMissing(&'static str),
    #[error("{program} cannot be run: {source}. Run make setup.")]
    CannotRun { program: String, source: io::Error },
    #[error("The function does not compile ({0}). See cargo's messages above.")]
    Build(ExitStatus),
    #[error("Cargo built no executable named {0}. Run cargo build -p {0} and see what it says.")]
    NoExecutable(&'static str),
    #[error("The stand-in for Bedrock did not start: {0}")]
    Bedrock(bedrock_local::StartError),
    #[error("The local stack cannot be set up: {0}.")]
    System(#[from] io::Error),
    #[error("{0}")]
    Start(#[from] lambda_local::StartError),
    #[error("cargo lambda watch ended ({0}). See its messages above.")]
    EmulatorEnded(ExitStatus),
    #[error(
        "cargo lambda watch did not listen on port {port} within {after:?}. See its messages above."
    )]
    EmulatorSilent { port: u16, after: Duration },
    #[error("The function ended without a reply ({0}). See its messages above.")]
    FunctionEnded(ExitStatus),
    #[error("The function failed: {0}")]
    FunctionFailed(String),
    #[error(
        "The function gave no reply within {0:?}, and was ended as Lambda ends it. Give it more by BEDROCK_TIMEOUT_SECONDS."
    )]
    TimedOut(Duration),
    #[error("The function in make watch gave no reply within {0:?}. See its messages there.")]
    NoReply(Duration),
    #[error("The connection to cargo lambda watch broke before the reply: {0}. See make watch.")]
    Connection(reqwest::Error),
    #[error("cargo lambda watch refused the event with HTTP status {status}: {body}")]
    Refused { status: u16, body: String },
    #[error(
        "Calling the deployed function takes Node.js and the packages of infra, which are not installed here. Run infra/install, or make deploy. TARGET=local needs neither."
    )]
    InfraMissing,
    #[error("{sentence}")]
    Deployed { code: Option<i32>, sentence: String },
    #[error(
        "The reply is none of this function's: it has no statusCode. See which function was called."
    )]
    NotAReply,
    #[error("{0}")]
    Answer(String),
    #[error("The answer broke off before its end. Ask again, and see the function's log.")]
    BrokenOff,
    #[error("\"{0}\" is no command. /help lists the commands.")]
    UnknownCommand(String),
    #[error("/model takes the id of a model, as in /model apac.amazon.nova-micro-v1:0.")]
    ModelWithoutId,
    #[error("/save takes the name of a new file, as in /save talk.json.")]
    SaveWithoutFile,
    #[error("The conversation cannot be saved to {}: {source}. Give the name of a new file.", path.display())]
    Save { path: PathBuf, source: io::Error },
    #[error("The input cannot be read: {0}. Give lines of UTF-8.")]
    Input(io::Error),
    #[error("The reply cannot be printed: {0}.")]
    Output(io::Error),
    #[error("Stopped by signal {0}. Everything that was started is stopped too.")]
    Stopped(u8),
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
            | Self::SchemaUnreadable { .. }
            | Self::SchemaNotJson { .. }
            | Self::NoPrompt
            | Self::EventHasModel
            | Self::Target(_)
            | Self::StandIn(_)
            | Self::WatchHasItsOwn(_)
            | Self::WatchRunsAlready(_)
            | Self::ForTheStandIn
            | Self::UnknownCommand(_)
            | Self::ModelWithoutId
            | Self::SaveWithoutFile
            | Self::Save { .. }
            | Self::Input(_)
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
            Self::Stopped(signal) => 128 + signal,
            _ => 4,
        }
    }
}
