//! Faults on demand: what goes wrong, and for how many requests.

use crate::body::Step;
use crate::event_stream::{corrupt, text_delta};
use crate::generate::{Reply, Stop};
use crate::service_error::{ServiceError, THROTTLING};
use crate::stream_fault::{Place, StreamFault};
use crate::tokens::count_tokens;
use crate::{Answer, converse};
use std::time::Duration;

/// The bytes that [`FaultKind::Trickle`] sends at a time.
const TRICKLE_BYTES: usize = 16;

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
    /// A stream that ends in the middle, without `messageStop`.
    StreamStop,
    /// RST in the middle of a stream.
    StreamReset,
    /// An exception in a stream.
    StreamError(Place, ServiceError),
    /// An event with a wrong checksum in the middle of a stream.
    StreamMalformed,
    /// A stream without `metadata`.
    StreamNoMetadata,
    /// A stream with an empty delta before each delta.
    StreamEmptyDeltas,
}

impl FaultKind {
    /// What a request of Converse is answered whose ordinary answer is this text.
    pub fn answer(&self, text: &str) -> Answer {
        if let Some(answer) = self.replacement() {
            return answer;
        }
        let mut reply = Reply {
            reasoning: None,
            text: text.to_owned(),
            stop: Stop::End,
            input_tokens: 10,
            output_tokens: count_tokens(text),
        };
        self.change_reply(&mut reply);
        self.change_delivery(converse::render(&reply, Duration::ZERO))
    }

    /// The answer that takes the place of the ordinary one.
    pub(crate) fn replacement(&self) -> Option<Answer> {
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

    /// Changes what the model says.
    pub(crate) fn change_reply(&self, reply: &mut Reply) {
        reply.stop = self.stop().unwrap_or(reply.stop);
        reply.reasoning = self.reasoning();
        if *self == Self::NoText {
            (reply.text, reply.output_tokens) = (String::new(), 0);
        }
    }

    pub(crate) fn stop(&self) -> Option<Stop> {
        match self {
            Self::Filtered => Some(Stop::Filtered),
            Self::MaxTokens => Some(Stop::Limit),
            _ => None,
        }
    }

    pub(crate) fn reasoning(&self) -> Option<String> {
        (*self == Self::Reasoning)
            .then(|| "The stand-in does not reason; this block is a fault.".to_owned())
    }

    /// Changes how a finished answer is sent.
    pub(crate) fn change_delivery(&self, answer: Answer) -> Answer {
        let answer = match self.in_stream() {
            Some(fault) => answer.with_stream_fault(fault),
            None => answer,
        };
        match self {
            Self::Delay(time) => answer.after(*time),
            Self::Stall => answer.stall_after_headers(),
            Self::StallBody => answer.stall_mid_body(),
            Self::Trickle(time) => answer.trickle(TRICKLE_BYTES, *time),
            Self::Truncated => answer.truncate_mid_body(),
            Self::Stale => answer.close_connection_afterwards(),
            _ => answer,
        }
    }

    /// Whether the fault is one of streams alone: other operations do not use it up.
    pub(crate) fn is_of_streams(&self) -> bool {
        matches!(
            self,
            Self::StreamStop
                | Self::StreamReset
                | Self::StreamError(..)
                | Self::StreamMalformed
                | Self::StreamNoMetadata
                | Self::StreamEmptyDeltas
        )
    }

    /// What the fault does between the events of a stream.
    fn in_stream(&self) -> Option<StreamFault> {
        Some(match self {
            Self::Stall => StreamFault::Before(Place::Start, vec![Step::Stall]),
            Self::StallBody => StreamFault::Before(Place::Middle, vec![Step::Stall]),
            Self::Truncated => StreamFault::Before(Place::Middle, vec![Step::HangUp]),
            Self::Trickle(time) => StreamFault::Trickle(TRICKLE_BYTES, *time),
            Self::StreamStop => StreamFault::Before(Place::Middle, vec![Step::End]),
            Self::StreamReset => StreamFault::Before(Place::Middle, vec![Step::Reset]),
            Self::StreamError(place, error) => {
                StreamFault::Before(*place, vec![error.stream_exception(), Step::End])
            }
            Self::StreamMalformed => StreamFault::Before(
                Place::Middle,
                vec![corrupt(text_delta(
                    0,
                    "The checksum of this event is wrong.",
                ))],
            ),
            Self::StreamNoMetadata => StreamFault::Before(Place::Metadata, vec![Step::End]),
            Self::StreamEmptyDeltas => StreamFault::EmptyDeltas,
            _ => return None,
        })
    }
}
