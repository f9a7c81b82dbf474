//! Faults on demand: what goes wrong, and for how many requests.

use crate::generate::{Reply, Stop};
use crate::service_error::{ServiceError, THROTTLING};
use crate::tokens::count_tokens;
use crate::{Answer, converse};
use std::time::Duration;

/// A fault, and for how many requests it holds.
///
/// In words: `KIND`, `KIND:N`, `KIND:ARGUMENT` or `KIND:ARGUMENT:N`; without a number, for every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many requests; none for every one.
    pub times: Option<u32>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// 429 `ThrottlingException`.
    Throttle,
    /// One of Bedrock's errors.
    Error(ServiceError),
    /// An ordinary answer after that long.
    Delay(Duration),
    /// No answer, on an open connection.
    Silent,
    /// Headers and no body.
    Stall,
    /// Half of the body and no more.
    StallBody,
    /// 16 bytes at a time, waiting that long before each.
    Trickle(Duration),
    /// RST.
    Reset,
    /// FIN.
    HangUp,
    /// JSON that breaks off.
    Malformed,
    /// A body that breaks off with its connection.
    Truncated,
    /// No body.
    Empty,
    /// A proxy's page.
    Html,
    /// An answer that holds no text.
    NoText,
    /// An answer whose text comes after a block of reasoning.
    Reasoning,
    /// An answer that says its content was filtered.
    Filtered,
    /// An answer cut at the limit.
    MaxTokens,
    /// An ordinary answer, after which the idle connection is closed.
    Stale,
}

impl FaultKind {
    /// What a request of Converse is answered whose ordinary answer is this text.
    pub fn answer(&self, text: &str) -> Answer {
        if let Some(answer) = self.outright() {
            return answer;
        }
        let mut reply = Reply {
            reasoning: None,
            text: text.to_owned(),
            stop: Stop::End,
            input_tokens: 10,
            output_tokens: count_tokens(text),
        };
        self.twist(&mut reply);
        self.spoil(converse::render(&reply, Duration::ZERO))
    }

    /// The answer in place of the ordinary one, where the fault needs none.
    pub(crate) fn outright(&self) -> Option<Answer> {
        Some(match self {
            Self::Throttle => THROTTLING.into(),
            Self::Error(error) => (*error).into(),
            Self::Silent => Answer::silence(),
            Self::Reset => Answer::reset(),
            Self::HangUp => Answer::hang_up(),
            Self::Malformed => Answer::raw(
                200,
                "application/json",
                r#"{"output":{"message":{"role":"assis"#,
            ),
            Self::Empty => Answer::raw(200, "application/json", ""),
            Self::Html => Answer::raw(
                502,
                "text/html",
                "<html><body><h1>502 Bad Gateway</h1></body></html>",
            ),
            _ => return None,
        })
    }

    /// What the fault does to the text and its end.
    pub(crate) fn twist(&self, reply: &mut Reply) {
        match self {
            Self::NoText => (reply.text, reply.output_tokens) = (String::new(), 0),
            Self::Filtered => reply.stop = Stop::Filtered,
            Self::MaxTokens => reply.stop = Stop::Limit,
            Self::Reasoning => {
                reply.reasoning =
                    Some("The stand-in does not reason; this block is a fault.".to_owned())
            }
            _ => {}
        }
    }

    /// What the fault does to the finished answer.
    pub(crate) fn spoil(&self, answer: Answer) -> Answer {
        match self {
            Self::Delay(time) => answer.after(*time),
            Self::Stall => answer.stall_after_headers(),
            Self::StallBody => answer.stall_mid_body(),
            Self::Trickle(time) => answer.trickle(16, *time),
            Self::Truncated => {
                let half = answer.body_length() / 2;
                answer.truncate_at(half)
            }
            Self::Stale => answer.close_connection_afterwards(),
            _ => answer,
        }
    }
}
