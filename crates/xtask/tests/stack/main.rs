//! `make invoke`, `make ask`, `make chat`, `make batch` and `make watch` from end to end. They need cargo-lambda and a built function: `make test-invoke`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed unwrap is the test's failure; clippy.toml's leave for tests does not reach helper functions"
)]

mod ask;
mod batch;
mod chat;
mod page;
mod person;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Mutex, Once},
    thread,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tokio::signal::unix::{self, SignalKind};

/// One at a time: where `make watch` runs, `make invoke` uses it.
static TURN: Mutex<()> = Mutex::new(());

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

fn event(name: &str) -> PathBuf {
    root().join("events").join(name)
}

/// Has what these tests start end with them, also where they run under `nohup`: a signal that is ignored is ignored by every child too,
/// and one that has a handler is not.
fn pass_no_nohup_on() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let _context = runtime.enter();
        // The handler stays when the stream of signals is dropped.
        drop(unix::signal(SignalKind::hangup()).unwrap());
    });
}

/// The program itself: make would stand between it and the signals.
fn xtask(args: &[&str]) -> Command {
    pass_no_nohup_on();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args).env_clear().stdin(Stdio::null());
    for name in [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "CARGO_TARGET_DIR",
        "RUSTUP_TOOLCHAIN",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

fn invoke(event: &Path) -> Command {
    let mut command = xtask(&["invoke", "--target", "local"]);
    command.arg(event);
    command
}

fn make(target: &str) -> Command {
    pass_no_nohup_on();
    let mut command = Command::new("make");
    command
        .args(["--silent", target, "TARGET=local"])
        .current_dir(root());
    without_make(&mut command);
    command
}

/// Keeps from a command what a make that runs these tests has set, and what cargo tells them of their package: ring would be
/// compiled anew for it, with all that is built on it.
fn without_make(command: &mut Command) -> &mut Command {
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        let is_of_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_") && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name)
        });
        if is_of_package {
            command.env_remove(name);
        }
    }
    command
}

/// The last line on stderr.
fn last_line(output: &Output) -> &str {
    let stderr = std::str::from_utf8(&output.stderr).unwrap();
    stderr.lines().last().unwrap()
}

/// The one line on stdout, as JSON.
fn reply(output: &Output) -> Value {
    let stdout = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(stdout.matches('\n').count(), 1, "{output:?}");
    assert!(stdout.ends_with('\n'), "{output:?}");
    serde_json::from_str(stdout).unwrap()
}

fn body(output: &Output) -> Value {
    serde_json::from_str(reply(output)["body"].as_str().unwrap()).unwrap()
}

/// The port of the stand-in for Bedrock that a line of stderr names.
fn port_in(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix("bedrock")?.split_once("127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()
}

fn port_of(output: &Output) -> String {
    let stderr = std::str::from_utf8(&output.stderr).unwrap();
    stderr
        .lines()
        .find_map(port_in)
        .unwrap_or_else(|| panic!("no port: {stderr}"))
        .to_owned()
}

/// The processes that were told of the stand-in on that port: the function, and where it is watched the emulator.
fn processes_of(port: &str) -> Vec<String> {
    let mark = format!("AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:{port}\0");
    let ids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    ids.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|id| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&mark)
        })
        .collect()
}

/// Waits until there are so many processes; processes start and end when the kernel says.
fn assert_processes(port: &str, is_reached: fn(usize) -> bool) {
    for _ in 0..100_000 {
        if is_reached(processes_of(port).len()) {
            return;
        }
        thread::yield_now();
    }
    panic!("on port {port}: {:?}", processes_of(port));
}

fn assert_nothing_is_left(port: &str) {
    assert_processes(port, |count| count == 0);
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A run that has said where its stand-in is. Dropping it kills what is left of it: a test that fails would leave a `make watch` for
/// the next one to meet.
struct Started {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    port: String,
}

impl Started {
    fn new(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut started = Self {
            child,
            stderr,
            port: String::new(),
        };
        while started.port.is_empty() {
            let line = started.wait_for("bedrock ");
            started.port = port_in(line.trim_end()).unwrap_or_default().to_owned();
        }
        started
    }

    /// The next line of stderr with this word in it.
    fn wait_for(&mut self, word: &str) -> String {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(
                self.stderr.read_line(&mut line).unwrap(),
                0,
                "it ended before it said {word}"
            );
        }
        line
    }

    fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The group outlives its first process where that is a killed make.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "run by make test-invoke"]
fn the_reply_stands_alone_on_stdout_and_nothing_is_left() {
    let _turn = TURN.lock();
    let output = invoke(&event("bedrock-test-001.json")).output().unwrap();
    assert_eq!(reply(&output)["statusCode"], 200);
    assert!(
        body(&output)["text"]
            .as_str()
            .unwrap()
            .contains("bedrock-local")
    );
    assert_eq!(output.status.code(), Some(0));
    assert_nothing_is_left(&port_of(&output));
}

#[test]
#[ignore = "run by make test-invoke"]
fn every_event_of_the_folder_gets_its_reply() {
    let _turn = TURN.lock();
    let entries = fs::read_dir(root().join("events")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    // The folders in it have the input of a batch, and a schema.
    for path in paths.filter(|path| path.is_file()) {
        let (status, code) = if path.ends_with("missing-prompt.json") {
            (400, 1)
        } else {
            (200, 0)
        };
        let output = invoke(&path).output().unwrap();
        assert_eq!(
            reply(&output)["statusCode"],
            status,
            "{}: {output:?}",
            path.display()
        );
        assert_eq!(output.status.code(), Some(code), "{}", path.display());
    }
}

#[test]
#[ignore = "run by make test-invoke"]
fn two_at_once_do_not_meet() {
    let _turn = TURN.lock();
    let spawn = |event: PathBuf| {
        invoke(&event)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, two) = (
        spawn(event("bedrock-test-001.json")),
        spawn(event("usage.json")),
    );
    let (one, two) = (
        one.wait_with_output().unwrap(),
        two.wait_with_output().unwrap(),
    );
    assert!(body(&one).get("usage").is_none());
    assert!(body(&two)["usage"]["inputTokens"].is_u64());
    assert_ne!(port_of(&one), port_of(&two));
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_signal_leaves_no_process() {
    let _turn = TURN.lock();
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = invoke(&event("bedrock-test-001.json"));
        command.env("XTASK_FAULT", "silent");
        let started = Started::new(command);
        // The function waits for an answer that never comes.
        assert_processes(&started.port, |count| count == 1);
        signal(&started.child, sent);
        let port = started.port.clone();
        let (status, stderr) = started.end();
        assert_eq!(status.code(), Some(code), "{stderr}");
        assert_nothing_is_left(&port);
    }
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_kill_leaves_no_process() {
    let _turn = TURN.lock();
    let mut command = invoke(&event("bedrock-test-001.json"));
    command.env("XTASK_FAULT", "silent");
    let started = Started::new(command);
    assert_processes(&started.port, |count| count == 1);
    signal(&started.child, Signal::KILL);
    assert_nothing_is_left(&started.port);
    started.end();
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_killed_watch_leaves_no_process() {
    let _turn = TURN.lock();
    // Killed itself, and by way of the make that runs it.
    for command in [xtask(&["watch"]), make("watch")] {
        let mut watch = Started::new(command);
        watch.wait_for("Ctrl-C stops");
        let output = invoke(&event("bedrock-test-001.json")).output().unwrap();
        assert_eq!(reply(&output)["statusCode"], 200, "{output:?}");
        assert_processes(&watch.port, |count| count >= 2);
        signal(&watch.child, Signal::KILL);
        assert_nothing_is_left(&watch.port);
        watch.end();
    }
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_killed_watch_leaves_no_process_either_where_the_tests_run_under_nohup() {
    let _turn = TURN.lock();
    let output = Command::new("nohup")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "a_killed_watch_leaves_no_process"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_function_that_does_not_start_fails_with_4() {
    let _turn = TURN.lock();
    let mut command = invoke(&event("bedrock-test-001.json"));
    let output = command.env("BEDROCK_TEMPERATURE", "warm").output().unwrap();
    assert!(
        last_line(&output).contains("BEDROCK_TEMPERATURE must be"),
        "{output:?}"
    );
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stdout.is_empty());
}

#[test]
#[ignore = "run by make test-invoke"]
fn the_callers_own_settings_of_the_function_win_and_those_of_aws_do_no_harm() {
    let _turn = TURN.lock();
    let mut command = invoke(&event("usage.json"));
    command.env("BEDROCK_MODEL_IDS", "apac.amazon.nova-micro-v1:0");
    for (name, value) in [
        ("AWS_PROFILE", "no-such-profile"),
        ("AWS_CA_BUNDLE", "/no/such/file.pem"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("RUST_LOG", "trace"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert_eq!(body(&output)["model"], "apac.amazon.nova-micro-v1:0");
}

#[test]
#[ignore = "run by make test-invoke"]
fn an_error_of_bedrock_is_the_sentence_of_ask() {
    let _turn = TURN.lock();
    let mut command = xtask(&["ask", "hi", "--target", "local", "--fault", "throttle"]);
    let output = command.output().unwrap();
    assert!(
        last_line(&output).starts_with("Bedrock throttled"),
        "{output:?}"
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}

#[test]
#[ignore = "run by make test-invoke"]
fn make_hands_a_prompt_over_as_it_is() {
    let _turn = TURN.lock();
    let prompt = "it's \"5 $HOME\" $(id) $(shell touch made-by-a-prompt) $(x `id` \\ # 100% 日本語\nsecond line";
    let output = make("ask").arg(format!("P={prompt}")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(&format!("{}", prompt.chars().count())),
        "the stand-in tells how many characters it received: {text}"
    );
    assert!(!root().join("made-by-a-prompt").exists());
}

#[test]
#[ignore = "run by make test-invoke"]
fn make_asks_the_model_that_is_named() {
    let _turn = TURN.lock();
    let model = "apac.amazon.nova-micro-v1:0";
    let output = make("ask")
        .args(["P=hi", &format!("MODEL={model}")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(model),
        "the stand-in tells which model was asked: {text}"
    );
}

#[test]
#[ignore = "run by make test-invoke"]
fn make_invoke_names_a_wrong_event_file_and_fails() {
    let _turn = TURN.lock();
    let output = make("invoke")
        .arg("EVENT=no/such file.json")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("The event file no/such file.json cannot be read: "),
        "{stderr}"
    );
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_running_watch_serves_invoke_and_takes_all_with_it() {
    let _turn = TURN.lock();
    let state = root().join(".local/watch.json");
    let mut nohup = Command::new("nohup");
    nohup.arg(env!("CARGO_BIN_EXE_xtask")).arg("watch");
    let mut watch = Started::new(nohup);
    watch.wait_for("Ctrl-C stops");
    assert!(state.exists());
    signal(&watch.child, Signal::HUP);
    let output = invoke(&event("bedrock-test-001.json")).output().unwrap();
    assert_eq!(reply(&output)["statusCode"], 200, "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("in the running make watch"),
        "{output:?}"
    );
    let second = xtask(&["watch"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    assert!(
        state.exists(),
        "the second one does not touch the first one's state"
    );
    signal(&watch.child, Signal::INT);
    let port = watch.port.clone();
    let (status, stderr) = watch.end();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(!state.exists());
    assert_nothing_is_left(&port);
}

#[test]
#[ignore = "run by make test-invoke"]
fn the_state_of_a_watch_that_died_does_not_count() {
    let _turn = TURN.lock();
    let state = root().join(".local/watch.json");
    fs::create_dir_all(state.parent().unwrap()).unwrap();
    fs::write(
        &state,
        format!(r#"{{"port":1,"pid":{}}}"#, std::process::id()),
    )
    .unwrap();
    let output = invoke(&event("bedrock-test-001.json")).output().unwrap();
    fs::remove_file(&state).unwrap();
    assert_eq!(reply(&output)["statusCode"], 200, "{output:?}");
}
