//! A control group of one function's own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use super::{
    PERIOD_MICROS,
    hierarchy::{self, Parent, Version},
    quota_micros,
};

/// A control group, without a limit until [`limit`](Self::limit) is called; removed when dropped, once its processes have ended.
#[derive(Debug)]
pub(crate) struct Group {
    path: PathBuf,
    version: Version,
}

impl Group {
    /// Makes a group for one function.
    ///
    /// # Errors
    ///
    /// A sentence that says why this machine or this user cannot have one.
    pub(crate) fn make(memory_mb: u32) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let parent = hierarchy::find()?;
        allow_children_to_limit(&parent)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = parent
            .path
            .join(format!("lambda-local-{}-{number}", process::id()));
        fs::create_dir(&path).map_err(|error| denied(&path, &error))?;
        let group = Self {
            path,
            version: parent.version,
        };
        // The limit is tried at once, because a folder can be made where a limit cannot be set.
        group
            .limit(memory_mb)
            .map_err(|error| denied(&group.path, &error))?;
        group.lift().map_err(|error| denied(&group.path, &error))?;
        Ok(group)
    }

    /// Moves a process into the group.
    pub(crate) fn take(&self, pid: u32) -> io::Result<()> {
        self.write("cgroup.procs", &pid.to_string())
    }

    /// Gives the group's processes the CPU of a function of this memory, from now on.
    pub(crate) fn limit(&self, memory_mb: u32) -> io::Result<()> {
        let quota = quota_micros(memory_mb);
        match self.version {
            Version::V1 => {
                self.write("cpu.cfs_period_us", &PERIOD_MICROS.to_string())?;
                self.write("cpu.cfs_quota_us", &quota.to_string())
            }
            Version::V2 => self.write("cpu.max", &format!("{quota} {PERIOD_MICROS}")),
        }
    }

    fn lift(&self) -> io::Result<()> {
        match self.version {
            Version::V1 => self.write("cpu.cfs_quota_us", "-1"),
            Version::V2 => self.write("cpu.max", &format!("max {PERIOD_MICROS}")),
        }
    }

    /// The number of periods in which the processes were throttled, since the group was made.
    pub(crate) fn throttled_periods(&self) -> io::Result<u64> {
        let stat = fs::read_to_string(self.path.join("cpu.stat"))?;
        let periods = stat
            .lines()
            .find_map(|line| line.strip_prefix("nr_throttled ")?.trim().parse().ok());
        periods.ok_or_else(|| io::Error::other("cpu.stat has no line nr_throttled"))
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        fs::write(self.path.join(file), text)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel removes a process from its group within milliseconds after it was collected, mostly at once.
        for _ in 0..50 {
            match fs::remove_dir(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    thread::sleep(Duration::from_millis(2));
                }
                _ => return,
            }
        }
    }
}

/// In version 2 a parent lists the controllers of its children.
fn allow_children_to_limit(parent: &Parent) -> Result<(), String> {
    if parent.version == Version::V1 {
        return Ok(());
    }
    let control = parent.path.join("cgroup.subtree_control");
    let allowed = fs::read_to_string(&control).map_err(|error| denied(&control, &error))?;
    if allowed.split_whitespace().any(|name| name == "cpu") {
        return Ok(());
    }
    fs::write(&control, "+cpu").map_err(|error| denied(&control, &error))
}

fn denied(path: &Path, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            " Run it as root on a machine whose control groups can be written."
        }
        _ => "",
    };
    format!(
        "No CPU limit can be set in {}: {error}.{advice}",
        path.display()
    )
}
