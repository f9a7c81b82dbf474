//! Whatever Bedrock answers becomes a reply, and is paid for once.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{ANSWERS, shapes::any_json, wait};

fn check(body: &[u8]) {
    ANSWERS.with(|answers| wait(answers.check(body)));
}

/// An answer of Converse's outline with any value in one of its places.
fn nearly_converse() -> impl Strategy<Value = Value> {
    const PLACES: [&str; 7] = [
        "/output",
        "/output/message",
        "/output/message/content",
        "/output/message/content/0/text",
        "/stopReason",
        "/usage",
        "/usage/inputTokens",
    ];
    (prop::sample::select(PLACES.to_vec()), any_json()).prop_map(|(place, value)| {
        let mut answer = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
            "metrics": {"latencyMs": 1},
        });
        *answer.pointer_mut(place).unwrap() = value;
        answer
    })
}

/// An answer of Titan Text's outline with any value in one of its places.
fn nearly_titan() -> impl Strategy<Value = Value> {
    const PLACES: [&str; 6] = [
        "/results",
        "/results/0",
        "/results/0/outputText",
        "/results/0/completionReason",
        "/results/0/tokenCount",
        "/inputTextTokenCount",
    ];
    (prop::sample::select(PLACES.to_vec()), any_json()).prop_map(|(place, value)| {
        let mut answer = json!({
            "inputTextTokenCount": 1,
            "results": [{"tokenCount": 1, "outputText": "hello", "completionReason": "FINISH"}],
        });
        *answer.pointer_mut(place).unwrap() = value;
        answer
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_for_an_answer_become_a_well_formed_reply(body in vec(any::<u8>(), 0..200)) {
        check(&body);
    }

    #[test]
    fn any_json_for_an_answer_becomes_a_well_formed_reply(body in any_json()) {
        check(body.to_string().as_bytes());
    }

    #[test]
    fn an_answer_with_anything_in_one_place_becomes_a_well_formed_reply(
        body in prop_oneof![nearly_converse(), nearly_titan()],
    ) {
        check(body.to_string().as_bytes());
    }
}
