//! The results of a comparison: numbers alone, for tables and programs.

use serde::{Deserialize, Serialize};

use crate::{
    freeze::AfterFreeze,
    machine::Machine,
    sample::{Measured, Sample},
    statistics::{Percentiles, Spread},
    subject::{Name, Subject},
};

/// The results of one run of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// Where it ran.
    pub machine: Machine,
    /// The version of Node.js that two of the functions run on.
    pub node_version: String,
    /// Processes started of each function, at each share of CPU.
    pub cold_starts: u32,
    /// Warm invocations of each process.
    pub warm_invocations: u32,
    /// The memory whose share of CPU was emulated, in MB.
    pub memory_mb: u32,
    /// Why the share of CPU was not enforced, where it was not.
    pub unthrottled: Option<String>,
    /// With all the CPU of the machine.
    pub full_cpu: Vec<Row>,
    /// With all the CPU during INIT, and afterwards with the share of that memory.
    pub by_memory: Vec<Row>,
    /// The first invocation after a freeze; none where it was not measured.
    #[serde(default)]
    pub after_freeze: Vec<AfterFreeze>,
}

/// The results of one function. Times are in milliseconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The function.
    pub name: Name,
    /// From the start of the program to its first request for an event.
    pub init: Spread,
    /// The first invocation.
    pub first: Spread,
    /// INIT and first invocation together, of each process.
    pub cold: Spread,
    /// Every later invocation.
    pub warm: Percentiles,
    /// CPU time of INIT.
    pub init_cpu: Spread,
    /// CPU time of the first invocation.
    pub first_cpu: Spread,
    /// CPU time of a later invocation.
    pub warm_cpu: Spread,
    /// The share of first invocations in which the process was throttled, 0 to 1.
    pub first_throttled: f64,
    /// The share of later invocations in which the process was throttled, 0 to 1.
    pub warm_throttled: f64,
    /// The most memory that was ever resident.
    pub peak_memory: Spread,
    /// The size of the zip that is uploaded.
    pub zip_bytes: u64,
    /// TLS handshakes during INIT, in the median process.
    pub init_handshakes: f64,
    /// TLS handshakes during all invocations, in the median process.
    pub invoke_handshakes: f64,
    /// Crates in its tree, where it is Rust.
    pub crates: Option<u32>,
}

impl Row {
    pub(crate) fn of(subject: &Subject, samples: &[Sample], zip_bytes: u64) -> Self {
        let each = |of: fn(&Sample) -> f64| samples.iter().map(of).collect::<Vec<_>>();
        let warm: Vec<&Measured> = samples.iter().flat_map(|sample| &sample.warm).collect();
        let each_warm =
            |of: fn(&Measured) -> f64| warm.iter().map(|phase| of(phase)).collect::<Vec<_>>();
        Self {
            name: subject.name,
            init: Spread::of(&each(|sample| sample.init.milliseconds)),
            first: Spread::of(&each(|sample| sample.first.milliseconds)),
            cold: Spread::of(&each(|sample| {
                sample.init.milliseconds + sample.first.milliseconds
            })),
            warm: Percentiles::of(&each_warm(|phase| phase.milliseconds)),
            init_cpu: Spread::of(&each(|sample| sample.init.cpu_milliseconds())),
            first_cpu: Spread::of(&each(|sample| sample.first.cpu_milliseconds())),
            warm_cpu: Spread::of(&each_warm(Measured::cpu_milliseconds)),
            first_throttled: throttled_share(samples.iter().map(|sample| &sample.first)),
            warm_throttled: throttled_share(warm.iter().copied()),
            peak_memory: Spread::of(&each(|sample| sample.peak_memory() as f64)),
            zip_bytes,
            init_handshakes: Spread::of(&each(|sample| sample.init_handshakes as f64)).median,
            invoke_handshakes: Spread::of(&each(|sample| sample.invoke_handshakes as f64)).median,
            crates: subject.crates,
        }
    }
}

/// The share of phases in which the process was throttled.
fn throttled_share<'a>(phases: impl ExactSizeIterator<Item = &'a Measured>) -> f64 {
    let all = phases.len() as f64;
    let throttled = phases.filter(|phase| phase.usage.throttled_periods > 0);
    throttled.count() as f64 / all
}
