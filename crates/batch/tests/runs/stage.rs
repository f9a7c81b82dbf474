//! A folder with an input and an output, and a stand-in that counts the requests of each prompt.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use bedrock_local::{Answer, BedrockLocal, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// What is to be waited for comes within this, or never.
const PATIENCE: Duration = Duration::from_secs(120);

type Requests = Arc<Mutex<BTreeMap<String, u32>>>;

pub(crate) struct Stage {
    folder: tempfile::TempDir,
    bedrock: BedrockLocal,
    requests: Requests,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code, or minus the signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The answer to a prompt.
pub(crate) fn answer(prompt: &str) -> String {
    format!("You said: {prompt}")
}

impl Stage {
    /// A stage whose stand-in answers each prompt after that time.
    pub(crate) async fn new(after: Duration) -> Self {
        Self::with(after, |_| None).await
    }

    /// A stage whose stand-in has faults for some prompts.
    pub(crate) async fn with(
        after: Duration,
        fault: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let bedrock = BedrockLocal::builder()
            .forget_requests()
            .start()
            .await
            .unwrap();
        let requests = Requests::default();
        let counted = Arc::clone(&requests);
        bedrock.respond_with(move |request| {
            let body = request.json().unwrap();
            let prompt = body["messages"][0]["content"][0]["text"].as_str().unwrap();
            let mut counted = counted.lock().unwrap();
            let count = counted.entry(prompt.to_owned()).or_default();
            *count += 1;
            let answer = match fault(prompt) {
                Some(fault) if fault.times.is_none_or(|times| *count <= times) => {
                    return fault.kind.answer(&answer(prompt));
                }
                _ => Answer::converse_text(answer(prompt)),
            };
            answer.after(after)
        });
        Self {
            folder: tempfile::tempdir().unwrap(),
            bedrock,
            requests,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes an input of `count` prompts, `prompt 1` with the id `row-1` and so on.
    pub(crate) fn write_prompts(&self, count: u32) {
        let lines = (1..=count).map(|number| {
            json!({"id": format!("row-{number}"), "prompt": format!("prompt {number}")}).to_string()
        });
        let lines: Vec<_> = lines.collect();
        self.write("prompts.jsonl", lines.join("\n"));
    }

    /// The requests of each prompt so far.
    pub(crate) fn requests(&self) -> BTreeMap<String, u32> {
        self.requests.lock().unwrap().clone()
    }

    /// All requests so far.
    pub(crate) fn requested(&self) -> u32 {
        self.requests.lock().unwrap().values().sum()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn until_requested(&self, count: u32) {
        let come = async {
            while self.requested() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, come).await.unwrap();
    }

    /// The program with a command, from `prompts.jsonl` to `answers.jsonl`, four at once.
    pub(crate) fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_batch"));
        program
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("BATCH_INPUT", "prompts.jsonl")
            .env("BATCH_OUTPUT", "answers.jsonl")
            .env("BATCH_CONCURRENCY", "4")
            .arg(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        program
    }

    /// A run here.
    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = self.program("run");
        command
            .arg("--function")
            .arg(function())
            .args(["--bedrock-url", &self.bedrock.endpoint_url()])
            .args(more);
        command
    }

    pub(crate) fn start(&self, more: &[&str]) -> Child {
        self.command(more).spawn().unwrap()
    }

    pub(crate) async fn run(&self) -> Ended {
        self.run_with(&[]).await
    }

    pub(crate) async fn run_with(&self, more: &[&str]) -> Ended {
        ended(self.start(more)).await
    }

    /// The lines of the output, each without what differs from run to run.
    pub(crate) fn answers(&self) -> Vec<Value> {
        lines(&self.path("answers.jsonl"))
    }

    /// Asserts that the output has the answer to each of `count` prompts, once and in order.
    pub(crate) fn assert_all_answered(&self, count: u32) {
        let answers = self.answers();
        assert_eq!(answers.len(), count as usize);
        for (line, number) in answers.iter().zip(1..) {
            assert_eq!(line["id"], format!("row-{number}"));
            assert_eq!(line["statusCode"], 200, "{line}");
            assert_eq!(line["text"], answer(&format!("prompt {number}")));
        }
        assert!(!self.path("answers.jsonl.part").exists());
        assert!(!self.path("answers.jsonl.unfinished").exists());
    }
}

/// The whole lines of a file, as JSON.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Sends a signal to a program.
pub(crate) fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

pub(crate) async fn ended(child: Child) -> Ended {
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output());
    let output = output.await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let signal = output.status.signal();
    Ended {
        code: output
            .status
            .code()
            .unwrap_or_else(|| -signal.unwrap_or_default()),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

pub(crate) fn function() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_batch"))
        .with_file_name("examples")
        .join("function");
    assert!(
        program.exists(),
        "{} is missing: `cargo test -p batch` builds it, a test target alone does not",
        program.display()
    );
    program
}
