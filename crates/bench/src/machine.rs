//! Where the measurements were made.

use std::{fs, thread};

use serde::{Deserialize, Serialize};

/// Where the measurements were made; empty where the system does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The processor, as it names itself.
    pub processor: String,
    /// Processors that the benchmark could use.
    pub cores: usize,
    /// The kernel's name and version.
    pub kernel: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let version: Vec<&str> = release.trim().splitn(3, '.').take(2).collect();
        Self {
            processor: model.map(|(_, name)| name.to_owned()).unwrap_or_default(),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: format!("{} {}", std::env::consts::OS, version.join(".")),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cores of {}, {}",
            self.cores, self.processor, self.kernel
        )
    }
}
