//! CPU time, memory and descriptors of a process, read from Linux. Other systems give none of them.

use std::{fs, io, time::Duration};

/// CPU time and page faults of a process since it began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) cpu_time: Duration,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
}

#[cfg(target_os = "linux")]
mod system {
    use nix::{sys::time::TimeValLike, time::clock_getcpuclockid, unistd::Pid};
    use procfs::{
        ProcResult,
        process::{ClearRefs, Process},
    };

    use super::{Duration, Used, io};

    fn of(pid: u32) -> ProcResult<Process> {
        Process::new(raw(pid))
    }

    /// The kernel's process ids are below 2^22.
    fn raw(pid: u32) -> i32 {
        i32::try_from(pid).unwrap_or(i32::MAX)
    }

    pub(crate) fn used(pid: u32) -> io::Result<Used> {
        // The clock of the process counts nanoseconds; /proc has hundredths of a second.
        let clock = clock_getcpuclockid(Pid::from_raw(raw(pid)))?.now()?;
        let stat = of(pid).and_then(|process| process.stat()).map_err(io)?;
        Ok(Used {
            cpu_time: Duration::from_nanos(u64::try_from(clock.num_nanoseconds()).unwrap_or(0)),
            minor_faults: stat.minflt,
            major_faults: stat.majflt,
        })
    }

    pub(crate) fn resident_memory(pid: u32) -> io::Result<u64> {
        let status = of(pid).and_then(|process| process.status()).map_err(io)?;
        bytes(pid, status.vmrss)
    }

    pub(crate) fn peak_memory(pid: u32) -> io::Result<u64> {
        let status = of(pid).and_then(|process| process.status()).map_err(io)?;
        bytes(pid, status.vmhwm)
    }

    pub(crate) fn forget_peak_memory(pid: u32) -> io::Result<()> {
        of(pid)
            .and_then(|process| process.clear_refs(ClearRefs::PeakRSS))
            .map_err(io)
    }

    /// A process that has ended but is not collected has a status without memory.
    fn bytes(pid: u32, kilobytes: Option<u64>) -> io::Result<u64> {
        kilobytes
            .map(|kilobytes| kilobytes * 1024)
            .ok_or_else(|| super::ended(pid))
    }

    fn io(error: procfs::ProcError) -> io::Error {
        io::Error::other(error)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Used, io};

    fn unsupported<T>() -> io::Result<T> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "Only Linux tells the usage of another process.",
        ))
    }

    pub(crate) fn used(_: u32) -> io::Result<Used> {
        unsupported()
    }

    pub(crate) fn resident_memory(_: u32) -> io::Result<u64> {
        unsupported()
    }

    pub(crate) fn peak_memory(_: u32) -> io::Result<u64> {
        unsupported()
    }

    pub(crate) fn forget_peak_memory(_: u32) -> io::Result<()> {
        unsupported()
    }
}

pub(super) use system::{forget_peak_memory, peak_memory, resident_memory, used};

pub(super) fn open_descriptors(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

#[cfg(target_os = "linux")]
fn ended(pid: u32) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("Process {pid} has no memory: it has ended."),
    )
}
