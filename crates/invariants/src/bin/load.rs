//! What `make load` runs.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | every check passed |
//! | 1 | a check failed, which is named on stderr |
//! | 2 | the command line is wrong |
//! | 128 + n | signal n stopped it |

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, value_parser};
use indicatif::ProgressStyle;
use invariants::load::{self, Load, MANY_PROCESSES, ONE_PROCESS, ProgressBar, Report, Violation};
use lambda_local::stopped;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Puts the function under load: one process with many invocations, then many processes at once
#[derive(Parser)]
#[command(name = "load")]
struct Cli {
    /// The function's program
    #[arg(long, value_name = "FILE")]
    function: PathBuf,
    /// Invocations of the one process
    #[arg(long, env = "LOAD_INVOCATIONS", default_value_t = ONE_PROCESS.invocations, value_parser = value_parser!(u32).range(100..=10_000_000))]
    invocations: u32,
    /// The many processes
    #[arg(long, env = "LOAD_PROCESSES", default_value_t = MANY_PROCESSES.processes, value_parser = value_parser!(u32).range(1..=2_000))]
    processes: u32,
    /// Print the summary as JSON
    #[arg(long, env = "LOAD_JSON")]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg}: {human_pos} of {human_len}") {
        progress.set_style(style);
    }
    let outcome = tokio::select! {
        outcome = run(&cli, &progress) => outcome,
        // Dropping the run ends the processes.
        number = stopped() => return ExitCode::from(128 + number),
    };
    progress.finish_and_clear();
    let printed = match &outcome {
        Ok(report) => print(&cli, report),
        Err(violation) => writeln!(io::stderr(), "make load: {violation}"),
    };
    if outcome.is_ok() && printed.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn run(cli: &Cli, progress: &ProgressBar) -> Result<Report, Violation> {
    raise_descriptor_limit();
    let one = Load {
        invocations: cli.invocations,
        ..ONE_PROCESS
    };
    let many = Load {
        processes: cli.processes,
        ..MANY_PROCESSES
    };
    Ok(Report {
        one_process: load::run(&cli.function, one, progress).await?,
        many_processes: load::run(&cli.function, many, progress).await?,
    })
}

fn print(cli: &Cli, report: &Report) -> io::Result<()> {
    if cli.json {
        let json = serde_json::to_string_pretty(report)?;
        writeln!(io::stdout(), "{json}")
    } else {
        write!(io::stdout(), "{report}")
    }
}

/// Two hundred processes need some two thousand descriptors here; the usual limit of 1,024 is only the soft one.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it may not be raised, the run says so itself when it is reached.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
}
