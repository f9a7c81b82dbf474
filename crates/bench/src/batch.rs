//! Measures `make batch` beside a loop in Python and the AWS CLI, each of which answers a file of prompts.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, SECRET_ACCESS_KEY};
use indicatif::ProgressBar;
use models::ModelTable;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::{process::Command, time::sleep};

use crate::machine::Machine;

/// How long the stand-in takes to answer.
const ANSWER: Duration = Duration::from_millis(100);

/// How often a command's memory is read.
const SAMPLE: Duration = Duration::from_millis(20);

/// The commands, with their concurrency and their rows: half a minute of each on two cores.
const RUNS: [(BatchName, u32, u32); 5] = [
    (BatchName::Ours, 64, 19_200),
    (BatchName::Boto3, 64, 9_600),
    (BatchName::Ours, 16, 4_800),
    (BatchName::Boto3, 16, 4_800),
    (BatchName::AwsCli, 16, 64),
];

/// The lengths of files at which memory is measured, in lines, and the time that each run has. A long file would take half an hour,
/// and memory that grows with its length has grown when the first answer comes.
const LENGTHS: [(u32, Duration); 2] = [
    (1_000, Duration::from_secs(60)),
    (1_000_000, Duration::from_secs(10)),
];

/// A program that answers a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchName {
    /// `make batch`, with the function's processes.
    Ours,
    /// Python, boto3 and a pool of threads.
    Boto3,
    /// `xargs -P`, and a process of the AWS CLI for each prompt.
    AwsCli,
}

/// The results of one run of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batches {
    /// Where it ran.
    pub machine: Machine,
    /// Milliseconds that each answer took the stand-in.
    pub answer_ms: u64,
    /// Each command.
    pub rows: Vec<BatchRow>,
    /// The peak resident memory of ours, by the length of the file.
    pub memory: Vec<BatchMemory>,
}

/// The time that one command took for a file, from its start to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchRow {
    /// The command.
    pub name: BatchName,
    /// Prompts at once.
    pub at_once: u32,
    /// Lines of the file.
    pub lines: u32,
    /// How long it took.
    pub seconds: f64,
    /// CPU time of all its processes.
    pub cpu_seconds: f64,
}

impl BatchRow {
    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.lines) / self.seconds
    }

    /// The share of the ideal rate, at which nothing but the answers takes time.
    pub(crate) fn share_of_ideal(&self, answer_ms: u64) -> f64 {
        self.per_second() * answer_ms as f64 / 1e3 / f64::from(self.at_once)
    }

    pub(crate) fn cpu_ms_per_line(&self) -> f64 {
        self.cpu_seconds * 1e3 / f64::from(self.lines)
    }
}

/// The memory of `make batch` itself, without the function's processes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchMemory {
    /// Lines of the file.
    pub lines: u32,
    /// The most that was resident, in bytes.
    pub peak: u64,
}

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    /// The folder of `batch` and `bedrock-function`.
    pub built: PathBuf,
    /// The folder of `python` and `aws`.
    pub tools: PathBuf,
}

/// Has each command answer a file, one after the other.
///
/// # Errors
///
/// When one of them cannot be started, or does not answer every line.
pub async fn batches(programs: &Programs, progress: &ProgressBar) -> Result<Batches> {
    let bedrock = BedrockLocal::builder().forget_requests().start().await?;
    bedrock.always(Answer::converse_text("Positive").after(ANSWER));
    let stage = Stage {
        programs,
        folder: TempDir::new()?,
        endpoint_url: bedrock.endpoint_url(),
        model: ModelTable::bundled()?.default,
    };
    progress.set_message("files");
    progress.set_length((RUNS.len() + LENGTHS.len()) as u64);
    let (mut rows, mut memory) = (Vec::new(), Vec::new());
    for (name, at_once, lines) in RUNS {
        stage.write(lines)?;
        let command = stage.command(name, at_once)?;
        let ran = Ran::of(command, None).await?;
        ensure!(ran.succeeded, "{name:?} did not answer every line");
        rows.push(BatchRow {
            name,
            at_once,
            lines,
            seconds: ran.seconds,
            cpu_seconds: ran.cpu_seconds,
        });
        progress.inc(1);
    }
    for (lines, time) in LENGTHS {
        stage.write(lines)?;
        let command = stage.command(BatchName::Ours, 64)?;
        let journal = stage.path("answers.jsonl.part");
        let Ran { peak, .. } = Ran::of(command, Some((&journal, time))).await?;
        memory.push(BatchMemory { lines, peak });
        progress.inc(1);
    }
    Ok(Batches {
        machine: Machine::this(),
        answer_ms: ANSWER.as_millis() as u64,
        rows,
        memory,
    })
}

/// A folder with a file of prompts, and a Bedrock.
struct Stage<'a> {
    programs: &'a Programs,
    folder: TempDir,
    endpoint_url: String,
    model: String,
}

impl Stage<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the prompts as JSON Lines and as lines of text, and removes the output of an earlier command.
    fn write(&self, lines: u32) -> Result<()> {
        for name in ["answers.jsonl", "answers.jsonl.part"] {
            let _ = fs::remove_file(self.path(name));
        }
        let mut json = BufWriter::new(File::create(self.path("prompts.jsonl"))?);
        let mut text = BufWriter::new(File::create(self.path("prompts.txt"))?);
        for number in 1..=lines {
            let prompt = format!("Positive or negative? Room {number} was clean.");
            writeln!(json, r#"{{"id":{number},"prompt":"{prompt}"}}"#)?;
            writeln!(text, "{prompt}")?;
        }
        json.flush()?;
        Ok(text.flush()?)
    }

    fn command(&self, name: BatchName, at_once: u32) -> Result<Command> {
        let Programs { built, tools } = self.programs;
        let mut command = match name {
            BatchName::Ours => Command::new(built.join("batch")),
            BatchName::Boto3 => Command::new(tools.join("python")),
            BatchName::AwsCli => Command::new("xargs"),
        };
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_DEFAULT_REGION", "ap-northeast-1")
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.endpoint_url)
            .envs(
                ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"].map(|name| (name, "/dev/null")),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let (input, output) = (self.path("prompts.jsonl"), self.path("answers.jsonl"));
        match name {
            BatchName::Ours => command
                .args(["run", "--bedrock-url", &self.endpoint_url, "--function"])
                .arg(built.join("bedrock-function"))
                .env("BATCH_INPUT", input)
                .env("BATCH_OUTPUT", output)
                .env("BATCH_CONCURRENCY", at_once.to_string()),
            BatchName::Boto3 => command
                .arg(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/subjects/python/loop.py"
                ))
                .args([&input, &output])
                .args([&self.model, &at_once.to_string()]),
            BatchName::AwsCli => command
                .args(["-d", "\\n", "-I", "{}", "-P", &at_once.to_string()])
                .arg(tools.join("aws"))
                .args(["bedrock-runtime", "converse", "--model-id", &self.model])
                .args([
                    "--messages",
                    r#"[{"role":"user","content":[{"text":"{}"}]}]"#,
                ])
                .stdin(File::open(self.path("prompts.txt"))?),
        };
        Ok(command)
    }
}

/// The resources that a command took.
struct Ran {
    succeeded: bool,
    seconds: f64,
    cpu_seconds: f64,
    peak: u64,
}

impl Ran {
    /// Runs a command to its end, or until so much time after the first byte of a file.
    async fn of(mut command: Command, until: Option<(&Path, Duration)>) -> Result<Self> {
        let before = cpu_seconds_of_children()?;
        let started = Instant::now();
        let mut child = command.spawn().context("A command cannot be started")?;
        let pid = child
            .id()
            .context("A command has ended at once")?
            .try_into()?;
        let (mut peak, mut first) = (0, None);
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                () = sleep(SAMPLE) => peak = peak.max(resident(pid)),
            }
            let Some((journal, time)) = until else {
                continue;
            };
            if first.is_none() && fs::metadata(journal).is_ok_and(|file| file.len() > 0) {
                first = Some(Instant::now());
            }
            if first.is_some_and(|first| first.elapsed() >= time) {
                kill_process(Pid::from_raw(pid).context("No process")?, Signal::INT)?;
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        Ok(Self {
            succeeded: status.success(),
            seconds,
            cpu_seconds: cpu_seconds_of_children()? - before,
            peak,
        })
    }
}

/// The most that a process has had resident, in bytes; 0 where it is gone.
#[cfg(target_os = "linux")]
fn resident(pid: i32) -> u64 {
    let status = procfs::process::Process::new(pid).and_then(|process| process.status());
    status.ok().and_then(|status| status.vmhwm).unwrap_or(0) * 1024
}

/// CPU time of the processes that this one has waited for, and of those that they waited for.
#[cfg(target_os = "linux")]
fn cpu_seconds_of_children() -> Result<f64> {
    let stat = procfs::process::Process::myself()?.stat()?;
    Ok((stat.cutime + stat.cstime) as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(not(target_os = "linux"))]
fn resident(_: i32) -> u64 {
    0
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds_of_children() -> Result<f64> {
    anyhow::bail!("make bench-batch needs Linux: run it there")
}
