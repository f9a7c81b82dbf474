//! The command line. Every value may come from a variable too, because a Makefile cannot put a template on a command
//! line safely. Empty variables are none: `tools/batch` takes them out.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use batch::{Failure, Input, Template, local::Environment, run::Options, table};
use bedrock_function::text::ServiceTier;
use clap::{Args, Parser, Subcommand, builder::BoolishValueParser, value_parser};
use serde_json::value::RawValue;

/// Asks the function every prompt of a file, and writes the answers to another, in the same order.
#[derive(Parser)]
#[command(name = "batch")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Asks every prompt that has no answer, of the function in several processes on this machine
    Run(RunArgs),
    /// Checks every prompt, tells what they may cost, and writes those that have no answer, as events
    Check(CheckArgs),
    /// Takes the replies to such events, and writes the output where every prompt has one
    Merge(MergeArgs),
}

/// What goes in, and what comes out.
#[derive(Args)]
pub(crate) struct Files {
    /// The prompts: JSON Lines, an event to a line, or CSV with a header
    #[arg(long, env = "BATCH_INPUT", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where the answers go, a line to a prompt
    #[arg(long, env = "BATCH_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Of CSV: the prompt, with {column} for a column's value
    #[arg(long, env = "BATCH_TEMPLATE", value_name = "TEXT")]
    template: Option<String>,
    /// Of CSV: a file that holds the template
    #[arg(
        long,
        env = "BATCH_TEMPLATE_FILE",
        value_name = "FILE",
        conflicts_with = "template"
    )]
    template_file: Option<PathBuf>,
    /// Of CSV: a file with a JSON Schema that every answer must satisfy
    #[arg(long, env = "XTASK_SCHEMA", value_name = "FILE")]
    schema: Option<PathBuf>,
    /// The model for prompts that name none, one of those that the function is granted
    #[arg(
        long,
        env = "XTASK_MODEL",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) model: String,
    /// The tier of Bedrock for prompts that name none: default or flex
    #[arg(long, env = "BATCH_SERVICE_TIER", value_name = "TIER")]
    service_tier: Option<ServiceTier>,
    /// Write the answers as a table too, in CSV, beside the output
    #[arg(long, env = "BATCH_CSV", value_parser = BoolishValueParser::new())]
    csv: bool,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) files: Files,
    /// The function's program
    #[arg(long, value_name = "FILE")]
    pub(crate) function: PathBuf,
    /// Prompts at once, each in a process of the function
    #[arg(long, env = "BATCH_CONCURRENCY", default_value_t = 8, value_parser = value_parser!(u16).range(1..=1_000))]
    concurrency: u16,
    #[command(flatten)]
    pub(crate) bedrock: bedrock_local::StandInOptions,
    /// Print the summary as JSON on stdout
    #[arg(long, env = "BATCH_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
    /// A stand-in that runs already
    #[arg(long, value_name = "URL", hide = true)]
    pub(crate) bedrock_url: Option<String>,
    /// How often a line tells how far it is, where stderr is no terminal
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    report_every: Duration,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) files: Files,
    /// Where the events go that are to be asked, one to a line
    #[arg(long, value_name = "FILE")]
    pub(crate) items: PathBuf,
    /// Prompts at once
    #[arg(long, env = "BATCH_CONCURRENCY", default_value_t = 8, value_parser = value_parser!(u16).range(1..=10_000))]
    pub(crate) concurrency: u16,
    /// What they may cost without a question, in USD
    #[arg(long, env = "BATCH_COST_LIMIT_USD", default_value_t = 1.0)]
    pub(crate) cost_limit_usd: f64,
    /// Ask no question
    #[arg(long, env = "BATCH_YES", value_parser = BoolishValueParser::new())]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct MergeArgs {
    #[command(flatten)]
    pub(crate) files: Files,
    /// The events that were asked, as batch check wrote them
    #[arg(long, value_name = "FILE")]
    pub(crate) items: PathBuf,
    /// The replies, one to a line: what the function returned, or an object of id, code and message where it failed, or
    /// the execution of Step Functions that did
    #[arg(long, value_name = "FILE")]
    pub(crate) results: PathBuf,
    /// How long it took, for the summary
    #[arg(long, default_value_t = 0.0)]
    pub(crate) seconds: f64,
    /// Print the summary as JSON on stdout
    #[arg(long, env = "BATCH_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

impl Files {
    /// The input and the output.
    pub(crate) fn paths(&self) -> Result<(&Path, &Path), Failure> {
        let input = self.input.as_deref().ok_or(Failure::Unnamed("INPUT"))?;
        let output = self.output.as_deref().ok_or(Failure::Unnamed("OUTPUT"))?;
        Ok((input, output))
    }

    /// The input, opened, for a function of that environment.
    pub(crate) fn open(&self, environment: &Environment) -> Result<Input, Failure> {
        let tiers = environment.tiers(self.service_tier)?;
        Input::open(self.paths()?.0, self.template()?, self.schema()?, tiers)
    }

    /// Where the table goes, if there is to be one.
    pub(crate) fn table(&self) -> Result<Option<PathBuf>, Failure> {
        let (input, output) = self.paths()?;
        let table = self.csv.then(|| table::path(input, output));
        table.transpose()
    }

    fn template(&self) -> Result<Option<Template>, Failure> {
        let text = match (&self.template, &self.template_file) {
            (Some(text), _) => text.clone(),
            (None, None) => return Ok(None),
            (None, Some(path)) => read("template", path)?,
        };
        Template::parse(&text).map(Some).map_err(Failure::Setting)
    }

    /// The schema as it is written, because models keep to the order of its members, but on one line. The function says
    /// what is wrong with it.
    fn schema(&self) -> Result<Option<Box<RawValue>>, Failure> {
        let Some(path) = &self.schema else {
            return Ok(None);
        };
        // No string of JSON has a line's end in it, and nothing else needs the space around one.
        let text: String = read("schema", path)?.lines().map(str::trim).collect();
        let schema = RawValue::from_string(text).map_err(|error| {
            Failure::Setting(format!(
                "The schema {} is not JSON: {error}. Correct it there.",
                path.display()
            ))
        });
        schema.map(Some)
    }
}

fn read(what: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure::Setting(format!(
            "The {what} {} cannot be read: {error}. Give the path of a text in UTF-8.",
            path.display()
        ))
    })
}

impl RunArgs {
    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency.into()
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            concurrency: self.concurrency(),
            report_every: self.report_every,
        }
    }
}
