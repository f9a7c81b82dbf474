//! API Gateway's proxy shape, in which the body is JSON in a string.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Door;
use crate::{
    errors::Error,
    text::{Answer, Tokens},
};

/// The payload of a synchronous response, in bytes: 6 MB, by Lambda's quotas.
const LARGEST_REPLY: usize = 6 * 1024 * 1024;

/// What Lambda returns to a direct caller, and to API Gateway or a Function URL.
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

/// `content-type` of every body that is not streamed.
pub(super) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
}

/// The members of an answer that the caller asks for with `usage`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The model that answered.
    pub model: String,
    /// Tokens, as Bedrock counts them.
    #[serde(rename = "usage")]
    pub tokens: Tokens,
    /// The estimated price in USD; none where the model's is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// From the request to the whole answer, retries included, in milliseconds.
    pub latency_ms: u64,
}

/// The members of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerBody<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'a str>,
    #[serde(flatten)]
    usage: Option<Usage>,
}

impl<'a> AnswerBody<'a> {
    pub(super) fn new(
        answer: &'a Answer,
        json: Option<&'a RawValue>,
        usage: Option<Usage>,
    ) -> Self {
        let stop = &answer.end.stop;
        // The reason is told without being asked for where the answer is cut, which must not pass for a whole one.
        let tells_reason = usage.is_some() || !stop.is_ordinary;
        Self {
            text: &answer.text,
            json,
            stop_reason: stop.reason.as_deref().filter(|_| tells_reason),
            usage,
        }
    }
}

impl Reply {
    pub(super) fn answer(
        door: &Door,
        answer: &Answer,
        json: Option<&RawValue>,
        usage: Option<Usage>,
    ) -> Self {
        Self::new(door, 200, &AnswerBody::new(answer, json, usage))
    }

    pub(super) fn error(door: &Door, error: &Error, request_id: &str) -> Self {
        Self::new(door, error.status(), &error.body(request_id))
    }

    /// Whether it is more than Lambda returns.
    pub(super) fn is_too_large(&self) -> bool {
        // The body is escaped once more as a string of the reply, which at most doubles it: JSON
        // has no raw control characters, so only quotes and backslashes grow, by one byte each.
        self.body.len() > LARGEST_REPLY / 2 - 1024
            && serde_json::to_string(self).is_ok_and(|reply| reply.len() > LARGEST_REPLY)
    }

    fn new(door: &Door, status_code: u16, body: &impl Serialize) -> Self {
        Self {
            status_code,
            headers: (!matches!(door, Door::Direct)).then_some(Headers {
                content_type: CONTENT_TYPE,
            }),
            // Strings and finite numbers always serialize.
            body: serde_json::to_string(body).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_at_most_doubles_in_the_reply() {
        let every_ascii: String = (0..128_u8).map(char::from).collect();
        let answer = Answer {
            text: every_ascii.repeat(100),
            ..Answer::default()
        };
        let reply = Reply::answer(&Door::Http, &answer, None, None);
        let written = serde_json::to_string(&reply).unwrap();
        assert!(written.len() <= 2 * reply.body.len() + 1024);
    }
}
