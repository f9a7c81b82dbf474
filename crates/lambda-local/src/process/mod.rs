//! The function's process: spawned, watched, measured and ended here, and nowhere else.

mod output;
mod usage;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::watch;

use output::Captured;
pub(crate) use output::Output;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus(std::process::ExitStatus);

impl ExitStatus {
    /// The exit code; `None` when a signal ended the process.
    pub fn code(self) -> Option<i32> {
        self.0.code()
    }

    /// The number of the signal that ended the process.
    pub fn signal(self) -> Option<i32> {
        self.0.signal()
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What to run.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) args: &'a [OsString],
    /// The whole environment.
    pub(crate) variables: &'a BTreeMap<OsString, OsString>,
    pub(crate) directory: &'a Path,
    pub(crate) output: Output,
}

/// A process at the head of its own process group; killed with the group when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    member: Arc<Mutex<Member>>,
    pid: u32,
    spawned_at: Instant,
    exited: watch::Receiver<Option<ExitStatus>>,
    stdout: Captured,
    stderr: Captured,
}

impl Process {
    pub(crate) fn spawn(program: Program<'_>) -> io::Result<Self> {
        let (stdout, stderr) = (
            Captured::open(program.output)?,
            Captured::open(program.output)?,
        );
        let mut command = Command::new(program.path);
        command
            .args(program.args)
            .env_clear()
            .envs(program.variables)
            .current_dir(program.directory);
        command
            .stdin(Stdio::null())
            .stdout(stdout.writer()?)
            .stderr(stderr.writer()?)
            .process_group(0);
        let spawned_at = Instant::now();
        let child = command.spawn()?;
        let pid = child.id();
        let member = Arc::new(Mutex::new(Member {
            child,
            collected: false,
        }));
        let exited = watch_exit(Arc::clone(&member), pid)?;
        Ok(Self {
            member,
            pid,
            spawned_at,
            exited,
            stdout,
            stderr,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn spawned_at(&self) -> Instant {
        self.spawned_at
    }

    /// Waits until the process has ended.
    pub(crate) async fn exited(&self) -> ExitStatus {
        let mut exited = self.exited.clone();
        let status = exited
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status);
        match status {
            Some(status) => status,
            // The watching thread sends before it ends; without it nothing is known, and nothing will come.
            None => std::future::pending().await,
        }
    }

    /// Kills the whole process group.
    pub(crate) fn kill(&self) {
        lock(&self.member).kill_group();
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    pub(crate) fn resident_memory(&self) -> io::Result<u64> {
        usage::resident_memory(self.pid)
    }

    pub(crate) fn open_descriptors(&self) -> io::Result<usize> {
        usage::open_descriptors(self.pid)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL is sent first: this waits for the kernel alone.
        let _ = lock(&self.member).end();
    }
}

/// The child until it is collected. Until then its id, which is its group's id too, can be nobody else's, also when it has ended.
#[derive(Debug)]
struct Member {
    child: Child,
    collected: bool,
}

impl Member {
    /// Kills the child's whole group.
    fn kill_group(&self) {
        let group = if self.collected {
            None
        } else {
            pid_of(self.child.id())
        };
        if let Some(group) = group {
            // It fails when nobody is left to kill, which is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Kills what is left of the group and collects the child.
    fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        self.kill_group();
        let status = self.child.wait();
        self.collected = true;
        status
    }
}

/// Waits for the end in a thread of its own, which costs the function no time, and ends what the process left behind in its group.
fn watch_exit(
    member: Arc<Mutex<Member>>,
    pid: u32,
) -> io::Result<watch::Receiver<Option<ExitStatus>>> {
    let (sender, receiver) = watch::channel(None);
    thread::Builder::new()
        .name(format!("wait-{pid}"))
        .spawn(move || {
            if let Some(pid) = pid_of(pid) {
                // NOWAIT leaves the process to be collected by `end`, after its group has been killed.
                let _ = rustix::io::retry_on_intr(|| {
                    waitid(
                        WaitId::Pid(pid),
                        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
                    )
                });
            }
            if let Ok(status) = lock(&member).end() {
                sender.send_replace(Some(ExitStatus(status)));
            }
        })?;
    Ok(receiver)
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn lock(member: &Mutex<Member>) -> MutexGuard<'_, Member> {
    member.lock().unwrap_or_else(PoisonError::into_inner)
}
