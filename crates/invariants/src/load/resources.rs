//! Memory and descriptors of one process over its invocations.

use std::{io, ops::Range};

use lambda_local::Function;
use serde::Serialize;

use super::Violation;

/// How far the means of the second and the last quarter may be apart, in per cent.
const FLAT_PERCENT: f64 = 5.0;

/// Samples in a run: enough for a mean, and few enough that reading them costs nothing.
const SAMPLES: u32 = 400;

/// The resources of one process, sampled evenly over its invocations. The first quarter is a warm-up and is not judged.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    memory: Vec<u64>,
    descriptors: Vec<usize>,
}

/// The resources of one process over its invocations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Resident memory, the mean over the second quarter of the invocations, in bytes.
    pub second_quarter_bytes: f64,
    /// Resident memory, the mean over the last quarter, in bytes.
    pub last_quarter_bytes: f64,
    /// The most open descriptors in the second quarter.
    pub second_quarter_descriptors: usize,
    /// The most open descriptors in the last quarter.
    pub last_quarter_descriptors: usize,
}

impl Samples {
    /// Whether a sample is due after that many of `all` invocations.
    pub(crate) fn is_due(done: u32, all: u32) -> bool {
        done.is_multiple_of((all / SAMPLES).max(1))
    }

    /// Takes one.
    pub(crate) fn take(&mut self, function: &Function) -> io::Result<()> {
        self.memory.push(function.resident_memory()?);
        self.descriptors.push(function.open_descriptors()?);
        Ok(())
    }

    /// Judges them: memory is flat, and no descriptor was left open.
    pub(crate) fn judge(&self) -> Result<Resources, Violation> {
        let count = self.memory.len();
        let (second, last) = (count / 4..count / 2, count - count / 4..count);
        let resources = Resources {
            second_quarter_bytes: mean(&self.memory[second.clone()]),
            last_quarter_bytes: mean(&self.memory[last.clone()]),
            second_quarter_descriptors: self.most_descriptors(second),
            last_quarter_descriptors: self.most_descriptors(last),
        };
        resources.judged()
    }

    fn most_descriptors(&self, quarter: Range<usize>) -> usize {
        self.descriptors[quarter]
            .iter()
            .copied()
            .max()
            .unwrap_or_default()
    }
}

impl Resources {
    fn judged(self) -> Result<Self, Violation> {
        let growth = (self.last_quarter_bytes / self.second_quarter_bytes - 1.0) * 100.0;
        // Without samples the means are no numbers, and that is not flat either.
        if growth.is_nan() || growth.abs() > FLAT_PERCENT {
            return Err(Violation::Memory {
                second: self.second_quarter_bytes,
                last: self.last_quarter_bytes,
                most: FLAT_PERCENT,
            });
        }
        if self.last_quarter_descriptors > self.second_quarter_descriptors {
            return Err(Violation::Descriptors {
                second: self.second_quarter_descriptors,
                last: self.last_quarter_descriptors,
            });
        }
        Ok(self)
    }
}

fn mean(bytes: &[u64]) -> f64 {
    bytes.iter().sum::<u64>() as f64 / bytes.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(memory: impl Fn(u64) -> u64, descriptors: impl Fn(u64) -> usize) -> Samples {
        Samples {
            memory: (0..400).map(memory).collect(),
            descriptors: (0..400).map(descriptors).collect(),
        }
    }

    #[test]
    fn memory_that_rises_while_warming_up_and_then_wavers_is_flat() {
        let samples = samples(|i| 1_000 * i.min(100) + 1_000_000 + i % 7, |_| 9);
        assert!(samples.judge().is_ok());
    }

    #[test]
    fn memory_that_grows_by_a_tenth_is_not_flat() {
        let samples = samples(|i| 1_000_000 + 500 * i, |_| 9);
        assert!(matches!(samples.judge(), Err(Violation::Memory { .. })));
    }

    #[test]
    fn one_descriptor_more_is_one_too_many() {
        let samples = samples(|_| 1_000_000, |i| if i < 300 { 9 } else { 10 });
        assert!(matches!(
            samples.judge(),
            Err(Violation::Descriptors {
                second: 9,
                last: 10
            })
        ));
    }

    #[test]
    fn no_samples_are_not_flat() {
        assert!(Samples::default().judge().is_err());
    }
}
