//! What is generated: JSON of every shape, with the function's own keys among the others.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Keys that mean something somewhere in an event, so that generated ones meet the code that reads them.
const KEYS: [&str; 22] = [
    "prompt",
    "modelId",
    "system",
    "messages",
    "maxTokens",
    "temperature",
    "topP",
    "stopSequences",
    "serviceTier",
    "schema",
    "schemaRetries",
    "usage",
    "body",
    "requestContext",
    "http",
    "httpMethod",
    "isBase64Encoded",
    "role",
    "text",
    "headers",
    "task",
    "id",
];

/// Any text, the empty one included; without lone surrogates, which no Rust string holds.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        // Proptest's own texts seldom have what JSON escapes.
        "[\"\\\\/\u{0}-\u{1f}\u{7f}\u{2028}\u{2029}\u{feff}a🙂日]{0,40}",
    ]
}

/// Any text but the empty one.
pub(crate) fn some_text() -> impl Strategy<Value = String> {
    any_text().prop_filter("not empty", |text| !text.is_empty())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..=1.0).prop_map(Value::from),
        any_text().prop_map(Value::from),
        select(vec![
            invariants::MODEL,
            invariants::CLAUDE,
            invariants::TITAN,
            "user",
            "assistant",
            "flex",
            "POST",
            ""
        ])
        .prop_map(Value::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(KEYS.to_vec()).prop_map(str::to_owned), 1 => any_text()]
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((key(), value), 0..8).prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>().into())
}

/// Any JSON value.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner),
        ]
    })
}

/// An object that has a prompt, and any other key with any value: most of the function's checks lie behind the prompt's.
pub(crate) fn event_with_a_prompt() -> impl Strategy<Value = Value> {
    (some_text(), object(any_json())).prop_map(|(prompt, mut event)| {
        event["prompt"] = prompt.into();
        event
    })
}

/// A task with that object.
pub(crate) fn task_event(object: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    object.prop_map(|object| json!({ "task": object }))
}

/// An HTTP request of any of the three kinds, with that body.
pub(crate) fn http_event(body: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (body, any::<bool>()).prop_map(|(body, is_v1)| {
        let mut event = if is_v1 {
            json!({"httpMethod": "POST", "requestContext": {}})
        } else {
            json!({"requestContext": {"http": {"method": "POST"}}})
        };
        event["body"] = body;
        event
    })
}
