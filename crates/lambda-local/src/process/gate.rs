//! Holds a process before its program begins, so that it can be moved to another control group first.
//!
//! The kernel takes some 10 ms to move a process into another control group, which must not count as the program's time. A shell is
//! started in the program's place. It waits for a line and then becomes the program by `exec`, in the same process.

use std::{
    ffi::OsStr,
    io::{self, Write},
    process::{Command, Stdio},
};

use super::ProcessGroup;

/// The shell may have set variables of its own (bash does, dash does not), which the program must not see.
const SCRIPT: &str = r#"read -r _ && unset -v PWD OLDPWD SHLVL _ && exec "$@" </dev/null"#;

/// The command that waits for a line before it becomes this program.
pub(super) fn command(program: &OsStr) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "gate"]).arg(program);
    command.stdin(Stdio::piped());
    command
}

/// Lets the program begin.
pub(super) fn open(held: &ProcessGroup) -> io::Result<()> {
    match held.take_stdin() {
        Some(mut gate) => gate.write_all(b"go\n"),
        None => Ok(()),
    }
}
