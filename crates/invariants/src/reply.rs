//! The shape that every reply has.

use bedrock_function::doors::{Outcome, Payload};
use serde_json::{Map, Value};

/// Every `statusCode` that the documentation knows.
pub const STATUS_CODES: [u16; 9] = [200, 400, 403, 404, 429, 500, 502, 503, 504];

/// The messages kept from the walkthrough, whose bodies have neither `code` nor `requestId`. Those of tasks have both.
const WITHOUT_CODE: [&str; 2] = ["No user prompt provided", "Invalid response structure"];

/// A reply that has the shape it must have.
#[derive(Debug)]
pub struct WellFormed {
    /// One of [`STATUS_CODES`].
    pub status_code: u16,
    /// Whether it has the headers of an HTTP reply.
    pub has_headers: bool,
    /// Whether it is that of a task, an object through and through.
    pub is_task: bool,
    /// The object that the body holds as text, or the members of a task's reply but its `id` and `statusCode`.
    pub body: Map<String, Value>,
}

impl WellFormed {
    /// Checks the reply as Lambda writes it.
    ///
    /// # Panics
    ///
    /// When the outcome is no reply, or one that is not well formed.
    #[must_use]
    pub fn check(outcome: &Outcome) -> Self {
        let Outcome::Whole(payload) = outcome else {
            unreachable!("a whole reply was expected: {outcome:?}");
        };
        let Ok(Value::Object(mut written)) = serde_json::to_value(payload) else {
            unreachable!("a reply is an object: {payload:?}");
        };
        let status_code = written.remove("statusCode").and_then(|v| v.as_u64());
        let status_code = u16::try_from(status_code.unwrap_or_default()).unwrap_or_default();
        assert!(STATUS_CODES.contains(&status_code), "status {status_code}");
        match payload {
            Payload::Task(_) => Self::check_task(status_code, written),
            Payload::Proxy(_) => Self::check_proxy(status_code, written),
        }
    }

    fn check_task(status_code: u16, mut body: Map<String, Value>) -> Self {
        let id = body.remove("id");
        assert!(
            id.is_none_or(|id| id.is_string() || id.is_number()),
            "an id that is neither string nor number"
        );
        check_body(status_code, &body, &[]);
        Self {
            status_code,
            has_headers: false,
            is_task: true,
            body,
        }
    }

    fn check_proxy(status_code: u16, mut written: Map<String, Value>) -> Self {
        let headers = written.remove("headers");
        let body = written.remove("body");
        assert!(
            written.is_empty(),
            "more than a reply's keys: {:?}",
            written.keys()
        );
        if let Some(headers) = &headers {
            let wanted = serde_json::json!({"content-type": "application/json; charset=utf-8"});
            assert_eq!(headers, &wanted, "the headers of an HTTP reply");
        }
        let body = object(body);
        check_body(status_code, &body, &WITHOUT_CODE);
        Self {
            status_code,
            has_headers: headers.is_some(),
            is_task: false,
            body,
        }
    }

    /// The answer's text; none in an error reply.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.body.get("text").and_then(Value::as_str)
    }

    /// What an error reply says; empty in an answer.
    #[must_use]
    pub fn message(&self) -> &str {
        string(&self.body, "message")
    }

    /// The code of an error reply; empty where it has none.
    #[must_use]
    pub fn code(&self) -> &str {
        string(&self.body, "code")
    }
}

fn object(body: Option<Value>) -> Map<String, Value> {
    let Some(Value::String(text)) = body else {
        unreachable!("the body is a string");
    };
    let parsed = serde_json::from_str(&text);
    let Ok(Value::Object(body)) = parsed else {
        unreachable!("the body's text is a JSON object: {text}");
    };
    body
}

fn check_body(status_code: u16, body: &Map<String, Value>, without_code: &[&str]) {
    if status_code == 200 {
        assert!(!string(body, "text").is_empty(), "an answer without text");
        assert!(!body.contains_key("message"), "an answer with a message");
        return;
    }
    let message = string(body, "message");
    assert!(!message.is_empty(), "an error without a message");
    assert!(!body.contains_key("text"), "an error with a text");
    let has_code = !string(body, "code").is_empty() && !string(body, "requestId").is_empty();
    assert!(
        has_code || without_code.contains(&message),
        "an error without code or requestId: {message}"
    );
}

fn string<'a>(body: &'a Map<String, Value>, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}
