//! Why a function did not start.

use std::{io, path::PathBuf, time::Duration};

use bytes::Bytes;

use crate::ExitStatus;

/// Why a function never asked for its first event.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The function reported an initialisation error (`/runtime/init/error`).
    #[error("The function failed during initialisation: {error_type}: {error_message}")]
    Init {
        /// The body's `errorType`, or the header `Lambda-Runtime-Function-Error-Type`.
        error_type: String,
        /// The body's `errorMessage`; empty when there is none.
        error_message: String,
        /// The error report as the function posted it.
        body: Bytes,
    },
    /// The process ended before it asked for an event.
    #[error(
        "The function ended before it asked for an event ({status}).{}",
        last_words(stderr)
    )]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// All that it wrote to stderr.
        stderr: String,
    },
    /// The process neither asked for an event nor ended in the time given to [`Builder::init_timeout`](crate::Builder::init_timeout).
    #[error(
        "The function asked for no event within {after:?} of its start.{}",
        last_words(stderr)
    )]
    TimedOut {
        /// The time given.
        after: Duration,
        /// All that it wrote to stderr.
        stderr: String,
    },
    /// The program could not be started at all.
    #[error("The function {} cannot be started: {source}. Give the path of an executable that was built for this machine.", program.display())]
    Spawn {
        /// The program that was to start.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The CPU limit could be set when it was tried, and not when it was needed.
    #[error("The function's CPU cannot be limited: {0}. Run it without a limit.")]
    Limit(#[source] io::Error),
    /// The Runtime API cannot listen on loopback.
    #[error(
        "The Runtime API cannot listen on loopback: {0}. See whether this machine has a free port there."
    )]
    Listen(#[source] io::Error),
}

/// The last line of stderr, where a dying process says why.
fn last_words(stderr: &str) -> String {
    stderr
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map(|line| format!(" Its last line on stderr: {line}"))
        .unwrap_or_default()
}
