//! `make ask` at a terminal, where the answer is shown while it arrives, and in a pipe, where it is not.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{
    TURN, event, last_line,
    person::{Model, Terminal},
    port_in, reply, xtask,
};

fn ask() -> Command {
    xtask(&["ask", "--target", "local", "hi"])
}

fn ask_for_orders() -> Command {
    let mut command = ask();
    command.arg("--schema").arg(event("schema/orders.json"));
    command
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

#[test]
#[ignore = "run by make test-invoke"]
fn a_schema_goes_to_the_model_and_its_answer_is_one_value_in_json() {
    let _turn = TURN.lock();
    let rows = json!({ "rows": [{ "item": "りんご", "quantity": 3, "price": null }] });
    let model = Model::listen();
    let child = model
        .answers(ask_for_orders())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let (request, answering) = model.is_asked();
    assert!(request.to_string().contains("quantity"), "{request}");
    answering.answers(&rows.to_string());
    let output = child.unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(reply(&output), rows);
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_terminal_shows_the_same_value_and_nothing_else_on_that_line() {
    let _turn = TURN.lock();
    let (status, shown) = Terminal::run(ask_for_orders()).ends();
    assert_eq!(status.code(), Some(0), "{shown}");
    let answer = shown.lines().find(|line| line.starts_with("{\"rows\":"));
    let value: Value = serde_json::from_str(answer.unwrap().trim()).unwrap();
    assert!(value["rows"][0]["quantity"].is_i64(), "{shown}");
}

#[test]
#[ignore = "run by make test-invoke"]
fn an_answer_that_does_not_satisfy_the_schema_is_a_sentence_and_not_printed() {
    let _turn = TURN.lock();
    let output = ask_for_orders()
        .env("XTASK_FAULT", "schema")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    assert!(
        last_line(&output).contains("does not satisfy the schema of the event"),
        "{output:?}"
    );
}

#[test]
#[ignore = "run by make test-invoke"]
fn a_schema_that_cannot_be_used_is_one_sentence() {
    let _turn = TURN.lock();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    for (schema, code, says) in [
        (folder.path().join("none.json"), 2, "cannot be read"),
        (file("text.json", "not json"), 2, "is not JSON"),
        (file("array.json", "[1]"), 1, "schema is an array"),
        (
            file("remote.json", r#"{"$ref": "https://example.com/a"}"#),
            1,
            "$ref",
        ),
    ] {
        let output = ask().arg("--schema").arg(&schema).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(output.stdout, b"");
        assert!(last_line(&output).contains(says), "{says}: {output:?}");
    }
}
