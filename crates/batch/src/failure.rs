//! Every way not to get to an output, in sentences of what happened and what to do.

use std::{fmt::Write, io, path::PathBuf};

use crate::{Wrong, estimate::usd};

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file is not named.
    #[error(
        "{0} names no file. Give both, as in make batch INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl."
    )]
    Unnamed(&'static str),
    /// A setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// The input cannot be read.
    #[error("The input {} cannot be read: {source}. Give the path of a file of prompts.", path.display())]
    Input {
        /// Where it is.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The input is no ordinary file: it is read more than once.
    #[error("The input {} is no file. Write the prompts to one; it is read more than once.", .0.display())]
    NoFile(PathBuf),
    /// The output is no ordinary file, which the end of the run would replace.
    #[error("The output {} is no file. Give the path of one, or of one that is not there yet.", .0.display())]
    NoOutputFile(PathBuf),
    /// The input has no row.
    #[error("The input {} has no prompt in it. Write one to a line, such as {{\"prompt\": \"…\"}}.", .0.display())]
    Empty(PathBuf),
    /// The input was written to.
    #[error("The input {} changed while it was read. Start again when it is written; what was answered is kept.", .0.display())]
    Changed(PathBuf),
    /// The input and the output are one.
    #[error("The input and the output are both {}. Give the output a name of its own.", .0.display())]
    SameFile(PathBuf),
    /// CSV without a template.
    #[error("{} is CSV, of which a template makes prompts. Give one with the names of its columns, as in TEMPLATE='Classify: {{review}}'.", .0.display())]
    NoTemplate(PathBuf),
    /// A template for JSON Lines.
    #[error("{} is taken for JSON Lines, for which there is no template. Leave TEMPLATE out, or give a file whose name ends in .csv.", .0.display())]
    TemplateOfJson(PathBuf),
    /// A schema for JSON Lines.
    #[error("{} is taken for JSON Lines, whose lines have a schema each. Leave SCHEMA out, or give a file whose name ends in .csv.", .0.display())]
    SchemaOfJson(PathBuf),
    /// The header of the CSV does not fit.
    #[error("{}: {problem}", path.display())]
    Header {
        /// Where it is.
        path: PathBuf,
        /// Two sentences.
        problem: String,
    },
    /// Some rows are wrong.
    #[error("{}", listed(.path, .first, *.count))]
    Wrong {
        /// Where they are.
        path: PathBuf,
        /// The first of them.
        first: Vec<Wrong>,
        /// How many there are.
        count: u64,
    },
    /// It may cost more than it is allowed to.
    #[error(
        "It may cost up to {}, more than COST_LIMIT_USD={limit_usd}; nothing was sent. Lower maxTokens, raise COST_LIMIT_USD, or say YES=1.",
        usd(*most_usd)
    )]
    TooDear {
        /// What it may cost, in USD.
        most_usd: f64,
        /// What it may cost without a question, in USD.
        limit_usd: f64,
    },
    /// The output, or what is beside it, cannot be read or written.
    #[error("{} cannot be {what}: {source}. What was answered before is kept; mend that and run the same command again.", path.display())]
    Output {
        /// Where it is.
        path: PathBuf,
        /// What was attempted, as in "written".
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The output has something else in it.
    #[error("Line {line} of {} is none of a batch's answers, and the file would be replaced. Give another OUTPUT, or move it away.", path.display())]
    Foreign {
        /// Where it is.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
    /// Another run has the output.
    #[error("Another run is writing {}. Wait for it, or give another OUTPUT.", .0.display())]
    Locked(PathBuf),
    /// A batch on AWS has the output: what a stand-in answers would stand for what is paid for.
    #[error("A batch on AWS answers that output: {} says which. Come back to it with TARGET=aws, or give another OUTPUT.", .0.display())]
    OnAws(PathBuf),
    /// The output is written, and its table is not.
    #[error("{0}")]
    Table(#[source] Box<Failure>),
    /// The function's settings are wrong.
    #[error("{0}")]
    Config(#[from] bedrock_function::config::ConfigError),
    /// The stand-in did not start.
    #[error("The stand-in for Bedrock did not start: {0}")]
    Bedrock(#[from] bedrock_local::StartError),
    /// A process of the function did not start.
    #[error("{0}")]
    Function(#[from] lambda_local::StartError),
    /// A part of the program failed.
    #[error("The run cannot go on: {0}. Run the same command again; what was answered is kept.")]
    System(String),
}

impl Failure {
    /// 2 where the input or a setting is wrong, 3 where something did not start, 4 where the output cannot
    /// be written, 5 where its table cannot.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Bedrock(_) | Self::Function(_) => 3,
            Self::Output { .. } | Self::System(_) => 4,
            Self::Table(_) => 5,
            _ => 2,
        }
    }
}

fn listed(path: &std::path::Path, first: &[Wrong], count: u64) -> String {
    let (lines, are) = match count {
        1 => ("line", "is"),
        _ => ("lines", "are"),
    };
    let mut text = format!(
        "{count} {lines} of {} {are} wrong; nothing was sent.",
        path.display()
    );
    for Wrong { line, problem } in first {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  line {line}: {problem}");
    }
    match count - first.len() as u64 {
        0 => text,
        more => text + &format!("\n  and {more} more"),
    }
}
