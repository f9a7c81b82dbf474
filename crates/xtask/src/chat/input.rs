//! Reads lines from an editor at a terminal, or from plain standard input.

use std::{io, sync::mpsc as std_mpsc, thread};

use rustyline::{DefaultEditor, error::ReadlineError};
use tokio::sync::mpsc;

/// What the person did at the prompt.
pub(super) enum Entered {
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D, or the end of the input.
    End,
}

/// A thread that reads a line whenever one is wanted. Reading blocks, so the thread is not waited for when the program ends.
pub(super) struct Input {
    wanted: std_mpsc::Sender<()>,
    lines: mpsc::Receiver<io::Result<Entered>>,
}

impl Input {
    /// An editor with a history, at a terminal.
    pub(super) fn editor() -> io::Result<Self> {
        let mut editor = DefaultEditor::new().map_err(io::Error::other)?;
        Ok(Self::reading(move || match editor.readline("> ") {
            Ok(line) => {
                let _ = editor.add_history_entry(&line);
                Ok(Entered::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Entered::Interrupt),
            Err(ReadlineError::Eof) => Ok(Entered::End),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }))
    }

    /// The lines of standard input as they are.
    pub(super) fn plain() -> Self {
        Self::reading(|| {
            let mut line = String::new();
            Ok(match io::stdin().read_line(&mut line)? {
                0 => Entered::End,
                _ => Entered::Line(line),
            })
        })
    }

    fn reading(mut read: impl FnMut() -> io::Result<Entered> + Send + 'static) -> Self {
        let (wanted, wants) = std_mpsc::channel();
        let (sender, lines) = mpsc::channel(1);
        thread::spawn(
            move || {
                while wants.recv().is_ok() && sender.blocking_send(read()).is_ok() {}
            },
        );
        Self { wanted, lines }
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> io::Result<Entered> {
        let _ = self.wanted.send(());
        self.lines.recv().await.unwrap_or(Ok(Entered::End))
    }
}
