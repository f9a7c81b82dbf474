//! A cold start, and the warm invocations after it.

use std::time::Duration;

use anyhow::{Context, Result};
use lambda_local::{Cpu, Phase, Usage};

use crate::{
    bedrock::{Bedrock, invoke},
    subject::Subject,
};

/// The event for every function.
pub(crate) const EVENT: &str = r#"{"prompt":"What is AWS Lambda?"}"#;

/// The duration and the resources of one phase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) milliseconds: f64,
    pub(crate) usage: Usage,
}

impl Measured {
    pub(crate) fn of(subject: &Subject, phase: Phase) -> Result<Self> {
        let usage = phase.usage.with_context(|| {
            format!(
                "The system does not tell what {:?} used: either it has ended, or this is not Linux",
                subject.name
            )
        })?;
        Ok(Self {
            milliseconds: milliseconds(phase.duration),
            usage,
        })
    }

    pub(crate) fn cpu_milliseconds(&self) -> f64 {
        milliseconds(self.usage.cpu_time)
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A process from its start over its first invocation to some warm ones.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) init: Measured,
    pub(crate) first: Measured,
    pub(crate) warm: Vec<Measured>,
    pub(crate) init_handshakes: usize,
    pub(crate) invoke_handshakes: usize,
    /// Why its CPU was not limited, where it should have been.
    pub(crate) unthrottled: Option<String>,
}

impl Sample {
    pub(crate) async fn take(
        bedrock: &Bedrock,
        subject: &Subject,
        cpu: Cpu,
        warm: u32,
    ) -> Result<Self> {
        let before = bedrock.handshakes();
        let function = bedrock.start_function(subject, cpu).await?;
        let after_init = bedrock.handshakes();
        let first = Measured::of(subject, invoke(&function, subject, EVENT).await?)?;
        let mut sample = Self {
            init: Measured::of(subject, *function.init())?,
            first,
            warm: Vec::new(),
            init_handshakes: after_init - before,
            invoke_handshakes: 0,
            unthrottled: function.unthrottled().map(str::to_owned),
        };
        for _ in 0..warm {
            let phase = invoke(&function, subject, EVENT).await?;
            sample.warm.push(Measured::of(subject, phase)?);
        }
        sample.invoke_handshakes = bedrock.handshakes() - after_init;
        Ok(sample)
    }

    /// The most memory that was ever resident, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let phases = [&self.init, &self.first].into_iter().chain(&self.warm);
        phases
            .map(|phase| phase.usage.peak_memory)
            .max()
            .unwrap_or(0)
    }
}
