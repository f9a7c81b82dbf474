//! `make chat`, at a terminal and in a pipe.

use std::{
    fs,
    io::Write,
    process::{Child, Command, Output, Stdio},
};

use rustix::termios::tcgetattr;
use serde_json::{Value, json};

use super::{
    assert_nothing_is_left,
    person::{Model, Terminal},
    port_in, processes_of, root, without_make, xtask,
};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

fn chat() -> Command {
    xtask(&["chat", "--target", "local"])
}

/// At the first prompt; with the stand-in's port.
fn at_the_prompt(command: Command) -> (Terminal, String) {
    let terminal = Terminal::run(command);
    let shown = terminal.shows("> ");
    let port = shown.lines().find_map(port_in).unwrap().to_owned();
    (terminal, port)
}

fn messages(turns: &[(&str, &str)]) -> Value {
    let message = |(role, content): &(&str, &str)| json!({ "role": role, "content": content });
    turns.iter().map(message).collect()
}

/// Waits for the end of a conversation that went well.
fn assert_left_nothing(terminal: Terminal, port: &str) {
    let (status, _) = terminal.ends();
    assert_eq!(status.code(), Some(0));
    assert_nothing_is_left(port);
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_conversation_is_remembered_and_one_process_answers_it() {
    let model = Model::listen();
    let (mut terminal, port) = at_the_prompt(model.answers(chat()));
    let process = processes_of(&port);
    assert_eq!(process.len(), 1);
    terminal.types("one?\r");
    assert_eq!(model.says("One."), messages(&[("user", "one?")]));
    let shown = terminal.shows("> ");
    let took = "One.\r\n\x1b[2m7 tokens in, 5 out, ";
    assert!(shown.contains(took), "{shown:?}");
    assert!(shown.contains("first word after "), "{shown:?}");
    terminal.types("two?\r");
    let expected = [("user", "one?"), ("assistant", "One."), ("user", "two?")];
    assert_eq!(model.says("Two."), messages(&expected));
    terminal.shows("> ");
    assert_eq!(processes_of(&port), process);
    terminal.types("\r");
    assert_left_nothing(terminal, &port);
}

#[test]
#[ignore = "run by make test-invoke"]
fn ctrl_c_stops_the_answer_and_not_the_conversation() {
    let model = Model::listen();
    let (mut terminal, port) = at_the_prompt(model.answers(chat()));
    // Before the first word, twice, and after it.
    for _ in 0..2 {
        terminal.types("nothing?\r");
        let (_, answering) = model.is_asked();
        terminal.types(CTRL_C);
        terminal.shows("stopped");
        terminal.shows("> ");
        answering.until_left();
    }
    terminal.types("half?\r");
    let (_, mut answering) = model.is_asked();
    answering.says("Half of");
    terminal.shows("Half of");
    terminal.types(CTRL_C);
    terminal.shows("stopped");
    terminal.shows("> ");
    answering.until_left();
    // At the prompt it takes back what was typed.
    terminal.types("not this");
    terminal.shows("not this");
    terminal.types(CTRL_C);
    terminal.shows("> ");
    terminal.types("more?\r");
    let expected = [
        ("user", "half?"),
        ("assistant", "Half of"),
        ("user", "more?"),
    ];
    assert_eq!(model.says("More."), messages(&expected));
    terminal.shows("> ");
    terminal.types(CTRL_D);
    assert_left_nothing(terminal, &port);
}

/// As a shell runs it: the terminal makes signals of keys for all of its programs.
#[test]
#[ignore = "run by make test-invoke"]
fn ctrl_c_stops_the_answer_and_not_the_make_that_runs_the_conversation() {
    let model = Model::listen();
    let mut setsid = Command::new("setsid");
    setsid.args(["--ctty", "make", "--silent", "chat", "TARGET=local"]);
    setsid.args(
        model
            .variables()
            .map(|(name, value)| format!("{name}={value}")),
    );
    without_make(&mut setsid).current_dir(root());
    let (mut terminal, _) = at_the_prompt(setsid);
    terminal.types("half?\r");
    let (_, mut answering) = model.is_asked();
    answering.says("Half of");
    terminal.shows("Half of");
    terminal.types(CTRL_C);
    terminal.shows("stopped");
    terminal.shows("> ");
    terminal.types("\r");
    let (status, rest) = terminal.ends();
    assert_eq!(status.code(), Some(0), "{rest}");
}

#[test]
#[ignore = "run by make test-invoke"]
fn the_terminal_is_given_back_as_it_was() {
    let (mut terminal, _) = at_the_prompt(chat());
    let during = tcgetattr(&terminal.programs_end).unwrap();
    terminal.types(CTRL_D);
    let programs_end = terminal.programs_end.try_clone().unwrap();
    terminal.child.wait().unwrap();
    let after = tcgetattr(&programs_end).unwrap();
    assert!(
        !during
            .local_modes
            .contains(rustix::termios::LocalModes::ISIG)
    );
    for mode in ["ECHO", "ICANON", "ISIG"] {
        let mode = rustix::termios::LocalModes::from_name(mode).unwrap();
        assert!(after.local_modes.contains(mode), "{mode:?}");
    }
}

/// A conversation whose lines come from a pipe.
struct Piped(Child);

impl Piped {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn is_told(&mut self, lines: &str) {
        self.0
            .stdin
            .as_mut()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
    }

    fn ends(self) -> Output {
        let output = self.0.wait_with_output().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            assert!(!stream.contains(&0x1b), "{output:?}");
        }
        output
    }
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_pipe_gets_plain_text_and_a_failed_answer_changes_nothing() {
    let model = Model::listen();
    let mut piped = Piped::start(model.answers(chat()));
    piped.is_told("one?\nbroken?\nthree?\n\nnot asked\n");
    assert_eq!(model.says("One."), messages(&[("user", "one?")]));
    let (_, mut answering) = model.is_asked();
    answering.says("Half of");
    drop(answering);
    let expected = [("user", "one?"), ("assistant", "One."), ("user", "three?")];
    assert_eq!(model.says("Three."), messages(&expected));
    let output = piped.ends();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, "One.\nHalf of\nThree.\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_command_changes_what_is_sent_and_a_wrong_one_says_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my talk.json");
    let model = Model::listen();
    let mut piped = Piped::start(model.answers(chat()));
    let id = "apac.amazon.nova-micro-v1:0";
    piped.is_told(&format!(
        "/system Be short.\n/model {id}\none?\n/save {path}\n/save {path}\n/new\n/system\ntwo?\n/bogus\n",
        path = path.display()
    ));
    let expected = [("system", "Be short."), ("user", "one?")];
    assert_eq!(model.says("One."), messages(&expected));
    assert_eq!(model.says("Two."), messages(&[("user", "two?")]));
    let output = piped.ends();
    let saved: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let turns =
        json!([{ "role": "user", "text": "one?" }, { "role": "assistant", "text": "One." }]);
    assert_eq!(
        saved,
        json!({ "modelId": id, "system": "Be short.", "messages": turns })
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("my talk.json: File exists"), "{stderr}");
    assert!(
        stderr.contains("\"/bogus\" is no command. /help lists"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(2), "{stderr}");
}
