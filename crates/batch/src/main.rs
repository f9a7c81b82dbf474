//! What `make batch` runs: `batch run` here, and for a run elsewhere `batch check` before it and `batch merge` after it.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | every row has an answer |
//! | 1 | some rows failed: the output has them too. Of `merge`, also: some have no result, and there is no output yet |
//! | 2 | the input, a setting or the cost is not as it must be; nothing was sent |
//! | 3 | the function or the stand-in for Bedrock did not start |
//! | 4 | an answer could not be written |
//! | 5 | the output is written, and the table of `CSV=1` is not |
//! | 6 | the batch on AWS was begun, and its results are not here yet: the same command comes back to it |
//! | 128 + n | signal n stopped it |

mod cli;
mod japanese;
mod report;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use batch::{
    Failure, Input, Journal, Place, Plan, Progress, beside,
    check::{Way, check},
    local, merge, output, run, table,
};
use clap::Parser;
use cli::{CheckArgs, Cli, Command, Files, MergeArgs, RunArgs};
use japanese::in_japanese;
use lambda_local::{Signals, localized};
use report::Summary;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = Arc::new(Progress::new());
    let ended = match &cli.command {
        Command::Run(args) => run_here(args, &progress).await,
        Command::Check(args) => check_only(args, &progress),
        Command::Merge(args) => merge_results(args, &progress),
    };
    progress.end();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let sentence = localized(failure.to_string(), in_japanese(&failure));
            let _ = writeln!(io::stderr(), "make batch: {sentence}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// A batch that can begin: every row is checked.
struct Checked {
    input: Input,
    journal: Journal,
    plan: Plan,
    unreadable: u64,
}

/// Opens the files and checks every row.
fn checked(
    files: &Files,
    environment: &local::Environment,
    way: Way,
    progress: &Progress,
) -> Result<Checked, Failure> {
    let (input, output) = files.paths()?;
    refuse_same_file(input, output)?;
    let opened = files.open(environment)?;
    checked_with(opened, Journal::open(output)?, environment, way, progress)
}

/// Checks every row of an input, by a journal and the output that it is of.
fn checked_with(
    input: Input,
    mut journal: Journal,
    environment: &local::Environment,
    way: Way,
    progress: &Progress,
) -> Result<Checked, Failure> {
    let answers = journal.answers()?;
    let unreadable = answers.unreadable;
    let plan = check(&input, answers, &environment.config()?, way, progress)?;
    progress.end();
    Ok(Checked {
        input,
        journal,
        plan,
        unreadable,
    })
}

/// The one would replace the other.
fn refuse_same_file(input: &Path, output: &Path) -> Result<(), Failure> {
    match (fs::canonicalize(input), fs::canonicalize(output)) {
        (Ok(input), Ok(output)) if input == output => Err(Failure::SameFile(input)),
        _ => Ok(()),
    }
}

/// Writes the output, and the table of it where one is wanted.
fn write(journal: Journal, places: &[Place], table: Option<&Path>) -> Result<(), Failure> {
    let output = journal.output().to_owned();
    output::write(journal, places)?;
    let written = table.map_or(Ok(()), |table| table::write(&output, table));
    written.map_err(|failure| Failure::Table(Box::new(failure)))
}

async fn run_here(args: &RunArgs, progress: &Arc<Progress>) -> Result<u8, Failure> {
    let of_aws = beside(args.files.paths()?.1, ".aws");
    if of_aws.exists() {
        return Err(Failure::OnAws(of_aws));
    }
    let stand_in = match args.bedrock_url {
        Some(_) => None,
        None => Some(local::stand_in(&args.bedrock).await?),
    };
    let started = stand_in.as_ref().map(|stand_in| stand_in.endpoint_url());
    let endpoint_url = args.bedrock_url.clone().or(started).unwrap_or_default();
    let environment = local::Environment::new(&endpoint_url, &args.files.model)?;
    let table = args.files.table()?;
    let Checked {
        input,
        journal,
        plan,
        unreadable,
    } = checked(&args.files, &environment, Way::Direct, progress)?;
    // Neither the stand-in nor an upstream is Bedrock: nothing is paid for here, and there is nothing to agree to.
    report::begin(&plan, unreadable, &report::Where::here(args));
    let (rows, before) = (plan.places.len() as u64, plan.answered());
    let asked = environment.function(&args.function, args.concurrency())?;
    progress.begin(plan.estimate.rows);
    let options = args.options();
    let batch = (plan, journal);
    // Not before: until something runs, a signal may end the program as it always does.
    let mut signals = Signals::listen().map_err(|error| Failure::System(error.to_string()))?;
    let ran = run::run(
        input,
        batch,
        asked,
        &options,
        Arc::clone(progress),
        &mut signals,
    )
    .await;
    let (journal, places, run) = ran?;
    progress.end();
    let summary = Summary::new(journal.output(), rows, before, run);
    if !summary.is_stopped() {
        write(journal, &places, table.as_deref())?;
    }
    let summary = summary.table(table);
    summary.print(args.json);
    Ok(summary.exit_code())
}

/// Checks and estimates, asks where it may become dear, and writes what is to be asked.
fn check_only(args: &CheckArgs, progress: &Progress) -> Result<u8, Failure> {
    let environment = local::Environment::new("http://localhost", &args.files.model)?;
    refuse_same_file(args.files.paths()?.0, &args.items)?;
    // Here too, before anything is paid: the table is written when all answers are there.
    args.files.table()?;
    let checked = checked(&args.files, &environment, Way::StepFunctions, progress)?;
    let estimate = &checked.plan.estimate;
    report::begin(
        &checked.plan,
        checked.unreadable,
        &report::Where::on_aws(args.concurrency),
    );
    estimate.allow(args.cost_limit_usd, args.yes, || report::agrees(estimate))?;
    let unwritable = |source| Failure::Output {
        path: args.items.clone(),
        what: "written",
        source,
    };
    let mut items = BufWriter::new(File::create(&args.items).map_err(unwritable)?);
    for row in merge::pending(&checked.input, &checked.plan.places)? {
        writeln!(items, "{}", row?.task).map_err(unwritable)?;
    }
    items.flush().map_err(unwritable)?;
    report::json(estimate);
    Ok(0)
}

/// Takes the results of a run elsewhere into the journal, and writes the output where every row has one. They are there
/// before the input is looked at, which may have changed since they were asked for.
fn merge_results(args: &MergeArgs, progress: &Progress) -> Result<u8, Failure> {
    let environment = local::Environment::new("http://localhost", &args.files.model)?;
    let table = args.files.table()?;
    let (input, output) = args.files.paths()?;
    refuse_same_file(input, output)?;
    let mut journal = Journal::open(output)?;
    let mut run = run::Run {
        seconds: args.seconds,
        ..run::Run::default()
    };
    let answers = journal.answers()?;
    let mut merging = merge::Merging::new(&args.items, &environment.config()?, &answers)?;
    merging.take(&args.results, &mut journal, &mut run)?;
    drop(answers);
    let input = args.files.open(&environment)?;
    let Checked { journal, plan, .. } =
        checked_with(input, journal, &environment, Way::Direct, progress)?;
    report::left_over(&plan);
    report::strangers(merging.strangers);
    let missing = plan.places.iter().filter(|place| place.is_none()).count();
    let rows = plan.places.len() as u64;
    let summary = Summary::new(journal.output(), rows, 0, run).merged(plan.answered(), missing);
    if missing == 0 {
        write(journal, &plan.places, table.as_deref())?;
    }
    let summary = summary.table(table);
    summary.print(args.json);
    Ok(summary.exit_code())
}
