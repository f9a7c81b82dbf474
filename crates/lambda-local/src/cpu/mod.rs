//! The share of a CPU that Lambda gives a function by its memory.
//!
//! Lambda limits no CPU during INIT; afterwards, a function has one vCPU per 1,769 MB. The kernel enforces such a share by a control
//! group ("cgroup"). Making one needs a privilege; without it the function runs unthrottled, and the reason is kept.

mod group;
mod hierarchy;

pub(crate) use group::Group;

/// The CPU that a function gets after its INIT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cpu {
    /// All that the machine has.
    #[default]
    Full,
    /// The share that Lambda gives a function of its [memory](crate::Builder::memory_mb), where this machine allows such a limit: see
    /// [`Function::unthrottled`](crate::Function::unthrottled).
    ByMemory,
}

/// The kernel gives out the share anew at each period. 20 ms is what Lambda's own sandboxes show (measured).
const PERIOD_MICROS: u64 = 20_000;

/// The memory that comes with one vCPU: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
const MB_PER_CPU: u64 = 1769;

/// CPU time per period, in microseconds, for a function of this memory.
fn quota_micros(memory_mb: u32) -> u64 {
    // The kernel takes no less than a millisecond.
    (PERIOD_MICROS * u64::from(memory_mb) / MB_PER_CPU).max(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_of_128_mb_has_7_percent_of_a_cpu() {
        assert_eq!(quota_micros(128), 1_447);
    }

    #[test]
    fn a_function_of_1769_mb_has_one_cpu() {
        assert_eq!(quota_micros(1_769), PERIOD_MICROS);
    }
}
