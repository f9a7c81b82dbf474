//! One cold start, and what follows it.

use std::time::Duration;

use lambda_local::{Cpu, Function, Phase, Usage};

use crate::{
    BenchError,
    stage::{Stage, invoke},
    subject::Subject,
};

/// What is asked of every function.
const EVENT: &str = r#"{"prompt":"What is AWS Lambda?"}"#;

/// One phase, with what the process used in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) milliseconds: f64,
    pub(crate) usage: Usage,
}

impl Measured {
    pub(crate) fn of(subject: &Subject, phase: Phase) -> Result<Self, BenchError> {
        Ok(Self {
            milliseconds: milliseconds(phase.duration),
            usage: phase.usage.ok_or_else(|| subject.no_usage())?,
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
    /// Why it ran with all the CPU though it should not have.
    pub(crate) unthrottled: Option<String>,
}

impl Sample {
    pub(crate) async fn take(
        stage: &Stage,
        subject: &Subject,
        cpu: Cpu,
        warm: u32,
    ) -> Result<Self, BenchError> {
        let before = stage.handshakes();
        let function = stage.start(subject, cpu).await?;
        let after_init = stage.handshakes();
        let first = Measured::of(subject, invoke(&function, subject, EVENT).await?)?;
        let mut sample = Self {
            init: Measured::of(subject, *function.init())?,
            first,
            warm: Vec::new(),
            init_handshakes: after_init - before,
            invoke_handshakes: 0,
            unthrottled: function.unthrottled().map(str::to_owned),
        };
        sample.add_warm(&function, subject, warm).await?;
        sample.invoke_handshakes = stage.handshakes() - after_init;
        Ok(sample)
    }

    async fn add_warm(
        &mut self,
        function: &Function,
        subject: &Subject,
        count: u32,
    ) -> Result<(), BenchError> {
        for _ in 0..count {
            self.warm.push(Measured::of(
                subject,
                invoke(function, subject, EVENT).await?,
            )?);
        }
        Ok(())
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
