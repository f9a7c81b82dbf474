//! The comparison: every function in turn, again and again.

use std::path::Path;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use lambda_local::Cpu;

use crate::{
    Results,
    bedrock::{Bedrock, MEMORY_MB},
    freeze::after_freeze,
    machine::Machine,
    package,
    results::Row,
    sample::Sample,
    subject::{Subject, Subjects},
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
    /// Processes of each function that are frozen between two invocations.
    pub freezes: u32,
    /// Whether to go on where the CPU cannot be limited.
    pub unthrottled_too: bool,
}

/// The samples of one function.
struct Samples {
    subject: Subject,
    full_cpu: Vec<Sample>,
    by_memory: Vec<Sample>,
}

/// Measures our function beside the others.
///
/// # Errors
///
/// When one of them cannot be started or does not answer, or its CPU cannot be limited and has to be.
pub async fn compare(subjects: &Path, extent: Extent, progress: &ProgressBar) -> Result<Results> {
    let bedrock = Bedrock::start().await?;
    bedrock.answer_with(ANSWER);
    let Subjects {
        subjects,
        node_version,
        ..
    } = Subjects::read(subjects)?;
    let mut all: Vec<Samples> = subjects
        .iter()
        .map(|subject| Samples {
            subject: subject.clone(),
            full_cpu: Vec::new(),
            by_memory: Vec::new(),
        })
        .collect();
    progress.set_message("cold starts");
    progress.set_length(extent.cold_starts.into());
    for _ in 0..extent.cold_starts {
        take_turns(&bedrock, &mut all, extent).await?;
        // A different function begins each round.
        all.rotate_left(1);
        progress.inc(1);
    }
    all.sort_by_key(|samples| samples.subject.name);
    let mut results = Results {
        machine: Machine::this(),
        node_version,
        cold_starts: extent.cold_starts,
        warm_invocations: extent.warm_invocations,
        memory_mb: MEMORY_MB,
        unthrottled: all
            .iter()
            .flat_map(|samples| &samples.by_memory)
            .find_map(|sample| sample.unthrottled.clone()),
        full_cpu: Vec::new(),
        by_memory: Vec::new(),
        after_freeze: after_freeze(&bedrock, &subjects, extent.freezes, progress).await?,
    };
    for Samples {
        subject,
        full_cpu,
        by_memory,
    } in &all
    {
        let zip_bytes = package::zipped_bytes(&subject.zip_folder)?;
        let row = |samples: &[Sample]| Row::of(subject, samples, zip_bytes);
        results.full_cpu.push(row(full_cpu));
        results.by_memory.push(row(by_memory));
    }
    Ok(results)
}

async fn take_turns(bedrock: &Bedrock, all: &mut [Samples], extent: Extent) -> Result<()> {
    let warm = extent.warm_invocations;
    for samples in all {
        let subject = &samples.subject;
        let full = Sample::take(bedrock, subject, Cpu::Full, warm).await?;
        samples.full_cpu.push(full);
        let throttled = Sample::take(bedrock, subject, Cpu::ByMemory, warm).await?;
        if !extent.unthrottled_too {
            refuse_unthrottled(throttled.unthrottled.as_deref())?;
        }
        samples.by_memory.push(throttled);
    }
    Ok(())
}

/// Refuses a run without a CPU limit: its numbers would be taken for those of a small function.
pub(crate) fn refuse_unthrottled(reason: Option<&str>) -> Result<()> {
    if let Some(reason) = reason {
        bail!(
            "Nothing was written, for what is to be measured at {MEMORY_MB} MB had all the CPU: {reason}. `make bench-short` measures \
             all the same, and writes nothing."
        );
    }
    Ok(())
}
