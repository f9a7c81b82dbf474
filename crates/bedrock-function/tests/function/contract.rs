//! The walkthrough's contract, case by case, byte for byte.

use bedrock_local::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stage::{Stage, TITAN};

#[derive(Deserialize)]
struct Case {
    name: String,
    event: Value,
    bedrock: Option<Bedrock>,
    sent: Vec<Sent>,
    /// What this function deliberately does otherwise than the walkthrough's handler.
    changed: Option<String>,
    response: Response,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status_code: u64,
    body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bedrock {
    status: u16,
    error_type: Option<String>,
    body: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Sent {
    path: String,
    body: String,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("contract.json")).unwrap()
}

fn answer(bedrock: &Bedrock) -> Answer {
    let answer = Answer::raw(bedrock.status, "application/json", bedrock.body.clone());
    match &bedrock.error_type {
        Some(error_type) => answer.header("x-amzn-errortype", error_type),
        None => answer,
    }
}

#[tokio::test]
async fn every_case_is_answered_as_the_walkthroughs_handler_did() {
    for case in cases() {
        let stage = Stage::with(|program| program.env("BEDROCK_MODEL_IDS", TITAN)).await;
        case.bedrock
            .iter()
            .for_each(|bedrock| stage.bedrock.enqueue(answer(bedrock)));
        let reply = stage.invoke(&case.event).await;

        let expected = serde_json::to_string(&case.response).unwrap();
        assert_eq!(reply.raw, expected, "{}", case.name);
        let sent: Vec<Sent> = stage
            .bedrock
            .requests()
            .iter()
            .map(|request| Sent {
                path: request.path.clone(),
                body: String::from_utf8(request.body.to_vec()).unwrap(),
            })
            .collect();
        assert_eq!(sent, case.sent, "{}", case.name);
    }
}

#[test]
fn only_failures_of_the_call_differ_from_the_walkthrough() {
    let changed: Vec<_> = cases()
        .into_iter()
        .filter(|case| case.changed.is_some())
        .collect();
    assert_eq!(changed.len(), 3);
    for case in changed {
        assert!(case.response.status_code >= 403, "{}", case.name);
        assert!(case.response.body.contains("requestId"), "{}", case.name);
    }
}
