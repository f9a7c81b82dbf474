//! One line on stderr that says how far a run is.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::number::grouped;

/// Says how far a run is: on a terminal one line, repainted; elsewhere a line every few seconds. Clones share it.
#[derive(Clone, Debug)]
pub struct Progress {
    style: Style,
    last: Arc<Mutex<Option<Instant>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Silent,
    Repainted,
    Lines,
}

impl Style {
    /// The time between two of them.
    fn interval(self) -> Duration {
        match self {
            Self::Repainted => Duration::from_millis(100),
            Self::Lines | Self::Silent => Duration::from_secs(5),
        }
    }
}

impl Progress {
    /// On stderr, as fits it.
    #[must_use]
    pub fn on_stderr() -> Self {
        Self::of(if stderr().is_terminal() {
            Style::Repainted
        } else {
            Style::Lines
        })
    }

    /// Nowhere: for tests.
    #[must_use]
    pub fn silent() -> Self {
        Self::of(Style::Silent)
    }

    fn of(style: Style) -> Self {
        Self {
            style,
            last: Arc::default(),
        }
    }

    /// Says it, unless it was said a moment ago.
    pub(crate) fn show(&self, what: &str, done: u32, all: u32, more: impl FnOnce() -> String) {
        if self.style == Style::Silent || !self.is_due() {
            return;
        }
        let line = format!("{what}: {} of {}{}", grouped(done), grouped(all), more());
        // Nobody is left to tell when stderr is closed.
        let _ = match self.style {
            Style::Repainted => write!(stderr(), "\r\x1b[K{line}"),
            _ => writeln!(stderr(), "{line}"),
        };
    }

    /// Wipes the line from a terminal.
    pub fn clear(&self) {
        if self.style == Style::Repainted {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|at| at.elapsed() >= self.style.interval());
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}
