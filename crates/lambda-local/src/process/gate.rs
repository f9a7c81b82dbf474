//! A gate before the program: the process exists, and can be put where it belongs, before the program's first instruction.
//!
//! Moving a process into another control group takes the kernel some 10 ms, which must not count as the program's. So a shell is
//! started in its place, which waits for a line and then becomes the program, by `exec`: the process stays the same.

use std::{
    ffi::OsStr,
    io::{self, Write},
    process::{Child, Command, Stdio},
};

/// The shell may have set variables of its own (bash does, dash does not), which the program must not see.
const SCRIPT: &str = r#"read -r _ && unset -v PWD OLDPWD SHLVL _ && exec "$@" </dev/null"#;

/// The command that waits at the gate for this program.
pub(super) fn command(program: &OsStr) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "gate"]).arg(program);
    command.stdin(Stdio::piped());
    command
}

/// Lets the program begin.
pub(super) fn open(child: &mut Child) -> io::Result<()> {
    match child.stdin.take() {
        Some(mut gate) => gate.write_all(b"go\n"),
        None => Ok(()),
    }
}
