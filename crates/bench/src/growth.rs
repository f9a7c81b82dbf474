//! Measures how the cost of an invocation grows with the size of the prompt, the answer and the conversation.

use std::path::Path;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use lambda_local::Cpu;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    bedrock::{Bedrock, invoke},
    machine::Machine,
    sample::Measured,
    statistics::{Spread, line},
    subject::{Name, Subject, Subjects},
};

/// From a question to what just fits Lambda's 6 MB, in bytes.
const SIZES: [u32; 5] = [1_000, 10_000, 100_000, 1_000_000, 5_000_000];

/// Numbers of earlier turns, each of [`TURN`]. They are even because user and model alternate.
const TURNS: [u32; 4] = [2, 10, 100, 1_000];

/// An earlier turn: a sentence or two.
const TURN: &str =
    "Lambda charges for the time that a call takes and for the memory that the function has.";

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The prompt, in bytes.
    Prompt,
    /// The model's answer, in bytes.
    Answer,
    /// Earlier turns, by their number.
    Messages,
}

impl Dimension {
    const ALL: [Self; 3] = [Self::Prompt, Self::Answer, Self::Messages];

    fn sizes(self) -> &'static [u32] {
        match self {
            Self::Prompt | Self::Answer => &SIZES,
            Self::Messages => &TURNS,
        }
    }

    /// The name in the tables, the unit of slopes, and the size of that unit.
    pub(crate) fn words(self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Prompt => ("prompt", "MB", 1e6),
            Self::Answer => ("answer", "MB", 1e6),
            Self::Messages => ("earlier messages", "1,000", 1e3),
        }
    }

    pub(crate) fn label(self, size: u32) -> String {
        match self {
            Self::Messages => format!("{size}"),
            _ if size >= 1_000_000 => format!("{} MB", size / 1_000_000),
            _ => format!("{} KB", size / 1_000),
        }
    }

    fn event(self, size: u32) -> String {
        let length = size as usize;
        match self {
            Self::Prompt => json!({"prompt": "a".repeat(length)}),
            Self::Answer => json!({"prompt": "Tell me everything."}),
            Self::Messages => {
                let roles = ["user", "assistant"].into_iter().cycle();
                // A conversation begins with the user, and the prompt is the next turn.
                let turns: Vec<_> = roles
                    .take(length)
                    .map(|role| json!({"role": role, "text": TURN}))
                    .collect();
                json!({"prompt": "And so?", "messages": turns})
            }
        }
        .to_string()
    }

    fn answer(self, size: u32) -> String {
        match self {
            Self::Answer => "a".repeat(size as usize),
            _ => "Yes.".to_owned(),
        }
    }
}

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    /// Where it was measured.
    pub machine: Machine,
    /// Invocations at each size.
    pub repetitions: u32,
    /// One for each thing that grows.
    pub series: Vec<Series>,
}

/// The cost at each size of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// What grows.
    pub dimension: Dimension,
    /// From small to large.
    pub points: Vec<Point>,
}

/// The cost of an invocation of one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Bytes, or messages.
    pub size: u32,
    /// From the event to the reply, in milliseconds; Bedrock's stand-in, which reads and writes as much, is in it.
    pub time: Spread,
    /// CPU time of the function alone, in milliseconds.
    pub cpu: Spread,
    /// The most resident memory, above what was resident after INIT, in bytes.
    pub memory: Spread,
}

impl Series {
    /// The cost of one more unit, by the line of least squares through the points.
    pub(crate) fn slope(&self, of: fn(&Point) -> f64) -> f64 {
        let (_, _, unit) = self.dimension.words();
        let points = self
            .points
            .iter()
            .map(|point| (f64::from(point.size) / unit, of(point)));
        line(&points.collect::<Vec<_>>()).0
    }
}

/// Measures how the function's cost grows.
///
/// # Errors
///
/// When it cannot be started or does not answer.
pub async fn grow(subjects: &Path, repetitions: u32, progress: &ProgressBar) -> Result<Growth> {
    let mut subjects = Subjects::read(subjects)?.subjects.into_iter();
    let ours = subjects.find(|subject| subject.name == Name::Ours);
    let mut ours = ours.context("This function is not among the subjects")?;
    let limit = ("BEDROCK_MAX_PROMPT_CHARS".to_owned(), "6000000".to_owned());
    ours.env.extend([limit]);
    let bedrock = Bedrock::start().await?;
    progress.set_message("sizes");
    progress.set_length(
        Dimension::ALL
            .map(|dimension| dimension.sizes().len() as u64)
            .iter()
            .sum(),
    );
    let mut series = Vec::new();
    for dimension in Dimension::ALL {
        let mut points = Vec::new();
        for &size in dimension.sizes() {
            bedrock.answer_with(&dimension.answer(size));
            points.push(point(&bedrock, &ours, dimension, size, repetitions).await?);
            progress.inc(1);
        }
        series.push(Series { dimension, points });
    }
    Ok(Growth {
        machine: Machine::this(),
        repetitions,
        series,
    })
}

/// Each invocation has a process of its own: memory that an allocator has kept would hide what the next one takes.
async fn point(
    bedrock: &Bedrock,
    ours: &Subject,
    dimension: Dimension,
    size: u32,
    repetitions: u32,
) -> Result<Point> {
    let event = dimension.event(size);
    let (mut time, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let function = bedrock.start_function(ours, Cpu::Full).await?;
        let base = function.resident_memory()?;
        let measured = Measured::of(ours, invoke(&function, ours, &event).await?)?;
        time.push(measured.milliseconds);
        cpu.push(measured.cpu_milliseconds());
        memory.push(measured.usage.peak_memory.saturating_sub(base) as f64);
    }
    Ok(Point {
        size,
        time: Spread::of(&time),
        cpu: Spread::of(&cpu),
        memory: Spread::of(&memory),
    })
}
