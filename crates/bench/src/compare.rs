//! The comparison: every function in turn, again and again.

use std::path::Path;

use lambda_local::Cpu;

use crate::{
    BenchError, Results,
    machine::Machine,
    package, progress,
    results::Row,
    sample::Sample,
    stage::{MEMORY_MB, Stage},
    subject::{self, Ours, Subject},
};

/// What Bedrock answers: a paragraph.
const ANSWER: &str = "AWS Lambda runs your code without servers of your own. You upload a function, and Lambda starts it when \
an event arrives, runs as many copies as there are events, and charges for the time that they take.";

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Processes started of each function, at each share of CPU.
    pub cold_starts: u32,
    /// Warm invocations of each process.
    pub warm_invocations: u32,
    /// Whether to go on where the CPU cannot be limited.
    pub unthrottled_too: bool,
}

/// The samples of one function.
struct Taken {
    subject: Subject,
    full_cpu: Vec<Sample>,
    by_memory: Vec<Sample>,
}

/// Measures our function beside the others.
///
/// # Errors
///
/// When one of them cannot be started or does not answer, or its CPU cannot be limited and has to be.
pub async fn compare(others: &Path, ours: &Ours, extent: Extent) -> Result<Results, BenchError> {
    let stage = Stage::set().await?;
    stage.answer_with(ANSWER);
    let subjects = subject::read(others, ours)?;
    let mut all: Vec<Taken> = subjects
        .all
        .into_iter()
        .map(|subject| Taken {
            subject,
            full_cpu: Vec::new(),
            by_memory: Vec::new(),
        })
        .collect();
    for round in 0..extent.cold_starts {
        progress::line(&format!(
            "cold start {} of {}",
            round + 1,
            extent.cold_starts
        ));
        take_turns(&stage, &mut all, extent).await?;
        // Each begins a round in its turn.
        all.rotate_left(1);
    }
    all.sort_by_key(|taken| taken.subject.name);
    results(&all, subjects.node_version, extent)
}

async fn take_turns(stage: &Stage, all: &mut [Taken], extent: Extent) -> Result<(), BenchError> {
    let warm = extent.warm_invocations;
    for taken in all {
        let full = Sample::take(stage, &taken.subject, Cpu::Full, warm).await?;
        taken.full_cpu.push(full);
        let throttled = Sample::take(stage, &taken.subject, Cpu::ByMemory, warm).await?;
        if let (Some(reason), false) = (&throttled.unthrottled, extent.unthrottled_too) {
            return Err(BenchError::Unthrottled(reason.clone()));
        }
        taken.by_memory.push(throttled);
    }
    Ok(())
}

fn results(all: &[Taken], node_version: String, extent: Extent) -> Result<Results, BenchError> {
    let mut results = Results {
        machine: Machine::this(),
        node_version,
        cold_starts: extent.cold_starts,
        warm_invocations: extent.warm_invocations,
        memory_mb: MEMORY_MB,
        unthrottled: all
            .iter()
            .flat_map(|taken| &taken.by_memory)
            .find_map(|sample| sample.unthrottled.clone()),
        full_cpu: Vec::new(),
        by_memory: Vec::new(),
    };
    for taken in all {
        let Subject { name, program, .. } = &taken.subject;
        let zip_bytes = package::zipped_bytes(&program.zip_folder)?;
        let row = |samples: &[Sample]| Row::of(*name, samples, zip_bytes, program.crates);
        results.full_cpu.push(row(&taken.full_cpu));
        results.by_memory.push(row(&taken.by_memory));
    }
    Ok(results)
}
