//! Measures streamed answers: the delay of each piece of text at the caller, and its CPU time.

use std::{
    path::Path,
    sync::LazyLock,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bedrock_local::Answer;
use futures_util::stream::{self, Stream};
use indicatif::ProgressBar;
use lambda_local::{Cpu, Function, Invocation, ResponsePart};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{interval, sleep},
};

use crate::{
    Percentiles, Spread,
    bedrock::{Bedrock, PAUSE},
    compare::refuse_unthrottled,
    machine::Machine,
    sample::Measured,
    subject::{Name, Subject, Subjects},
};

/// The pieces of an answer: a page of text.
const DELTAS: u32 = 300;

/// The pace of a fast model: 100 pieces a second.
const EVERY: Duration = Duration::from_millis(10);

const EVENT: &str = r#"{"prompt":"What is AWS Lambda?","stream":true}"#;

/// The channel between function and reader; the reader is never slower.
const PARTS: usize = 16;

/// The start of the clock that the pieces of text carry.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The results of one run of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Streaming {
    /// Where it ran.
    pub machine: Machine,
    /// The version of Node.js that one of the functions runs on.
    pub node_version: String,
    /// Processes started of each function, at each share of CPU. Each streams two answers.
    pub processes: u32,
    /// The pieces of an answer.
    pub deltas: u32,
    /// Milliseconds between two pieces.
    pub every_ms: u64,
    /// Why the share of CPU was not enforced, where it was not.
    pub unthrottled: Option<String>,
    /// With all the CPU of the machine.
    pub full_cpu: Vec<StreamRow>,
    /// With all the CPU during INIT, and afterwards with the share of 128 MB.
    pub by_memory: Vec<StreamRow>,
}

/// The results of one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamRow {
    /// The function.
    pub name: Name,
    /// From the event to the first text at the caller, in a process's first invocation, in milliseconds. The model has it at once.
    pub first_text_cold: Spread,
    /// The same in its second invocation.
    pub first_text_warm: Spread,
    /// From the moment that the model sends a piece to its arrival at the caller, in the second invocation, in milliseconds.
    pub delay: Percentiles,
    /// CPU time of the second invocation, divided by the pieces, in microseconds.
    pub cpu_per_delta: Spread,
    /// TLS handshakes of both invocations, the mean of the processes.
    pub handshakes: f64,
}

/// Streams answers through our function and the others, in turn.
///
/// # Errors
///
/// When one of them cannot be started or does not pass every piece on, or its CPU cannot be limited and has to be.
pub async fn stream(
    subjects: &Path,
    processes: u32,
    unthrottled_too: bool,
    progress: &ProgressBar,
) -> Result<Streaming> {
    let bedrock = Bedrock::start().await?;
    bedrock.stream_with(|| Answer::stream_of(clock_readings(), DELTAS));
    let subjects = Subjects::read(subjects)?;
    let mut streaming = Streaming {
        machine: Machine::this(),
        node_version: subjects.node_version,
        processes,
        deltas: DELTAS,
        every_ms: EVERY.as_millis() as u64,
        unthrottled: None,
        full_cpu: Vec::new(),
        by_memory: Vec::new(),
    };
    let mut samples: Vec<_> = subjects
        .streaming
        .iter()
        .map(|subject| (subject, Vec::new(), Vec::new()))
        .collect();
    progress.set_message("processes that stream");
    progress.set_length(processes.into());
    for _ in 0..processes {
        for (subject, full_cpu, by_memory) in &mut samples {
            full_cpu.push(Sample::take(&bedrock, subject, Cpu::Full).await?);
            let throttled = Sample::take(&bedrock, subject, Cpu::ByMemory).await?;
            if !unthrottled_too {
                refuse_unthrottled(throttled.unthrottled.as_deref())?;
            }
            streaming.unthrottled.clone_from(&throttled.unthrottled);
            by_memory.push(throttled);
        }
        samples.rotate_left(1);
        progress.inc(1);
    }
    samples.sort_by_key(|(subject, ..)| subject.name);
    for (subject, full_cpu, by_memory) in &samples {
        streaming
            .full_cpu
            .push(StreamRow::of(subject.name, full_cpu));
        streaming
            .by_memory
            .push(StreamRow::of(subject.name, by_memory));
    }
    Ok(streaming)
}

impl StreamRow {
    fn of(name: Name, samples: &[Sample]) -> Self {
        let each = |of: fn(&Sample) -> f64| samples.iter().map(of).collect::<Vec<_>>();
        let delays = samples
            .iter()
            .flat_map(|sample| &sample.warm.delays)
            .copied();
        Self {
            name,
            first_text_cold: Spread::of(&each(|sample| sample.cold.first_text)),
            first_text_warm: Spread::of(&each(|sample| sample.warm.first_text)),
            delay: Percentiles::of(&delays.collect::<Vec<_>>()),
            cpu_per_delta: Spread::of(&each(|sample| {
                sample.warm.cpu_milliseconds * 1e3 / f64::from(DELTAS)
            })),
            handshakes: each(|sample| sample.handshakes as f64).iter().sum::<f64>()
                / samples.len() as f64,
        }
    }
}

/// Two streamed answers of one process.
struct Sample {
    cold: Streamed,
    warm: Streamed,
    handshakes: usize,
    unthrottled: Option<String>,
}

impl Sample {
    async fn take(bedrock: &Bedrock, subject: &Subject, cpu: Cpu) -> Result<Self> {
        let function = bedrock.start_function(subject, cpu).await?;
        let after_init = bedrock.handshakes();
        Ok(Self {
            cold: Streamed::take(&function, subject).await?,
            warm: Streamed::take(&function, subject).await?,
            handshakes: bedrock.handshakes() - after_init,
            unthrottled: function.unthrottled().map(str::to_owned),
        })
    }
}

/// One streamed answer; times are in milliseconds.
struct Streamed {
    first_text: f64,
    delays: Vec<f64>,
    cpu_milliseconds: f64,
}

impl Streamed {
    async fn take(function: &Function, subject: &Subject) -> Result<Self> {
        sleep(PAUSE).await;
        let (sender, parts) = mpsc::channel(PARTS);
        let started = START.elapsed();
        let invocation = Invocation::default();
        let (measured, arrivals) = tokio::join!(
            function.measure_with_response_stream(EVENT, invocation, sender),
            arrivals(parts)
        );
        let (outcome, phase) = measured;
        ensure!(
            arrivals.len() == DELTAS as usize,
            "{:?} passed on {} of {DELTAS} pieces of text: {outcome}",
            subject.name,
            arrivals.len()
        );
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let (_, first) = arrivals.first().context("The answer has no pieces")?;
        Ok(Self {
            first_text: milliseconds(first.saturating_sub(started)),
            delays: arrivals
                .iter()
                .map(|(sent, arrived)| milliseconds(arrived.saturating_sub(*sent)))
                .collect(),
            cpu_milliseconds: Measured::of(subject, phase)?.cpu_milliseconds(),
        })
    }
}

/// Pieces of text that say when they were sent, `<nanoseconds>`, at an even pace.
fn clock_readings() -> impl Stream<Item = String> + Send + 'static {
    stream::unfold((None, 0), |(ticks, sent)| async move {
        if sent == DELTAS {
            return None;
        }
        // The first tick is at once, when the request is there.
        let mut ticks = ticks.unwrap_or_else(|| interval(EVERY));
        ticks.tick().await;
        let reading = format!("<{}>", START.elapsed().as_nanos());
        Some((reading, (Some(ticks), sent + 1)))
    })
}

/// When each piece of text was sent, and when it arrived.
async fn arrivals(mut parts: mpsc::Receiver<ResponsePart>) -> Vec<(Duration, Duration)> {
    let (mut arrivals, mut unread) = (Vec::new(), Vec::new());
    while let Some(part) = parts.recv().await {
        let now = START.elapsed();
        let ResponsePart::Chunk(chunk) = part else {
            continue;
        };
        unread.extend_from_slice(&chunk);
        arrivals.extend(take_readings(&mut unread).map(|sent| (sent, now)));
    }
    arrivals
}

/// Takes the complete readings out of the bytes that have arrived, in any wrapping.
fn take_readings(unread: &mut Vec<u8>) -> impl Iterator<Item = Duration> + use<> {
    let end = unread
        .iter()
        .rposition(|byte| *byte == b'>')
        .map_or(0, |last| last + 1);
    let text = String::from_utf8_lossy(&unread[..end]).into_owned();
    unread.drain(..end);
    let readings: Vec<_> = text
        .split('>')
        .filter_map(|before| before.rsplit_once('<')?.1.parse().ok())
        .collect();
    readings.into_iter().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_found_in_any_wrapping_and_across_chunks() {
        let mut unread = b"event: text\ndata: {\"text\":\"<12>\"}\n\n<34><5".to_vec();
        let first: Vec<_> = take_readings(&mut unread).collect();
        assert_eq!(first, [12, 34].map(Duration::from_nanos));
        unread.extend_from_slice(b"6>");
        let second: Vec<_> = take_readings(&mut unread).collect();
        assert_eq!(second, [Duration::from_nanos(56)]);
    }
}
