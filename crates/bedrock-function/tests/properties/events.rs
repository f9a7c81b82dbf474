//! Whatever arrives is answered, in the shape that callers rely on.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use bedrock_function::{admit::admit, doors::Door};
use invariants::WellFormed;
use proptest::prelude::*;
use serde_json::Value;

use super::{
    EVENTS,
    shapes::{any_json, any_text, event_with_a_prompt, http_event, task_event},
    wait,
};

/// The reply to an event, checked against every invariant of events.
fn reply(payload: &str) -> WellFormed {
    EVENTS.with(|events| wait(events.check(payload)))
}

proptest! {
    #[test]
    fn any_json_value_gets_a_well_formed_reply(event in any_json()) {
        reply(&event.to_string());
    }

    #[test]
    fn any_keys_beside_a_prompt_get_a_well_formed_reply(event in event_with_a_prompt()) {
        reply(&event.to_string());
    }

    #[test]
    fn an_http_event_gets_headers_whatever_its_body_is(event in http_event(any_json())) {
        prop_assert!(reply(&event.to_string()).has_headers);
    }

    #[test]
    fn the_object_in_an_http_body_is_answered_as_if_it_came_directly(
        event in event_with_a_prompt(),
        is_base64 in any::<bool>(),
    ) {
        // Direct events alone: one that has these keys is an HTTP event itself.
        prop_assume!(event.get("requestContext").is_none());
        let direct = reply(&event.to_string());
        let body = if is_base64 { BASE64_STANDARD.encode(event.to_string()) } else { event.to_string() };
        let http = serde_json::json!({"requestContext": {"http": {}}, "body": body, "isBase64Encoded": is_base64});
        let by_http = reply(&http.to_string());
        prop_assert_eq!(direct.status_code, by_http.status_code);
        prop_assert_eq!(direct.text(), by_http.text());
        prop_assert_eq!(direct.message(), by_http.message());
    }

    #[test]
    fn a_task_gets_an_object_whatever_its_own_is(event in task_event(any_json())) {
        // A task of null is no task, as any other key of null is none.
        prop_assert_eq!(reply(&event.to_string()).is_task, !event["task"].is_null());
    }

    #[test]
    fn the_object_in_a_task_is_answered_as_if_it_came_directly(event in event_with_a_prompt()) {
        // A direct event may have these, of which one makes an HTTP event and the others mean something in a task alone.
        prop_assume!(["requestContext", "id", "stream"].iter().all(|key| event.get(key).is_none()));
        let direct = reply(&event.to_string());
        let by_task = reply(&serde_json::json!({ "task": event }).to_string());
        prop_assert!(by_task.is_task && !direct.is_task);
        prop_assert_eq!(direct.status_code, by_task.status_code);
        prop_assert_eq!(direct.text(), by_task.text());
        prop_assert_eq!(direct.message(), by_task.message());
    }

    #[test]
    fn any_text_at_all_is_parsed_without_a_panic(payload in any_text()) {
        static CONFIG: LazyLock<bedrock_function::config::Config> = LazyLock::new(|| invariants::config().unwrap());
        let (_, wanted) = Door::open(payload.as_str().into());
        let admitted = wanted.is_ok_and(|wanted| admit(wanted, &CONFIG).is_ok());
        let is_object = serde_json::from_str::<Value>(&payload).is_ok_and(|value| value.is_object());
        prop_assert!(!admitted || is_object);
    }

    #[test]
    fn broken_json_gets_a_well_formed_reply(event in event_with_a_prompt(), cut in any::<prop::sample::Index>()) {
        let whole = event.to_string();
        let at = whole.floor_char_boundary(cut.index(whole.len()));
        prop_assert_eq!(reply(&whole[..at]).status_code, 400);
    }
}

#[test]
fn a_value_nested_deeper_than_any_stack_is_answered() {
    const DEPTH: usize = 200_000;
    let nested = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
    assert_eq!(reply(&nested).status_code, 400);
    let unknown = format!(r#"{{"prompt": "hi", "unknown": {nested}}}"#);
    assert_eq!(reply(&unknown).status_code, 200);
    for key in [
        "messages",
        "system",
        "stopSequences",
        "serviceTier",
        "schema",
        "schemaRetries",
        "usage",
        "requestContext",
        "body",
        "modelId",
        "maxTokens",
    ] {
        let known = format!(r#"{{"prompt": "hi", "{key}": {nested}}}"#);
        let status = reply(&known).status_code;
        // A context that is no object makes no HTTP event, and a direct one has no `body` that means anything.
        let is_ignored = ["requestContext", "body"].contains(&key);
        assert_eq!(status, if is_ignored { 200 } else { 400 }, "{key}");
    }
}

#[test]
fn a_prompt_longer_than_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let of = |characters: usize| serde_json::json!({"prompt": "字".repeat(characters)}).to_string();
    let most = invariants::config().unwrap().max_prompt_chars;
    assert_eq!(reply(&of(most)).status_code, 200);
    assert_eq!(reply(&of(most + 1)).status_code, 400);
}
