//! Ends the process groups of this program after the program itself was killed.
//!
//! Linux can signal a child at its parent's death, but counts the end of the parent's *thread* as such, and macOS cannot. A shell that
//! reads from a pipe works on both: the pipe ends when the program that holds its other end has ended, for whatever reason.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// Reads lines `add GROUP` and `remove GROUP`. At the end of the input it asks the groups that are left to end, and kills after five
/// seconds those that have not. Its output is closed, because a reader of the program's output would wait for it otherwise.
const SCRIPT: &str = r#"
without() {
    left=
    for group in $groups; do [ "$group" = "$1" ] || left="$left $group"; done
    groups=$left
}
groups=
while read -r change group; do
    case $change in
        add) groups="$groups $group" ;;
        remove) without "$group" ;;
    esac
done
for group in $groups; do kill -s TERM -- "-$group"; done
for second in 1 2 3 4 5; do
    for group in $groups; do kill -s 0 -- "-$group" || without "$group"; done
    [ -n "$groups" ] || exit 0
    sleep 1
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

/// The pipe to the one watchdog of this program.
static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Starts the watchdog where it does not run yet.
pub(super) fn start() -> io::Result<()> {
    let mut pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    if pipe.is_none() {
        *pipe = spawn()?.stdin;
    }
    Ok(())
}

/// Adds a group that is to end with this program.
pub(super) fn add(group: u32) {
    tell("add", group);
}

/// Removes a group. The caller does so before the group's id can be given to another process.
pub(super) fn remove(group: u32) {
    tell("remove", group);
}

fn tell(change: &str, group: u32) {
    let pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut pipe) = pipe.as_ref() {
        // Writing fails where the watchdog was killed. It is needed only where this program is killed too.
        let _ = pipe.write_all(format!("{change} {group}\n").as_bytes());
    }
}

/// Starts the shell in a process group of its own, which Ctrl-C does not reach.
fn spawn() -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "watchdog"])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
