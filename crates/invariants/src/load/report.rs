//! The results of a run, for a person and for a program.

use std::fmt;

use indicatif::{DecimalBytes, HumanCount};
use serde::Serialize;

use super::{
    Resources,
    case::{Fault, NONE},
};

/// The results of one run, in which every reply was right.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Processes of the function.
    pub processes: u32,
    /// Invocations in all.
    pub invocations: u32,
    /// Those that got 200.
    pub answered: u32,
    /// Those that got 429.
    pub throttled: u32,
    /// Those that got another error.
    pub failed: u32,
    /// Those that met a fault, whatever they got.
    pub faults: u32,
    /// Requests that Bedrock got.
    pub requests: u32,
    /// The most invocations that were under way at once.
    pub most_at_once: u32,
    /// How long it took, in seconds, without the start.
    pub seconds: f64,
    /// Memory and descriptors, where they were sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

impl Run {
    pub(crate) fn of_processes(processes: u32) -> Self {
        Self {
            processes,
            ..Self::default()
        }
    }

    /// Counts an invocation that got the reply it must get.
    pub(crate) fn count(&mut self, fault: Fault) {
        self.invocations += 1;
        self.requests += fault.requests;
        self.faults += u32::from(fault != NONE);
        *match fault.status_code {
            200 => &mut self.answered,
            429 => &mut self.throttled,
            _ => &mut self.failed,
        } += 1;
    }
}

/// A row of the table: its name, and its number of a run.
type Row = (&'static str, fn(&Run) -> u32);

/// Both runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// One process, many invocations.
    pub one_process: Run,
    /// Many processes at once.
    pub many_processes: Run,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = [&self.one_process, &self.many_processes];
        row(
            f,
            "",
            ["one process".to_owned(), "many processes".to_owned()],
        )?;
        let counts: [Row; 8] = [
            ("processes", |run| run.processes),
            ("invocations", |run| run.invocations),
            ("at once, at most", |run| run.most_at_once),
            ("met a fault", |run| run.faults),
            ("answered (200)", |run| run.answered),
            ("throttled (429)", |run| run.throttled),
            ("other errors", |run| run.failed),
            ("requests to Bedrock", |run| run.requests),
        ];
        for (name, count) in counts {
            row(
                f,
                name,
                runs.map(|run| HumanCount(count(run).into()).to_string()),
            )?;
        }
        row(f, "seconds", runs.map(|run| format!("{:.1}", run.seconds)))?;
        match &self.one_process.resources {
            Some(resources) => write!(f, "\n{resources}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = [self.second_quarter_bytes, self.last_quarter_bytes]
            .map(|bytes| DecimalBytes(bytes as u64).to_string());
        let descriptors = [
            self.second_quarter_descriptors,
            self.last_quarter_descriptors,
        ];
        row(
            f,
            "",
            ["second quarter".to_owned(), "last quarter".to_owned()],
        )?;
        row(f, "resident memory", memory)?;
        row(f, "open descriptors", descriptors.map(|n| n.to_string()))
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, values: [String; 2]) -> fmt::Result {
    writeln!(f, "{name:<20} {:>15} {:>15}", values[0], values[1])
}
