//! What a process uses, from Linux's `/proc`.

use std::{fs, io};

/// Resident memory in bytes: the line `VmRSS:   1234 kB` of `status`.
pub(super) fn resident_memory(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    // A process that has ended but is not collected has a status without memory.
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("process {pid} has no memory: it has ended"),
        )
    })
}

pub(super) fn open_descriptors(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}
