//! How the cost of an invocation grows with what is asked and answered.

use std::fmt;

use lambda_local::{Cpu, Function};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    BenchError,
    chart::{Bar, Panel, draw},
    machine::Machine,
    progress,
    sample::Measured,
    stage::{Stage, invoke},
    statistics::{Spread, line},
    subject::{Name, Ours, Subject},
    table::{markdown, number},
};

/// From a question to what just fits Lambda's 6 MB, in bytes.
const SIZES: [u32; 5] = [1_000, 10_000, 100_000, 1_000_000, 5_000_000];

/// Earlier turns of a conversation, each of [`TURN`]: even numbers, for the user and the model take turns.
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

    fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Answer => "answer",
            Self::Messages => "earlier messages",
        }
    }

    /// The unit by which slopes are told: its name, and how many of the counted things it is.
    fn unit(self) -> (&'static str, f64) {
        match self {
            Self::Prompt | Self::Answer => ("MB", 1e6),
            Self::Messages => ("1,000", 1e3),
        }
    }

    fn label(self, size: u32) -> String {
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
                // A conversation begins with the user, and the prompt is his next turn.
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

/// What growth came to.
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
    /// What one unit more costs, by the straight line that is nearest to the points.
    fn slope(&self, of: fn(&Point) -> f64) -> f64 {
        let (_, unit) = self.dimension.unit();
        let points: Vec<(f64, f64)> = self
            .points
            .iter()
            .map(|point| (f64::from(point.size) / unit, of(point)))
            .collect();
        line(&points).0
    }
}

/// Measures how the function's cost grows.
///
/// # Errors
///
/// When it cannot be started or does not answer.
pub async fn grow(ours: &Ours, repetitions: u32) -> Result<Growth, BenchError> {
    let stage = Stage::set().await?;
    let subject = Subject {
        name: Name::Ours,
        program: ours.with("BEDROCK_MAX_PROMPT_CHARS", "6000000"),
        tls: true,
    };
    let mut series = Vec::new();
    for dimension in Dimension::ALL {
        let mut points = Vec::new();
        for &size in dimension.sizes() {
            let what = dimension.name();
            progress::line(&format!("{what}: {}", dimension.label(size)));
            stage.answer_with(&dimension.answer(size));
            points.push(point(&stage, &subject, dimension, size, repetitions).await?);
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
    stage: &Stage,
    subject: &Subject,
    dimension: Dimension,
    size: u32,
    repetitions: u32,
) -> Result<Point, BenchError> {
    let event = dimension.event(size);
    let (mut time, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let function = stage.start(subject, Cpu::Full).await?;
        let base = base(subject, &function)?;
        let measured = Measured::of(subject, invoke(&function, subject, &event).await?)?;
        time.push(measured.milliseconds);
        cpu.push(measured.cpu_milliseconds());
        memory.push((measured.usage.peak_memory as f64 - base).max(0.0));
    }
    Ok(Point {
        size,
        time: Spread::of(&time),
        cpu: Spread::of(&cpu),
        memory: Spread::of(&memory),
    })
}

/// What a process that has done its INIT has resident, in bytes.
fn base(subject: &Subject, function: &Function) -> Result<f64, BenchError> {
    let bytes = function.resident_memory().map_err(|_| subject.no_usage())?;
    Ok(bytes as f64)
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians of {} first invocations of each size, each of a process of its own, with all the CPU of {}. Memory is what \
             the process had resident above its INIT. Time has in it that the stand-in reads and writes as much. A deployment \
             takes prompts of 4 MB unless MAX_PROMPT_CHARS allows more, as it does here.\n",
            self.repetitions, self.machine
        )?;
        for series in &self.series {
            writeln!(f, "{}", table(series))?;
        }
        Ok(())
    }
}

fn table(series: &Series) -> String {
    let (unit, _) = series.dimension.unit();
    let mut rows: Vec<Vec<String>> = series
        .points
        .iter()
        .map(|point| {
            vec![
                series.dimension.label(point.size),
                number(point.time.median),
                number(point.cpu.median),
                number(point.memory.median / 1e6),
            ]
        })
        .collect();
    rows.push(vec![
        format!("each {unit} more"),
        number(series.slope(|point| point.time.median)),
        number(series.slope(|point| point.cpu.median)),
        number(series.slope(|point| point.memory.median / 1e6)),
    ]);
    let heading = [series.dimension.name(), "time ms", "CPU ms", "memory MB"];
    markdown(&heading, &rows)
}

impl Growth {
    /// The chart: CPU time and memory at each size.
    #[must_use]
    pub fn chart(&self) -> String {
        let panels: Vec<Panel> = self.series.iter().map(panel).collect();
        draw("How the CPU time of an invocation grows", &panels)
    }
}

fn panel(series: &Series) -> Panel {
    let bar = |point: &Point| Bar {
        label: series.dimension.label(point.size),
        parts: vec![point.cpu.median],
        value: format!(
            "{} ms, {} MB",
            number(point.cpu.median),
            number(point.memory.median / 1e6)
        ),
        is_ours: true,
    };
    Panel {
        heading: format!(
            "CPU time by {}, and memory above INIT's",
            series.dimension.name()
        ),
        bars: series.points.iter().map(bar).collect(),
    }
}
