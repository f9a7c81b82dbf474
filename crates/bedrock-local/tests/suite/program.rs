//! The program, started as a person starts it.

use crate::streams::{assert_first_delta_comes_alone, open, read};
use crate::support::{
    NOVA, TITAN, configuration_for, converse, http_client, invoke, refusal, text,
};
use aws_sdk_bedrockruntime::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-local"));
    command
        .env_clear()
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The running program, which ends with the test.
struct Program {
    child: Child,
    endpoint_url: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(&[&["--port", "0"], arguments].concat())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready.as_object().unwrap().len(), 1);
        Self {
            child,
            endpoint_url: ready["endpointUrl"].as_str().unwrap().to_owned(),
        }
    }

    fn client(&self) -> Client {
        Client::from_conf(configuration_for(&self.endpoint_url, http_client(None)).build())
    }

    /// Ends the program by that signal, and returns whether it succeeded and its log.
    fn stop(mut self, signal: Signal) -> (bool, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The error sentence of a program that could not start.
fn sentence(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(
        (output.status.code(), text.lines().count()),
        (Some(1), 1),
        "{text}"
    );
    assert!(output.stdout.is_empty());
    text
}

#[tokio::test]
async fn it_answers_and_logs_neither_prompt_nor_answer() {
    let program = Program::start(&["--fault", "throttle:1"]);
    let client = program.client();
    assert_eq!(refusal(converse(&client, NOVA, "a secret").await).0, 429);
    let arn = format!("arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/{NOVA}");
    assert!(text(&converse(&client, &arn, "a secret").await.unwrap()).contains("stand-in"));
    let (_, log) = program.stop(Signal::TERM);
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].ends_with(&format!("Z Converse {NOVA} 429")),
        "{log}"
    );
    assert!(
        lines[1].ends_with(&format!("Z Converse {NOVA} 200")),
        "{log}"
    );
    assert!(
        !log.contains("secret") && !log.contains("stand-in") && !log.contains("123456789012"),
        "{log}"
    );
}

#[tokio::test]
async fn the_pace_of_a_stream_can_be_set() {
    let program = Program::start(&["--tokens-per-second", "1"]);
    assert_first_delta_comes_alone(&program.client()).await;
    let seen = read(open(&program.client(), NOVA, "Hello").await.unwrap());
    let unfinished = tokio::time::timeout(Duration::from_millis(100), seen).await;
    assert!(unfinished.is_err(), "{unfinished:?}");
}

#[test]
fn it_stops_cleanly_on_both_signals() {
    for signal in [Signal::INT, Signal::TERM] {
        let (success, log) = Program::start(&[]).stop(signal);
        assert!(success && log.is_empty(), "{log}");
    }
}

#[test]
fn a_port_in_use_is_one_sentence() {
    let program = Program::start(&[]);
    let port = program.endpoint_url.rsplit(':').next().unwrap();
    let sentence = sentence(&command(&["--port", port]).output().unwrap());
    assert_eq!(
        sentence,
        format!(
            "bedrock-local: Port {port} is in use. Choose another one, or 0 for any free port.\n"
        )
    );
}

#[test]
fn settings_that_cannot_be_used_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("models.json");
    std::fs::write(&wrong, "{}").unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--host", "0.0.0.0"], "0.0.0.0 is not a loopback address"),
        (&["--models", "/nowhere.json"], "Cannot read /nowhere.json"),
        (
            &["--models", wrong.to_str().unwrap()],
            "The table of models cannot be read",
        ),
        (
            &["--upstream", "https://localhost", "--upstream-model", "m"],
            "is not an http:// address",
        ),
    ];
    for (arguments, expected) in cases {
        let sentence = sentence(
            &command(&[&["--port", "0"], arguments].concat())
                .output()
                .unwrap(),
        );
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn a_wrong_fault_is_told_the_kinds() {
    let output = command(&["--fault", "nonsense"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text.contains("\"nonsense\" is no kind of fault. Use one of throttle, "),
        "{text}"
    );
}

#[test]
fn help_lists_every_fault() {
    let output = command(&["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for (form, meaning) in bedrock_local::FAULT_KINDS {
        assert!(help.contains(form) && help.contains(meaning), "{form}");
    }
    assert!(
        help.contains(bedrock_local::ACCESS_KEY_ID)
            && help.contains(bedrock_local::SECRET_ACCESS_KEY)
    );
}

#[tokio::test]
async fn standard_output_and_the_authority_are_enough_to_call_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, table) = (
        folder.path().join("ca.pem"),
        folder.path().join("models.json"),
    );
    let row = include_str!("../../../../models.json")
        .replace(r#""status": "ended""#, r#""status": "active""#);
    std::fs::write(&table, row.replace("\"2025-08-15\"", "null")).unwrap();
    let arguments = [
        "--tls",
        "--write-ca",
        authority.to_str().unwrap(),
        "--models",
        table.to_str().unwrap(),
    ];
    let program = Program::start(&arguments);
    let pem = std::fs::read_to_string(authority).unwrap();
    let client = Client::from_conf(
        configuration_for(&program.endpoint_url, http_client(Some(&pem))).build(),
    );
    converse(&client, NOVA, "Hello").await.unwrap();
    invoke(&client, TITAN, r#"{"inputText":"Hello"}"#)
        .await
        .unwrap();
}

#[test]
fn the_ready_file_takes_the_place_of_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let mut child = command(&["--port", "0", "--ready-file", ready.to_str().unwrap()])
        .spawn()
        .unwrap();
    while !ready.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the program ended");
        std::thread::yield_now();
    }
    let content: Value = serde_json::from_str(&std::fs::read_to_string(&ready).unwrap()).unwrap();
    assert!(
        content["endpointUrl"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
}
