//! A program and all that it starts, which end together.

use std::{
    fmt, io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ChildStdin, Command},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{ChildStderr, ChildStdout},
    sync::watch,
};

use super::watchdog;

/// How long a program may take to stop of its own accord.
const GRACE: Duration = Duration::from_secs(5);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus(std::process::ExitStatus);

impl ExitStatus {
    /// Whether the exit code is 0.
    pub fn success(self) -> bool {
        self.0.success()
    }

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

/// The end of a program, and its output to pipes.
#[derive(Debug)]
pub struct Output {
    /// How the program ended.
    pub status: ExitStatus,
    /// What it wrote to stdout, where that is a pipe.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, where that is a pipe.
    pub stderr: Vec<u8>,
}

/// A program at the head of its own process group. The group is killed when this is dropped, and ends too when this program is
/// killed.
#[derive(Debug)]
pub struct ProcessGroup {
    leader: Arc<Mutex<Leader>>,
    pid: u32,
    exited: watch::Receiver<Option<ExitStatus>>,
}

impl ProcessGroup {
    /// Starts the program.
    ///
    /// # Errors
    ///
    /// When the program, or the thread or the shell that watches over it, cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        watchdog::start()?;
        let child = command.process_group(0).spawn()?;
        let pid = child.id();
        watchdog::add(pid);
        let leader = Arc::new(Mutex::new(Leader {
            child,
            collected: false,
        }));
        let exited = watch_exit(Arc::clone(&leader), pid);
        if exited.is_err() {
            // A dropped child runs on.
            let _ = lock(&leader).end();
        }
        Ok(Self {
            leader,
            pid,
            exited: exited?,
        })
    }

    /// The id of the program's process; also the id of the group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the program has ended.
    pub async fn exited(&self) -> ExitStatus {
        let mut exited = self.exited.clone();
        let status = exited
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status);
        match status {
            Some(status) => status,
            // Unreachable: the watching thread sends before it ends.
            None => std::future::pending().await,
        }
    }

    /// Whether the program has ended.
    pub(crate) fn has_exited(&self) -> bool {
        self.exited.borrow().is_some()
    }

    /// Waits until the program has ended and gives all that it wrote to its pipes.
    ///
    /// # Errors
    ///
    /// When a pipe cannot be read.
    pub async fn output(self) -> io::Result<Output> {
        let (stdout, stderr) = {
            let mut leader = lock(&self.leader);
            (leader.child.stdout.take(), leader.child.stderr.take())
        };
        let stdout = stdout.map(ChildStdout::from_std).transpose()?;
        let stderr = stderr.map(ChildStderr::from_std).transpose()?;
        let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
        Ok(Output {
            status: self.exited().await,
            stdout,
            stderr,
        })
    }

    /// Asks the group to stop by SIGTERM, waits until the program has, and kills it after five seconds when it has not.
    pub async fn stop(self) {
        self.signal(Signal::TERM);
        // Dropping `self` kills what is left.
        let _ = tokio::time::timeout(GRACE, self.exited()).await;
    }

    /// Sends a signal to the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        lock(&self.leader).signal_group(signal);
    }

    /// The program's end of its stdin, where that is a pipe; once.
    pub(super) fn take_stdin(&self) -> Option<ChildStdin> {
        lock(&self.leader).child.stdin.take()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // This blocks only until the kernel has ended the process, since SIGKILL is sent first.
        let _ = lock(&self.leader).end();
    }
}

/// The first process of a group. The kernel gives its id, which is the group's id too, to no other process until it is collected.
#[derive(Debug)]
struct Leader {
    child: Child,
    collected: bool,
}

impl Leader {
    fn signal_group(&self, signal: Signal) {
        let group = if self.collected {
            None
        } else {
            pid_of(self.child.id())
        };
        if let Some(group) = group {
            // It fails when no process of the group is left, which is fine.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills what is left of the group and collects the process.
    fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        if !self.collected {
            self.signal_group(Signal::KILL);
            watchdog::remove(self.child.id());
        }
        let status = self.child.wait();
        self.collected = true;
        status
    }
}

/// Waits for the end in a thread of its own, which takes no CPU time, and kills the processes that are left in the group.
fn watch_exit(
    leader: Arc<Mutex<Leader>>,
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
            if let Ok(status) = lock(&leader).end() {
                sender.send_replace(Some(ExitStatus(status)));
            }
        })?;
    Ok(receiver)
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn lock(leader: &Mutex<Leader>) -> MutexGuard<'_, Leader> {
    leader.lock().unwrap_or_else(PoisonError::into_inner)
}
