//! `lambda-local`: starts a function as Lambda would. It hands it one event and prints its reply, or serves it until a signal.
//!
//! Exit codes: 0 the function answered, 1 the invocation failed, 2 the command line or the event file is wrong, 3 the function did not start.

mod report;
mod serve;

use std::{fs, io::Write, path::PathBuf, process::ExitCode, time::Duration};

use bytes::Bytes;
use clap::Parser;
use lambda_local::{Cpu, Function, Outcome, stopped};

/// Starts a function as Lambda would, hands it an event and prints its reply on stdout, or serves it as Lambda does; what the function
/// itself writes goes to stderr.
#[derive(Parser)]
struct Cli {
    /// A variable of the function's environment, which holds nothing else but what Lambda sets
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// How long the invocation may take
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// The function's name; by default the executable's
    #[arg(long, value_name = "NAME")]
    function_name: Option<String>,
    /// The memory that the function is told it has, in MB
    #[arg(long, default_value_t = 128)]
    memory_mb: u32,
    /// Give the function the CPU that Lambda gives to its memory, and freeze it between invocations; needs control groups
    #[arg(long)]
    throttle: bool,
    /// Hand it the event this often; the last reply is printed
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    invocations: u32,
    /// Tell on stderr what the INIT and each invocation took
    #[arg(long)]
    report: bool,
    /// The file that holds the event, in JSON
    #[arg(long, value_name = "FILE", required_unless_present_any = ["invoke_port", "url_port"])]
    event: Option<PathBuf>,
    #[command(flatten)]
    ports: serve::Ports,
    /// How many invocations may run at once where it is served, each in a process of its own
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// The function's executable, and its arguments
    #[arg(last = true, required = true, value_name = "BOOTSTRAP")]
    command: Vec<String>,
}

/// Why there is no reply to print.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("The event file {} cannot be read: {source}. Give the path of a JSON file.", path.display())]
    Event {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("The event file {} is not JSON: {source}. Correct it there.", path.display())]
    NotJson {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(transparent)]
    Start(#[from] lambda_local::StartError),
    #[error("{0}")]
    Invocation(Box<Outcome>),
    #[error("The reply cannot be printed: {0}.")]
    Output(std::io::Error),
    #[error(
        "The port cannot be listened on: {source}. Give another one, or 0 for one that is free."
    )]
    Listen { source: std::io::Error },
    #[error("Stopped by a signal; the function is stopped too.")]
    Interrupted,
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Invocation(_) | Self::Output(_) => 1,
            Self::Event { .. } | Self::NotJson { .. } | Self::Listen { .. } => 2,
            Self::Start(_) => 3,
            Self::Interrupted => 130,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_served = cli.event.is_none();
    let result = tokio::select! {
        biased;
        result = run(cli) => result,
        // A signal is the ordinary end of what is served.
        _ = stopped(), if !is_served => Err(Failure::Interrupted),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "lambda-local: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let event = cli.event.map(read_event).transpose()?;
    let mut command = cli.command.into_iter();
    let program = command.next().unwrap_or_default();
    let builder = Function::builder(program)
        .args(command)
        .envs(cli.variables)
        .timeout(cli.timeout)
        .memory_mb(cli.memory_mb)
        .inherit_output();
    let builder = match cli.function_name {
        Some(name) => builder.function_name(name),
        None => builder,
    };
    let builder = match cli.throttle {
        true => builder.cpu(Cpu::ByMemory).freeze(),
        false => builder,
    };
    let Some(event) = event else {
        return serve::serve(builder, cli.ports, cli.concurrency.into()).await;
    };
    let function = builder.start().await?;
    if let Some(reason) = function.unthrottled() {
        report::note(&format!("unthrottled: {reason}"));
    }
    if cli.report {
        report::phase("INIT", function.init());
    }
    let mut reply = Bytes::new();
    for number in 1..=cli.invocations {
        let outcome = if cli.report {
            let (outcome, phase) = function.measure(event.clone()).await;
            report::phase(&format!("INVOKE {number}"), &phase);
            outcome
        } else {
            function.invoke(event.clone()).await
        };
        reply = match outcome {
            Outcome::Response { body, .. } => body,
            failed => return Err(Failure::Invocation(Box::new(failed))),
        };
    }
    print(&reply).map_err(Failure::Output)
}

fn read_event(path: PathBuf) -> Result<Bytes, Failure> {
    let event = match fs::read(&path) {
        Ok(event) => event,
        Err(source) => return Err(Failure::Event { path, source }),
    };
    match serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
        Ok(_) => Ok(event.into()),
        Err(source) => Err(Failure::NotJson { path, source }),
    }
}

/// The payload as it came, and a line end.
fn print(payload: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(payload)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("Give it as NAME=VALUE.".to_owned()),
    }
}
