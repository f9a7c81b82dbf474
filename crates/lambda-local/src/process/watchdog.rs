//! Ends the process groups of this program when the program itself is killed and can end nothing any more.
//!
//! Linux alone can have the kernel signal a child at its parent's death, and does so when the parent's *thread* ends. A shell that
//! reads from a pipe works on every Unix: the pipe reaches its end when the program that holds the other end is gone, however it went.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// Reads lines `add GROUP` and `remove GROUP`. At the end of the input it asks the groups that are left to end, and kills after five
/// seconds those that have not. Its own output is closed, so that nobody who reads the program's waits for it.
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

/// Has the group end when this program is gone.
pub(super) fn add(group: u32) {
    tell("add", group);
}

/// Forgets the group, while its id can still be nobody else's.
pub(super) fn remove(group: u32) {
    tell("remove", group);
}

fn tell(change: &str, group: u32) {
    let pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut pipe) = pipe.as_ref() {
        // A watchdog that somebody has killed is missed only where this program is killed too.
        let _ = pipe.write_all(format!("{change} {group}\n").as_bytes());
    }
}

/// A group of its own keeps Ctrl-C from it.
fn spawn() -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "watchdog"])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
