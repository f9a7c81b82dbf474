//! How far a run is, on stderr.

use std::io::{IsTerminal, Write, stderr};

/// Says it: on a terminal in place of what was said last, elsewhere on a line of its own.
pub(crate) fn line(text: &str) {
    // Nobody is left to tell when stderr is closed.
    let _ = match stderr().is_terminal() {
        true => write!(stderr(), "\r\x1b[K{text}"),
        false => writeln!(stderr(), "{text}"),
    };
}

/// Wipes what was said from a terminal.
pub fn clear() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}
