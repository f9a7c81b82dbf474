//! Wrong input is refused before anything is built or started, in one sentence.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is the test's failure; clippy.toml's leave for tests does not reach helper functions"
)]

use std::{fs, process::Command};

fn xtask(args: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // Without a PATH there is no cargo and no emulator: what gets that far fails otherwise.
    let output = command
        .args(args)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Refused with 2, in one sentence that starts like this.
fn assert_refused(args: &[&str], variables: &[(&str, &str)], sentence: &str) {
    let (code, stderr) = xtask(args, variables);
    assert!(
        stderr.starts_with(sentence),
        "{args:?} {variables:?}: {stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn an_event_file_that_is_not_there_is_named() {
    let sentence = "The event file no/such.json cannot be read: No such file or directory";
    assert_refused(&["invoke", "no/such.json"], &[], sentence);
    assert_refused(&["invoke"], &[("XTASK_EVENT", "no/such.json")], sentence);
}

#[test]
fn a_fault_or_an_upstream_is_not_lost_on_a_deployed_function() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("event.json");
    fs::write(&path, "{}").unwrap();
    fs::write(directory.path().join("deployment.json"), "{}").unwrap();
    let state = (
        "BEDROCK_INFRA_STATE_DIR",
        directory.path().to_str().unwrap(),
    );
    let sentence = "FAULT and UPSTREAM are for the local stand-in";
    let args = ["invoke", path.to_str().unwrap()];
    assert_refused(&args, &[state, ("XTASK_FAULT", "throttle:2")], sentence);
    let aws = ("XTASK_TARGET", "aws");
    assert_refused(&args, &[aws, ("XTASK_FAULT", "throttle:2")], sentence);
    let upstream = ("XTASK_UPSTREAM", "http://localhost:11434/v1");
    let model = ("XTASK_UPSTREAM_MODEL", "llama3.2");
    assert_refused(&args, &[state, upstream, model], sentence);
}

#[test]
fn a_directory_is_no_event_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    assert_refused(
        &["invoke", path],
        &[],
        &format!("The event file {path} cannot be read: Is a directory"),
    );
}

#[test]
fn an_event_file_that_is_not_json_is_named_with_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("event.json");
    fs::write(&path, "{\"prompt\": }").unwrap();
    let path = path.to_str().unwrap();
    let sentence = format!("The event file {path} is not JSON: expected value at line 1 column 12");
    assert_refused(&["invoke", path], &[], &sentence);
}

#[test]
fn a_schema_file_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_str().unwrap();
    let ask = ["ask", "hi", "--schema"];
    assert_refused(
        &[&ask[..], &[folder]].concat(),
        &[],
        &format!("The schema file {folder} cannot be read: Is a directory"),
    );
    let path = directory.path().join("schema.json");
    fs::write(&path, "{\"type\": }").unwrap();
    let path = path.to_str().unwrap();
    let sentence =
        format!("The schema file {path} is not JSON: expected value at line 1 column 10");
    assert_refused(&ask[..2], &[("XTASK_SCHEMA", path)], &sentence);
}

#[test]
fn an_event_that_lambda_would_not_take_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("event.json");
    fs::write(&path, "1".repeat(6 * 1024 * 1024 + 1)).unwrap();
    let path = path.to_str().unwrap();
    assert_refused(
        &["invoke", path],
        &[],
        &format!("The event file {path} has 6291457 bytes"),
    );
}

#[test]
fn an_empty_value_says_what_to_give() {
    assert_refused(
        &["invoke"],
        &[("XTASK_EVENT", "")],
        "No event file is named. ",
    );
    assert_refused(&["ask"], &[("XTASK_PROMPT", "")], "No prompt is given. ");
}

#[test]
fn a_japanese_locale_is_answered_in_japanese() {
    let nothing = ("XTASK_PROMPT", "");
    let japanese = "プロンプトが指定されていません。make ask P=";
    assert_refused(&["ask"], &[nothing, ("LANG", "ja_JP.UTF-8")], japanese);
    assert_refused(
        &["ask"],
        &[nothing, ("DOCTOR_LANG", "ja"), ("LC_ALL", "C")],
        japanese,
    );
    let english = "No prompt is given. ";
    let variables = [nothing, ("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")];
    assert_refused(&["ask"], &variables, english);
    let variables = [nothing, ("LANG", "ja_JP.UTF-8"), ("DOCTOR_LANG", "en")];
    assert_refused(&["ask"], &variables, english);
}

#[test]
fn a_model_beside_an_event_is_refused_and_not_ignored() {
    assert_refused(
        &["invoke", "events/bedrock-test-001.json"],
        &[("XTASK_MODEL", "apac.amazon.nova-micro-v1:0")],
        "MODEL is for make ask and make deploy. Write the model into the event",
    );
}

#[test]
fn an_unknown_target_is_named() {
    let sentence = "The target \"gcp\" is neither local nor aws";
    assert_refused(&["ask", "hi", "--target", "gcp"], &[], sentence);
    assert_refused(&["ask", "hi"], &[("XTASK_TARGET", "gcp")], sentence);
}

#[test]
fn an_unknown_fault_is_named() {
    assert_refused(
        &["ask", "hi", "--target", "local"],
        &[("XTASK_FAULT", "bogus")],
        "\"bogus\" is no kind of fault",
    );
}

#[test]
fn half_an_upstream_is_refused() {
    for half in ["XTASK_UPSTREAM", "XTASK_UPSTREAM_MODEL"] {
        let sentence = "An upstream needs both its address and its model";
        assert_refused(
            &["ask", "hi", "--target", "local"],
            &[(half, "http://localhost:1")],
            sentence,
        );
    }
}

#[test]
fn a_missing_cargo_is_named_and_exits_with_3() {
    let (code, stderr) = xtask(
        &["ask", "hi", "--target", "local"],
        &[("PATH", "/nonexistent")],
    );
    assert_eq!(
        stderr,
        "cargo cannot be run: No such file or directory (os error 2). Run make setup.\n"
    );
    assert_eq!(code, 3);
}
