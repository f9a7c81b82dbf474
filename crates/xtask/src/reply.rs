//! The function's reply: `{"statusCode", "body"}` with the body in JSON.

use serde::Deserialize;

use crate::{failure::Failure, response::Done};

/// The members of a reply that are read here.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reply {
    status_code: u16,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    text: Option<String>,
    message: Option<String>,
    stop_reason: Option<String>,
}

/// A model's answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// Why the answer is not whole, where it is not.
    pub(crate) stop_reason: Option<String>,
}

impl Reply {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(payload).map_err(|_| Failure::NotAReply)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status_code)
    }

    /// What the answer took, where the event asked for its usage.
    pub(crate) fn done(&self) -> Option<Done> {
        serde_json::from_str(&self.body).ok()
    }

    /// The answer's text, or the function's error message as a failure.
    pub(crate) fn answer(self) -> Result<Answer, Failure> {
        let body: Body = serde_json::from_str(&self.body).unwrap_or_default();
        match body.text.filter(|_| (200..300).contains(&self.status_code)) {
            Some(text) => Ok(Answer {
                text,
                stop_reason: body.stop_reason,
            }),
            None => Err(Failure::Answer(body.message.unwrap_or_else(|| {
                format!(
                    "The function answered {} and gave no message.",
                    self.status_code
                )
            }))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(payload: &str) -> Reply {
        Reply::parse(payload.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_is_its_text() {
        let reply = reply(r#"{"statusCode":200,"body":"{\"text\":\"\\nはい\"}"}"#);
        assert!(reply.is_success());
        assert_eq!(
            reply.answer().unwrap(),
            Answer {
                text: "\nはい".into(),
                stop_reason: None
            }
        );
    }

    #[test]
    fn a_cut_answer_says_so() {
        let reply =
            reply(r#"{"statusCode":200,"body":"{\"text\":\"a\",\"stopReason\":\"max_tokens\"}"}"#);
        assert_eq!(
            reply.answer().unwrap().stop_reason.as_deref(),
            Some("max_tokens")
        );
    }

    #[test]
    fn an_error_is_its_message() {
        let reply = reply(r#"{"statusCode":429,"body":"{\"message\":\"Too many requests.\"}"}"#);
        assert!(!reply.is_success());
        let failure = reply.answer().unwrap_err();
        assert_eq!(
            (failure.to_string().as_str(), failure.exit_code()),
            ("Too many requests.", 1)
        );
    }

    #[test]
    fn text_beside_an_error_status_is_no_answer() {
        assert!(
            reply(r#"{"statusCode":500,"body":"{\"text\":\"a\"}"}"#)
                .answer()
                .is_err()
        );
    }

    #[test]
    fn any_other_payload_is_no_reply() {
        for payload in [
            "null",
            "[]",
            "{}",
            r#"{"errorType":"E","errorMessage":"m"}"#,
            "not JSON",
        ] {
            assert!(
                matches!(Reply::parse(payload.as_bytes()), Err(Failure::NotAReply)),
                "{payload}"
            );
        }
    }
}
