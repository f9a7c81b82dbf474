//! The named inputs that the fuzzer starts from.

use std::path::PathBuf;

use super::{ANSWERS, EVENTS, wait};

/// Every input of a fuzz target's corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let inputs: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(inputs.len() > 10, "{} is all but empty", folder.display());
    inputs
}

#[test]
fn every_seed_event_gets_a_well_formed_reply() {
    for input in corpus("event") {
        EVENTS.with(|events| wait(events.check(&String::from_utf8_lossy(&input))));
    }
}

#[test]
fn every_seed_answer_of_bedrock_becomes_a_well_formed_reply() {
    for input in corpus("answer") {
        ANSWERS.with(|answers| wait(answers.check(&input)));
    }
}
