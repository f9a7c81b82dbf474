//! Log lines: JSON, one to a line, on stdout, where Lambda picks them up.

use std::{io::Write, str::FromStr, sync::OnceLock, time::SystemTime};

use aws_smithy_types::date_time::{DateTime, Format};
use serde::Serialize;

/// How severe a line is: the levels of `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the
/// function's logging configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Everything.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happened: a line for each invocation.
    Info,
    /// What went wrong outside, or in the caller's event.
    Warn,
    /// What went wrong in the function.
    Error,
    /// What ends the process.
    Fatal,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "TRACE" => Self::Trace,
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "WARN" => Self::Warn,
            "ERROR" => Self::Error,
            "FATAL" => Self::Fatal,
            _ => {
                return Err(format!(
                    "must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL, not {text:?}."
                ));
            }
        })
    }
}

/// The one field of a line that says why something failed.
#[derive(Debug, Serialize)]
pub struct Reason {
    /// In the words of the library that reports it.
    pub error: String,
}

static THRESHOLD: OnceLock<Level> = OnceLock::new();

/// Sets the least severe level that is written; the first call counts.
pub fn set_level(level: Level) {
    let _ = THRESHOLD.set(level);
}

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    // Lambda filters JSON lines by these two; it takes RFC 3339 in UTC.
    timestamp: String,
    level: Level,
    message: &'a str,
    #[serde(flatten)]
    fields: T,
}

/// Writes one line. What cannot be written is lost: a log must not fail an invocation.
pub fn write(level: Level, message: &str, fields: impl Serialize) {
    if level >= *THRESHOLD.get_or_init(|| Level::Info) {
        write_always(level, message, fields);
    }
}

/// Writes one line, whatever the threshold.
pub fn write_always(level: Level, message: &str, fields: impl Serialize) {
    let line = Line {
        timestamp: timestamp(SystemTime::now()),
        level,
        message,
        fields,
    };
    if let Ok(mut text) = serde_json::to_vec(&line) {
        text.push(b'\n');
        // One write, so that lines of a process and its runtime never mix.
        let _ = std::io::stdout().lock().write_all(&text);
    }
}

fn timestamp(time: SystemTime) -> String {
    DateTime::from(time)
        .fmt(Format::DateTime)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_by_severity() {
        assert!(Level::Trace < Level::Debug && Level::Warn < Level::Fatal);
    }

    #[test]
    fn time_is_written_as_lambda_reads_it() {
        assert_eq!(timestamp(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00Z");
    }
}
