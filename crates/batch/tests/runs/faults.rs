//! Faults of every kind among many prompts.

use std::{collections::BTreeMap, time::Duration};

use bedrock_local::{FAULT_KINDS, Fault};
use serde_json::json;

use super::stage::{Stage, answer, ended};

/// Each fault, and the status and code of the row that meets it. What may pass by itself does after the times given.
const FAULTS: [(&str, u16, &str); 28] = [
    ("throttle:1", 200, ""),
    // More than the function's own three attempts.
    ("throttle:4", 200, ""),
    ("error:ModelNotReadyException:1", 200, ""),
    ("error:InternalServerException:1", 200, ""),
    ("error:ServiceUnavailableException:1", 200, ""),
    ("error:ModelTimeoutException:1", 200, ""),
    ("error:ModelTimeoutException", 504, "ModelTimeoutException"),
    ("error:ValidationException", 400, "ValidationException"),
    ("error:AccessDeniedException", 403, "AccessDeniedException"),
    (
        "error:ResourceNotFoundException",
        404,
        "ResourceNotFoundException",
    ),
    ("error:ModelErrorException", 502, "ModelErrorException"),
    ("delay:200ms", 200, ""),
    ("silent:1", 200, ""),
    ("stall:1", 200, ""),
    ("stall-body:1", 200, ""),
    ("trickle:1ms", 200, ""),
    ("reset:1", 200, ""),
    ("hang-up:1", 200, ""),
    ("malformed", 500, "InternalError"),
    ("truncated:1", 200, ""),
    ("empty", 500, "NoText"),
    ("html:1", 200, ""),
    ("no-text", 500, "NoText"),
    ("reasoning", 200, ""),
    ("filtered", 200, ""),
    ("max-tokens", 200, ""),
    ("stale", 200, ""),
    ("throttle:2", 200, ""),
];

/// The fault of a prompt: one in so many has one, in turn.
fn fault(prompt: &str, every: u32) -> Option<(Fault, u16, &'static str)> {
    let number: u32 = prompt.strip_prefix("prompt ")?.parse().ok()?;
    let (words, status, code) = FAULTS[(number / every) as usize % FAULTS.len()];
    number
        .is_multiple_of(every)
        .then(|| (words.parse().unwrap(), status, code))
}

async fn met(rows: u32, every: u32) {
    let stage = Stage::with(Duration::ZERO, move |prompt| {
        fault(prompt, every).map(|(fault, _, _)| fault)
    })
    .await;
    stage.write_prompts(rows);
    let mut command = stage.command(&[]);
    // Of prompts that get no answer.
    command.env("BEDROCK_TIMEOUT_SECONDS", "4");
    let ended = ended(command.spawn().unwrap()).await;
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let answers = stage.answers();
    assert_eq!(answers.len(), rows as usize);
    let mut failed: BTreeMap<_, u32> = BTreeMap::new();
    for (line, number) in answers.iter().zip(1..) {
        let prompt = format!("prompt {number}");
        let (_, status, code) =
            fault(&prompt, every).unwrap_or(("stale".parse().unwrap(), 200, ""));
        assert_eq!(line["id"], format!("row-{number}"));
        assert_eq!(
            (
                &line["statusCode"],
                line["code"].as_str().unwrap_or_default()
            ),
            (&json!(status), code),
            "{line}"
        );
        if status == 200 {
            assert_eq!(line["text"], answer(&prompt));
        } else {
            *failed.entry(code).or_default() += 1;
        }
    }
    for (code, count) in failed {
        let line = format!("failed    {count} with {code}\n");
        assert!(ended.stderr.contains(&line), "{line} in:\n{}", ended.stderr);
    }
}

#[test]
fn every_kind_of_fault_is_met_but_those_of_streams_and_schemas() {
    let kinds = FAULT_KINDS.map(|(form, _)| form.split(':').next().unwrap());
    // These rows have no schema to violate.
    let is_met_here = |kind: &&&str| !kind.starts_with("stream-") && **kind != "schema";
    for kind in kinds.iter().filter(is_met_here) {
        let is_met = |(words, _, _): &(&str, u16, &str)| words.split(':').next() == Some(kind);
        assert!(FAULTS.iter().any(is_met), "{kind}");
    }
}

#[tokio::test]
async fn every_prompt_gets_its_line_whatever_it_meets() {
    met(280, 10).await;
}

#[tokio::test]
#[ignore = "some minutes: `make load` runs it"]
async fn ten_thousand_prompts_with_two_per_cent_of_faults_get_their_lines() {
    met(10_000, 50).await;
}
