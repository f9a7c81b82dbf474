//! The program `lambda-local`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::common::{ends, fixture_path, runs};

fn run(event: &Path, options: &[&str], fixture: &[&str]) -> Output {
    lambda_local(event, options, fixture).output().unwrap()
}

fn lambda_local(event: &Path, options: &[&str], fixture: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-local"));
    command
        .args(options)
        .arg("--event")
        .arg(event)
        .arg("--")
        .arg(fixture_path())
        .args(fixture)
        .env_clear();
    command
}

fn event(directory: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("event.json");
    fs::write(&path, text).unwrap();
    path
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// One sentence of its own on stderr, whatever the function wrote before it.
fn sentence(output: &Output) -> &str {
    text(&output.stderr).lines().last().unwrap()
}

#[test]
fn the_reply_stands_alone_on_stdout() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&event(&directory, r#"{"do":"write","lines":2}"#), &[], &[]);
    assert_eq!(text(&output.stdout), "2\n");
    assert_eq!(text(&output.stderr), "out 0\nerr 0\nout 1\nerr 1\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn variables_reach_the_function() {
    let directory = tempfile::tempdir().unwrap();
    let event = event(&directory, r#"{"do":"environment"}"#);
    let output = run(
        &event,
        &[
            "--env",
            "GREETING=a=b",
            "--env",
            "EMPTY=",
            "--memory-mb",
            "256",
        ],
        &[],
    );
    let environment: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(environment["GREETING"], "a=b");
    assert_eq!(environment["EMPTY"], "");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
}

#[test]
fn a_report_has_a_line_for_the_init_and_for_each_invocation() {
    let directory = tempfile::tempdir().unwrap();
    let options = ["--report", "--throttle", "--invocations", "2"];
    let output = run(&event(&directory, "7"), &options, &[]);
    let lines = text(&output.stderr).lines();
    let names: Vec<&str> = lines
        .filter(|line| !line.contains("unthrottled"))
        .map(|line| line.get(14..25).unwrap_or(line).trim())
        .collect();
    assert_eq!(names, ["INIT", "INVOKE 1", "INVOKE 2"]);
    assert_eq!(text(&output.stdout), "7\n");
}

#[test]
fn a_failed_invocation_exits_with_1_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [
        (
            r#"{"do":"fail"}"#,
            "lambda-local: The function reported an error: ",
        ),
        (
            r#"{"do":"exit"}"#,
            "lambda-local: The function ended without an answer (exit status: 7)",
        ),
        (r#"{"do":"hang"}"#, "lambda-local: Task timed out"),
    ];
    for (json, expected) in cases {
        let output = run(&event(&directory, json), &["--timeout", "500ms"], &[]);
        assert!(sentence(&output).starts_with(expected), "{output:?}");
        assert_eq!(output.status.code(), Some(1), "{json}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_failed_start_exits_with_3_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&event(&directory, "{}"), &[], &["init-error"]);
    assert_eq!(
        sentence(&output),
        "lambda-local: The function failed during initialisation: Fixture.Refused: told to fail"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_wrong_event_file_exits_with_2_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [
        (
            directory.path().join("missing.json"),
            "lambda-local: The event file ",
        ),
        (directory.path().to_owned(), "lambda-local: The event file "),
        (event(&directory, "{"), "lambda-local: The event file "),
    ];
    for (path, expected) in cases {
        let output = run(&path, &[], &[]);
        assert!(
            sentence(&output).starts_with(&format!("{expected}{}", path.display())),
            "{output:?}"
        );
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_killed_program_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let event = event(&directory, r#"{"do":"hang"}"#);
    let mut program = lambda_local(&event, &[], &["leaves-a-child"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(program.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    let child = line.trim().parse().unwrap();
    assert!(runs(child));
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(ends(child), "{child} goes on");
}
