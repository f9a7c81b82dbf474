//! How far it is: a bar on a terminal, and a line now and then elsewhere.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use lambda_local::is_japanese;

use crate::estimate::usd;

/// Rows that are checked between two looks at the screen.
const CHECKED_AT_ONCE: u64 = 1_000;

/// How far it is, on stderr.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    is_japanese: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    checked: u64,
    failed: u64,
    cost_usd: f64,
}

impl Progress {
    /// On stderr, as it is.
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::no_length(),
            is_terminal: stderr().is_terminal(),
            is_japanese: is_japanese(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    /// A row has been read and checked.
    pub(crate) fn checked(&self) {
        let mut state = self.state();
        if state.checked == 0 {
            self.style(if self.is_japanese {
                "checking  {human_pos} 行"
            } else {
                "checking  {human_pos} lines"
            });
        }
        state.checked += 1;
        if state.checked.is_multiple_of(CHECKED_AT_ONCE) {
            self.bar.set_position(state.checked);
        }
    }

    /// Rows are asked from now on, so many.
    pub fn begin(&self, rows: u64) {
        self.bar.reset();
        self.style(if self.is_japanese {
            "{bar:20} {human_len} 件中 {human_pos} 件完了、{msg}、残り {eta}"
        } else {
            "{bar:20} {human_pos} of {human_len} done, {msg}, {eta} left"
        });
        self.bar.set_length(rows);
        self.bar.set_message(if self.is_japanese {
            "失敗 0 件"
        } else {
            "0 failed"
        });
    }

    /// A row has its line.
    pub(crate) fn done(&self, is_answer: bool, cost_usd: f64) {
        let mut state = self.state();
        state.failed += u64::from(!is_answer);
        state.cost_usd += cost_usd;
        let (failed, rate) = (HumanCount(state.failed), self.bar.per_sec());
        let cost = usd(state.cost_usd);
        let message = if self.is_japanese {
            format!("失敗 {failed} 件、毎秒 {rate:.1} 件、{cost}")
        } else {
            format!("{failed} failed, {rate:.1} a second, {cost}")
        };
        self.bar.set_message(message);
        self.bar.inc(1);
    }

    /// Takes the bar off the screen.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes a line every so often, where there is no bar. It never ends.
    pub async fn lines(&self, every: Duration) {
        if self.is_terminal {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(every).await;
            // A program without a stderr is no failure.
            let _ = writeln!(stderr(), "{}", self.line());
        }
    }

    fn line(&self) -> String {
        let done = HumanCount(self.bar.position());
        let rows = HumanCount(self.bar.length().unwrap_or_default());
        let (message, left) = (self.bar.message(), HumanDuration(self.bar.eta()));
        if self.is_japanese {
            format!("{rows} 件中 {done} 件完了、{message}、残り {left:#}")
        } else {
            format!("{done} of {rows} done, {message}, {left} left")
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
