//! The function's process: spawned, watched, measured and ended here, and nowhere else.

mod gate;
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
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::watch;

use crate::{
    cpu::Group,
    phase::{Phase, Usage},
};

use output::Captured;
pub(crate) use output::Output;
use usage::Used;

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
    /// The group that the process is to be in when it begins.
    pub(crate) group: Option<Group>,
}

/// A process at the head of its own process group; killed with the group when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    member: Arc<Mutex<Member>>,
    pid: u32,
    began: Meter,
    exited: watch::Receiver<Option<ExitStatus>>,
    stdout: Captured,
    stderr: Captured,
    group: Option<Group>,
}

/// What a process had used when a phase of it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    at: Instant,
    used: Option<Used>,
    throttled_periods: Option<u64>,
}

impl Meter {
    /// Of a process that is about to become its program.
    fn start(used: Option<Used>) -> Self {
        Self {
            at: Instant::now(),
            used,
            throttled_periods: Some(0),
        }
    }
}

impl Process {
    pub(crate) fn spawn(program: Program<'_>) -> io::Result<Self> {
        let (stdout, stderr) = (
            Captured::open(program.output)?,
            Captured::open(program.output)?,
        );
        let mut command = match program.group {
            Some(_) => gate::command(program.path.as_os_str()),
            None => Command::new(program.path),
        };
        command
            .args(program.args)
            .env_clear()
            .envs(program.variables)
            .current_dir(program.directory)
            .stdout(stdout.writer()?)
            .stderr(stderr.writer()?)
            .process_group(0);
        let (child, began) = match &program.group {
            Some(group) => begin_in(group, command)?,
            None => begin(command.stdin(Stdio::null()))?,
        };
        let pid = child.id();
        let member = Arc::new(Mutex::new(Member {
            child,
            collected: false,
        }));
        let exited = watch_exit(Arc::clone(&member), pid);
        if exited.is_err() {
            // A dropped child runs on.
            let _ = lock(&member).end();
        }
        let exited = exited?;
        Ok(Self {
            member,
            pid,
            began,
            exited,
            stdout,
            stderr,
            group: program.group,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// What the process took from its beginning to this moment.
    pub(crate) fn first_phase(&self, ended_at: Instant) -> Phase {
        let duration = ended_at.saturating_duration_since(self.began.at);
        self.phase_since(self.began, duration)
    }

    /// Begins to measure a phase.
    pub(crate) fn meter(&self) -> Meter {
        // Where nothing can be told of the process, the phase says so: an older peak must not pass for its own.
        let forgotten = usage::forget_peak_memory(self.pid);
        Meter {
            at: Instant::now(),
            used: forgotten.and_then(|()| usage::used(self.pid)).ok(),
            throttled_periods: self.throttled_periods(),
        }
    }

    /// What the process used since the meter was made, in a phase that took this long.
    pub(crate) fn phase_since(&self, meter: Meter, duration: Duration) -> Phase {
        Phase {
            duration,
            usage: self.usage_since(meter),
        }
    }

    fn usage_since(&self, meter: Meter) -> Option<Usage> {
        let (before, now) = (meter.used?, usage::used(self.pid).ok()?);
        Some(Usage {
            cpu_time: now.cpu_time.saturating_sub(before.cpu_time),
            peak_memory: usage::peak_memory(self.pid).ok()?,
            minor_faults: now.minor_faults.saturating_sub(before.minor_faults),
            major_faults: now.major_faults.saturating_sub(before.major_faults),
            throttled_periods: self
                .throttled_periods()?
                .saturating_sub(meter.throttled_periods?),
        })
    }

    /// None where the kernel does not tell; without a group there is nothing to be held by.
    fn throttled_periods(&self) -> Option<u64> {
        let group = self.group.as_ref();
        group.map_or(Some(0), |group| group.throttled_periods().ok())
    }

    /// Gives the process the CPU of a function of this memory, where it is in a group.
    pub(crate) fn limit_cpu(&self, memory_mb: u32) -> io::Result<()> {
        self.group
            .as_ref()
            .map_or(Ok(()), |group| group.limit(memory_mb))
    }

    /// Stops the process group until it is [thawed](Self::thaw). A signal does it, which needs no privilege.
    pub(crate) fn freeze(&self) {
        lock(&self.member).signal_group(Signal::STOP);
    }

    /// Lets the process group go on.
    pub(crate) fn thaw(&self) {
        lock(&self.member).signal_group(Signal::CONT);
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
        lock(&self.member).signal_group(Signal::KILL);
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

/// Starts the program at once.
fn begin(command: &mut Command) -> io::Result<(Child, Meter)> {
    let began = Meter::start(Some(Used::default()));
    Ok((command.spawn()?, began))
}

/// Starts the program once its process is in the group.
fn begin_in(group: &Group, mut command: Command) -> io::Result<(Child, Meter)> {
    let mut child = command.spawn()?;
    let opened = group.take(child.id()).and_then(|()| {
        let began = Meter::start(usage::used(child.id()).ok());
        gate::open(&mut child)?;
        Ok(began)
    });
    if opened.is_err() {
        // A closed gate would be waited at for ever.
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok((child, opened?))
}

/// The child until it is collected. Until then its id, which is its group's id too, can be nobody else's, also when it has ended.
#[derive(Debug)]
struct Member {
    child: Child,
    collected: bool,
}

impl Member {
    /// Sends a signal to the child's whole group.
    fn signal_group(&self, signal: Signal) {
        let group = if self.collected {
            None
        } else {
            pid_of(self.child.id())
        };
        if let Some(group) = group {
            // It fails when nobody is left to take it, which is as good.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills what is left of the group and collects the child.
    fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        self.signal_group(Signal::KILL);
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
