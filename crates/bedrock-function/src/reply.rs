//! What leaves: API Gateway's proxy shape, in which the body is JSON in a string.

use serde::Serialize;

use crate::{
    error::Error,
    event::EventKind,
    model::{TextAnswer, Tokens},
};

/// The payload of a synchronous response, in bytes: 6 MB, by Lambda's quotas.
const LARGEST_REPLY: usize = 6 * 1024 * 1024;

/// What Lambda returns to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// As in HTTP.
    pub status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Headers>,
    /// A JSON object, as text.
    pub body: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
}

/// What the caller gets to know of an answer beside its text, where it asked with `usage`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The model that answered.
    pub model: String,
    /// Tokens, as Bedrock counts them.
    pub usage: Tokens,
    /// The estimated price in USD; none where the model's is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// From the request to the whole answer, retries included, in milliseconds.
    pub latency_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'a str>,
    #[serde(flatten)]
    usage: Option<Usage>,
}

impl Reply {
    /// The answer. `usage` is what the caller asked to know beside it.
    #[must_use]
    pub fn answer(kind: EventKind, answer: &TextAnswer, usage: Option<Usage>) -> Self {
        // A cut answer must not pass for a whole one, asked or not.
        let tells_reason = usage.is_some() || !answer.stop.is_ordinary;
        let stop_reason = answer.stop.reason.as_deref().filter(|_| tells_reason);
        let body = AnswerBody {
            text: &answer.text,
            stop_reason,
            usage,
        };
        Self::new(kind, 200, &body)
    }

    /// Whether it is more than Lambda returns.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        // In the reply, a byte of the body is seven at the most: a control character's escape, of
        // which the backslash is escaped again.
        self.body.len() > LARGEST_REPLY / 7
            && serde_json::to_string(self).is_ok_and(|reply| reply.len() > LARGEST_REPLY)
    }

    /// The error. `request_id` is Lambda's, of this invocation.
    #[must_use]
    pub fn error(kind: EventKind, error: &Error, request_id: &str) -> Self {
        Self::new(kind, error.status(), &error.body(request_id))
    }

    fn new(kind: EventKind, status_code: u16, body: &impl Serialize) -> Self {
        Self {
            status_code,
            headers: (kind == EventKind::Http).then_some(Headers {
                content_type: "application/json; charset=utf-8",
            }),
            // Strings and finite numbers always serialize.
            body: serde_json::to_string(body).unwrap_or_default(),
        }
    }
}
