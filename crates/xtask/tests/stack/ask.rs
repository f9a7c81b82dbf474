//! `make ask` at a terminal, where the answer is shown while it arrives, and in a pipe, where it is not.

use std::process::{Command, Stdio};

use super::{
    TURN,
    person::{Model, Terminal},
    port_in, xtask,
};

fn ask() -> Command {
    xtask(&["ask", "--target", "local", "hi"])
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_terminal_shows_each_word_before_the_model_says_the_next() {
    let _turn = TURN.lock();
    let model = Model::listen();
    let terminal = Terminal::run(model.answers(ask()));
    let (_, mut answering) = model.is_asked();
    for word in ["one ", "two ", "three"] {
        answering.says(word);
        terminal.shows(word);
    }
    answering.ends();
    let took = "\x1b[2m7 tokens in, 5 out, ";
    assert!(terminal.shows(took).starts_with("\r\n"));
    let (status, rest) = terminal.ends();
    assert!(rest.contains("first word after "), "{rest:?}");
    assert_eq!(status.code(), Some(0));
}

#[test]
#[ignore = "run by make test-invoke"]
fn the_words_of_a_model_do_not_control_the_terminal() {
    let _turn = TURN.lock();
    let model = Model::listen();
    let terminal = Terminal::run(model.answers(ask()));
    let (_, mut answering) = model.is_asked();
    answering.says("red: \x1b[31m\x07\r title:\u{9b}0t\n\tend");
    answering.ends();
    let shown = terminal.shows("end");
    assert!(shown.ends_with("red: [31m title:0t\r\n\tend"), "{shown:?}");
    let (status, _) = terminal.ends();
    assert_eq!(status.code(), Some(0));
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_pipe_gets_the_answer_from_a_call_that_is_not_streamed() {
    let _turn = TURN.lock();
    let model = Model::listen();
    let child = model
        .answers(ask())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let (request, answering) = model.is_asked();
    assert!(request.get("stream").is_none(), "{request}");
    answering.answers("one\x1b[0m");
    let output = child.unwrap().wait_with_output().unwrap();
    assert_eq!(output.stdout, b"one\x1b[0m\n");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
#[ignore = "run by make test-invoke"]
fn an_answer_that_fails_at_a_terminal_says_why_and_exits_with_1() {
    let _turn = TURN.lock();
    for (fault, words) in [
        ("stream-stop", "The connection to Bedrock broke"),
        (
            "error:AccessDeniedException",
            "This AWS account has no access",
        ),
    ] {
        let mut command = ask();
        command.env("XTASK_FAULT", fault);
        let (status, shown) = Terminal::run(command).ends();
        assert!(shown.lines().any(|line| port_in(line).is_some()), "{shown}");
        assert!(shown.contains(words), "{shown}");
        assert!(!shown.contains("tokens in"), "{shown}");
        assert_eq!(status.code(), Some(1), "{fault}: {shown}");
    }
}
