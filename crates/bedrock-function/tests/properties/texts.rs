//! No text is changed on its way: not a byte of it, in either direction.

use invariants::{Events, WellFormed};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ANSWERS, EVENTS, shapes::some_text, wait};

/// Within the limit of [`invariants::config()`], together.
fn texts() -> impl Strategy<Value = (String, String, String, String)> {
    (some_text(), some_text(), some_text(), some_text())
}

/// The same JSON with every character of its strings escaped: `\u0041`, pairs of surrogates beyond the first plane.
fn escaped(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

proptest! {
    #[test]
    fn every_text_of_an_event_reaches_the_model_as_it_was_written((prompt, system, user, assistant) in texts()) {
        let event = json!({
            "prompt": prompt,
            "system": system,
            "messages": [{"role": "user", "text": user}, {"role": "assistant", "text": assistant}],
            "stopSequences": [user],
        });
        let (reply, asked) = EVENTS.with(|events| {
            let reply = wait(events.handler().handle(event.to_string().into(), Events::invocation()));
            (reply, events.model().take_asked().expect("a request"))
        });
        prop_assert_eq!(&asked.prompt, &prompt);
        prop_assert_eq!(asked.system.as_ref(), Some(&system));
        let earlier: Vec<_> = asked.earlier.iter().map(|turn| &turn.text).collect();
        prop_assert_eq!(earlier, [&user, &assistant]);
        prop_assert_eq!(asked.stop_sequences, [user]);
        let reply = WellFormed::check(&reply);
        prop_assert_eq!(reply.text(), Some(prompt.as_str()));
    }

    #[test]
    fn a_prompt_written_in_escapes_is_the_same_prompt(prompt in some_text()) {
        let event = format!(r#"{{"prompt": "{}"}}"#, escaped(&prompt));
        let reply = EVENTS.with(|events| wait(events.check(&event)));
        prop_assert_eq!(reply.text(), Some(prompt.as_str()));
    }

    #[test]
    fn an_answer_of_converse_reaches_the_caller_as_the_model_gave_it(text in some_text()) {
        let answer = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
            "metrics": {"latencyMs": 1},
        });
        prop_assert_eq!(answered(invariants::MODEL, &answer), text);
    }

    #[test]
    fn an_answer_of_titan_reaches_the_caller_as_the_model_gave_it(text in some_text()) {
        let answer = json!({
            "inputTextTokenCount": 1,
            "results": [{"tokenCount": 1, "outputText": text, "completionReason": "FINISH"}],
        });
        prop_assert_eq!(answered(invariants::TITAN, &answer), text);
    }
}

/// The text of the reply when Bedrock answers so.
fn answered(model: &str, answer: &Value) -> String {
    let body = answer.to_string();
    let reply =
        ANSWERS.with(|answers| wait(answers.reply(model, http::StatusCode::OK, body.as_bytes())));
    reply.text().expect("an answer").to_owned()
}
