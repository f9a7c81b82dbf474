//! `bench`: what `make bench` and `make bench-growth` run.
//!
//! Exit codes: 0 it was measured (a missed target is told, and is no failure), 1 it could not be, 2 the command line is wrong,
//! 128 + n signal n stopped it.

use std::{
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bench::{BenchError, Extent, Language, Ours};
use clap::{Args, Parser, Subcommand};
use lambda_local::stopped;
use serde::Serialize;

/// Measures the function beside others, and how its cost grows.
#[derive(Parser)]
struct Cli {
    /// The function's bootstrap, as it is deployed
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/lambda/bedrock-function/bootstrap"
    )]
    function: PathBuf,
    /// The environment that it is deployed with: as JSON
    #[arg(
        long,
        value_name = "FILE",
        default_value = "infra/deployed-environment.json"
    )]
    environment: PathBuf,
    /// Print JSON in place of tables
    #[arg(long)]
    json: bool,
    /// Write numbers, charts and tables into the documents below this folder
    #[arg(long, value_name = "FOLDER")]
    publish: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Beside Node.js, a straightforward Rust port, and hello world
    Compare(Compare),
    /// Nothing: write the documents' tables and charts anew, from the numbers of the last runs
    Tables,
    /// By the size of prompt and answer, and the number of messages
    Growth {
        /// Invocations at each size
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
        repetitions: u32,
    },
}

#[derive(Args)]
struct Compare {
    /// How the others are started: what tools/bench-subjects prints
    #[arg(long, value_name = "FILE")]
    subjects: PathBuf,
    /// Processes started of each function, at each share of CPU
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    cold_starts: u32,
    /// Warm invocations of each process
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    warm_invocations: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = tokio::select! {
        result = run(&cli) => result,
        // What is dropped here ends the functions, and removes their control groups.
        number = stopped() => return ExitCode::from(128 + number),
    };
    bench::clear();
    match result.and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<String, BenchError> {
    let root = cli.publish.as_deref();
    match &cli.what {
        What::Compare(extent) => compare(cli, extent, root).await,
        What::Tables => tables(root.unwrap_or(Path::new("."))),
        What::Growth { repetitions } => {
            let growth = bench::grow(&ours(cli)?, *repetitions).await?;
            let text = text(cli.json, &growth, || growth.to_string())?;
            published(text, root.map(|root| bench::growth(root, &growth)))
        }
    }
}

fn ours(cli: &Cli) -> Result<Ours, BenchError> {
    Ours::read(&cli.function, &cli.environment)
}

fn tables(root: &Path) -> Result<String, BenchError> {
    bench::comparison(root, &bench::read(&root.join(bench::COMPARE_JSON))?)?;
    bench::growth(root, &bench::read(&root.join(bench::GROWTH_JSON))?)?;
    Ok(String::new())
}

async fn compare(cli: &Cli, what: &Compare, root: Option<&Path>) -> Result<String, BenchError> {
    let extent = Extent {
        cold_starts: what.cold_starts,
        warm_invocations: what.warm_invocations,
        unthrottled_too: root.is_none(),
    };
    let results = bench::compare(&what.subjects, &ours(cli)?, extent).await?;
    let text = text(cli.json, &results, || {
        format!(
            "{}\n{}\n{}",
            bench::circumstances(&results, Language::English),
            bench::full(&results),
            bench::of_targets(&results)
        )
    })?;
    published(text, root.map(|root| bench::comparison(root, &results)))
}

/// What was measured is not lost where it cannot be published: it is printed all the same.
fn published(text: String, written: Option<Result<(), BenchError>>) -> Result<String, BenchError> {
    match written {
        Some(Err(error)) => print(&text).and(Err(error)),
        _ => Ok(text),
    }
}

fn text(
    json: bool,
    value: &impl Serialize,
    table: impl FnOnce() -> String,
) -> Result<String, BenchError> {
    if !json {
        return Ok(table());
    }
    serde_json::to_string_pretty(value)
        .map(|text| format!("{text}\n"))
        .map_err(|source| BenchError::Json {
            path: "the results".into(),
            source,
        })
}

fn print(text: &str) -> Result<(), BenchError> {
    stdout()
        .write_all(text.as_bytes())
        .map_err(|source| BenchError::File {
            path: "stdout".into(),
            source,
        })
}
