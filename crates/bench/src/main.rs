//! `bench`: what `make bench`, `make bench-stream`, `make bench-batch` and `make bench-growth` run.
//!
//! Exit codes: 0 it was measured (a missed target is told, and is no failure), 1 it could not be, 2 the command line is wrong,
//! 128 + n signal n stopped it.

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use bench::{Extent, Programs, tables};
use clap::{Parser, Subcommand, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use lambda_local::stopped;
use serde::Serialize;

/// Measures the function beside others, and how its cost grows.
#[derive(Parser)]
struct Cli {
    /// How the functions are started: what crates/bench/subjects/build prints
    #[arg(long, value_name = "FILE")]
    subjects: PathBuf,
    /// Print JSON in place of tables
    #[arg(long)]
    json: bool,
    /// Write the numbers to this file, as JSON
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Beside Node.js, a straightforward Rust port, and hello world
    Compare {
        /// Processes started of each function, at each share of CPU
        #[arg(long, default_value_t = 15, value_parser = value_parser!(u32).range(1..))]
        cold_starts: u32,
        /// Warm invocations of each process
        #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
        warm_invocations: u32,
        /// Processes of each function that are frozen between two invocations; 0 for none
        #[arg(long, default_value_t = 3)]
        freezes: u32,
    },
    /// Streamed answers, beside Node.js and a straightforward Rust port
    Stream {
        /// Processes started of each function, at each share of CPU
        #[arg(long, default_value_t = 7, value_parser = value_parser!(u32).range(1..))]
        processes: u32,
    },
    /// A file of prompts, beside a loop in Python and the AWS CLI
    Batch {
        /// The folder of the programs `batch` and `bedrock-function`
        #[arg(long, value_name = "FOLDER")]
        built: PathBuf,
        /// The folder of the programs `python` and `aws`
        #[arg(long, value_name = "FOLDER")]
        tools: PathBuf,
    },
    /// By the size of prompt and answer, and the number of messages
    Growth {
        /// Invocations at each size
        #[arg(long, default_value_t = 7, value_parser = value_parser!(u32).range(1..))]
        repetitions: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg}: {human_pos} of {human_len}") {
        progress.set_style(style);
    }
    let result = tokio::select! {
        result = run(&cli, &progress) => result,
        // Dropping the run ends the functions, and removes their control groups.
        number = stopped() => return ExitCode::from(128 + number),
    };
    progress.finish_and_clear();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli, progress: &ProgressBar) -> Result<()> {
    match &cli.what {
        What::Compare {
            cold_starts,
            warm_invocations,
            freezes,
        } => {
            let extent = Extent {
                cold_starts: *cold_starts,
                warm_invocations: *warm_invocations,
                freezes: *freezes,
                unthrottled_too: cli.output.is_none(),
            };
            let results = bench::compare(&cli.subjects, extent, progress).await?;
            progress.finish_and_clear();
            finish(cli, &results, tables::comparison(&results))
        }
        What::Stream { processes } => {
            let unthrottled_too = cli.output.is_none();
            let streaming =
                bench::stream(&cli.subjects, *processes, unthrottled_too, progress).await?;
            progress.finish_and_clear();
            finish(cli, &streaming, tables::streaming(&streaming))
        }
        What::Batch { built, tools } => {
            let (built, tools) = (built.clone(), tools.clone());
            let batches = bench::batches(&Programs { built, tools }, progress).await?;
            progress.finish_and_clear();
            finish(cli, &batches, tables::batches(&batches))
        }
        What::Growth { repetitions } => {
            let growth = bench::grow(&cli.subjects, *repetitions, progress).await?;
            progress.finish_and_clear();
            finish(cli, &growth, tables::growth(&growth))
        }
    }
}

/// Prints what was measured, and then writes it: it is not lost where the file cannot be written.
fn finish(cli: &Cli, numbers: &impl Serialize, tables: String) -> Result<()> {
    let json = serde_json::to_string_pretty(numbers)? + "\n";
    stdout().write_all(if cli.json { &json } else { &tables }.as_bytes())?;
    match &cli.output {
        Some(path) => {
            fs::write(path, &json).with_context(|| format!("Cannot write {}", path.display()))
        }
        None => Ok(()),
    }
}
