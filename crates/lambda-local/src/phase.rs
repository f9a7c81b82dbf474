//! The time and resources of a phase: the INIT, or one invocation.

use std::time::Duration;

/// The time and resources of the INIT, or of one invocation.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// Wall-clock time. For INIT, from the start of the program to its first request for an event; for an invocation, from the
    /// moment that the event leaves the Runtime API to the moment that the answer has arrived there.
    pub duration: Duration,
    /// The usage of the process meanwhile; for an invocation, until it asked for the next event. `None` where the system does not give it.
    pub usage: Option<Usage>,
}

/// The usage of a process in one phase, all its threads together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// CPU time, of user and kernel.
    pub cpu_time: Duration,
    /// The most memory that was resident at one time, in bytes.
    pub peak_memory: u64,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that read from the disk.
    pub major_faults: u64,
    /// Periods of 20 ms in which the process had used up its CPU quota and was throttled; 0 without a [limit](crate::Cpu::ByMemory).
    pub throttled_periods: u64,
}
