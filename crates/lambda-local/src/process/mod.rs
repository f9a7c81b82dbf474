//! The function's process, its output and its usage.

mod gate;
mod group;
mod output;
mod usage;
mod watchdog;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    cpu::Group as CpuGroup,
    phase::{Phase, Usage},
};

pub use group::{ExitStatus, Output, ProcessGroup};
use output::Captured;
pub(crate) use output::Destination;
use usage::Used;

/// A program to start.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) args: &'a [OsString],
    /// The whole environment.
    pub(crate) variables: &'a BTreeMap<OsString, OsString>,
    pub(crate) directory: &'a Path,
    pub(crate) output: Destination,
    /// The control group that the process is to be in when it begins.
    pub(crate) cpu: Option<CpuGroup>,
}

/// A function's process. Its process group is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    // Dropped in this order: a control group can be removed when its processes have ended.
    group: ProcessGroup,
    cpu: Option<CpuGroup>,
    began: Meter,
    stdout: Captured,
    stderr: Captured,
}

/// The usage of a process when a phase of it began.
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
        let mut command = match program.cpu {
            Some(_) => gate::command(program.path.as_os_str()),
            None => Command::new(program.path),
        };
        command
            .args(program.args)
            .env_clear()
            .envs(program.variables)
            .current_dir(program.directory)
            .stdout(stdout.writer()?)
            .stderr(stderr.writer()?);
        let (group, began) = match &program.cpu {
            Some(cpu) => begin_in(cpu, &mut command)?,
            None => begin(command.stdin(Stdio::null()))?,
        };
        Ok(Self {
            group,
            cpu: program.cpu,
            began,
            stdout,
            stderr,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.group.pid()
    }

    /// The phase from the beginning of the process to this moment.
    pub(crate) fn first_phase(&self, ended_at: Instant) -> Phase {
        let duration = ended_at.saturating_duration_since(self.began.at);
        self.phase_since(self.began, duration)
    }

    /// Begins to measure a phase.
    pub(crate) fn meter(&self) -> Meter {
        // Where the peak cannot be reset, the phase gives no usage: an older peak must not pass for its own.
        let forgotten = usage::forget_peak_memory(self.group.pid());
        Meter {
            at: Instant::now(),
            used: forgotten.and_then(|()| usage::used(self.group.pid())).ok(),
            throttled_periods: self.throttled_periods(),
        }
    }

    /// The phase since the meter was made, which took this long.
    pub(crate) fn phase_since(&self, meter: Meter, duration: Duration) -> Phase {
        Phase {
            duration,
            usage: self.usage_since(meter),
        }
    }

    fn usage_since(&self, meter: Meter) -> Option<Usage> {
        let (before, now) = (meter.used?, usage::used(self.group.pid()).ok()?);
        Some(Usage {
            cpu_time: now.cpu_time.saturating_sub(before.cpu_time),
            peak_memory: usage::peak_memory(self.group.pid()).ok()?,
            minor_faults: now.minor_faults.saturating_sub(before.minor_faults),
            major_faults: now.major_faults.saturating_sub(before.major_faults),
            throttled_periods: self
                .throttled_periods()?
                .saturating_sub(meter.throttled_periods?),
        })
    }

    /// None where the kernel does not tell; 0 without a control group.
    fn throttled_periods(&self) -> Option<u64> {
        let cpu = self.cpu.as_ref();
        cpu.map_or(Some(0), |cpu| cpu.throttled_periods().ok())
    }

    /// Gives the process the CPU of a function of this memory, where it is in a control group.
    pub(crate) fn limit_cpu(&self, memory_mb: u32) -> io::Result<()> {
        self.cpu.as_ref().map_or(Ok(()), |cpu| cpu.limit(memory_mb))
    }

    /// Stops the process group until it is [thawed](Self::thaw). A signal does it, which needs no privilege.
    pub(crate) fn freeze(&self) {
        self.group.signal(Signal::STOP);
    }

    /// Lets the process group go on.
    pub(crate) fn thaw(&self) {
        self.group.signal(Signal::CONT);
    }

    /// Waits until the process has ended.
    pub(crate) async fn exited(&self) -> ExitStatus {
        self.group.exited().await
    }

    /// Whether the process has ended.
    pub(crate) fn has_exited(&self) -> bool {
        self.group.has_exited()
    }

    /// Kills the whole process group.
    pub(crate) fn kill(&self) {
        self.group.signal(Signal::KILL);
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    pub(crate) fn resident_memory(&self) -> io::Result<u64> {
        usage::resident_memory(self.group.pid())
    }

    pub(crate) fn open_descriptors(&self) -> io::Result<usize> {
        usage::open_descriptors(self.group.pid())
    }
}

/// Starts the program at once.
fn begin(command: &mut Command) -> io::Result<(ProcessGroup, Meter)> {
    let began = Meter::start(Some(Used::default()));
    Ok((ProcessGroup::spawn(command)?, began))
}

/// Starts the program once its process is in the control group. A failure ends the process with its gate closed.
fn begin_in(cpu: &CpuGroup, command: &mut Command) -> io::Result<(ProcessGroup, Meter)> {
    let group = ProcessGroup::spawn(command)?;
    cpu.take(group.pid())?;
    let began = Meter::start(usage::used(group.pid()).ok());
    gate::open(&group)?;
    Ok((group, began))
}
