//! What the fuzzer has found worth keeping holds on.

use std::path::PathBuf;

use invariants::{Answers, Events};

use super::wait;

/// Every input of a fuzz target's corpus.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let inputs: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    assert!(inputs.len() > 10, "{} is all but empty", folder.display());
    inputs
}

#[test]
fn every_kept_event_gets_a_well_formed_reply() {
    let events = Events::new().unwrap();
    for (_, input) in corpus("event") {
        wait(events.check(&String::from_utf8_lossy(&input)));
    }
}

#[test]
fn every_kept_answer_of_bedrock_becomes_a_well_formed_reply() {
    wait(async {
        let answers = Answers::new().await.unwrap();
        for (_, input) in corpus("answer") {
            answers.check(&input).await;
        }
    });
}
