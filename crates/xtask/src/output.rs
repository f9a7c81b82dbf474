//! Writes an answer to stdout, and notes about it to stderr.

use std::{
    borrow::Cow,
    env, fmt,
    io::{self, IsTerminal, Write},
};

use lambda_local::localized;

use crate::{failure::Failure, response::Done};

/// An answer that is written to stdout while it arrives.
pub(crate) struct AnswerOutput {
    text: String,
    is_terminal: bool,
}

impl AnswerOutput {
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Writes the next piece.
    pub(crate) fn piece(&mut self, text: &str) -> Result<(), Failure> {
        self.text.push_str(text);
        if self.is_terminal {
            write(&harmless(text))
        } else {
            write(text)
        }
    }

    /// Ends the answer, writes its usage or returns its error, and gives its text.
    pub(crate) fn end(self, answered: Result<Option<Done>, Failure>) -> Result<String, Failure> {
        let done = match answered {
            Ok(done) => done,
            Err(failure) => {
                self.end_line()?;
                return Err(failure);
            }
        };
        write("\n")?;
        if let Some(done) = done {
            if let Some(reason) = done.cut_short_by() {
                say_cut(reason);
            }
            say_dim(&done);
        }
        Ok(self.text)
    }

    /// Ends an answer that was stopped, and gives the text that has come.
    pub(crate) fn stop(self) -> Result<String, Failure> {
        self.end_line()?;
        say_dim(&localized("stopped", "停止しました"));
        Ok(self.text)
    }

    fn end_line(&self) -> Result<(), Failure> {
        match self.text.as_str() {
            "" => Ok(()),
            _ => write("\n"),
        }
    }
}

/// Says on stderr that an answer is not whole, and why.
pub(crate) fn say_cut(reason: &str) {
    let line = localized(
        format!("The answer is not whole: it was stopped by {reason}."),
        format!("回答は途中で止まりました ({reason})。"),
    );
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a line of less weight than the answer to stderr.
fn say_dim(line: &dyn fmt::Display) {
    let mut stderr = io::stderr().lock();
    // https://no-color.org: any value but the empty one turns colours off.
    let is_plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let _ = if is_plain || !stderr.is_terminal() {
        writeln!(stderr, "{line}")
    } else {
        writeln!(stderr, "\x1b[2m{line}\x1b[0m")
    };
}

/// The text without control characters, by which a model's answer could control a terminal.
fn harmless(text: &str) -> Cow<'_, str> {
    let controls = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(controls) {
        Cow::Owned(text.replace(controls, ""))
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes a line to stdout.
pub(crate) fn print(line: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(line)
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    written.map_err(Failure::Output)
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(Failure::Output)
}
