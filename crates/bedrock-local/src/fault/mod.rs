//! Faults on demand: which fault, and for how many requests.

mod stream;
mod words;

use crate::Answer;
use crate::bedrock::converse;
use crate::bedrock::event_stream::{corrupt, text_delta};
use crate::bedrock::service_error::{ServiceError, THROTTLING};
use crate::generate::{Reply, Stop};
use crate::serve::body::Step;
use std::time::Duration;

pub use stream::Place;
pub(crate) use stream::StreamFault;
pub use words::{FAULT_KINDS, ParseFaultError};

/// The bytes that [`FaultKind::Trickle`] sends at a time.
const TRICKLE_BYTES: usize = 16;

/// A fault, and for how many requests it holds.
///
/// Written `KIND`, `KIND:N`, `KIND:ARGUMENT` or `KIND:ARGUMENT:N`; without a number it holds for every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The fault.
    pub kind: FaultKind,
    /// The number of requests; none for every request.
    pub times: Option<u32>,
}

/// A kind of fault, whatever the number of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// 429 `ThrottlingException`.
    Throttle,
    /// One of Bedrock's errors.
    Error(ServiceError),
    /// An ordinary answer after that time.
    Delay(Duration),
    /// No answer, on an open connection.
    Silent,
    /// Headers and no body.
    Stall,
    /// Half of the body and no more.
    StallBody,
    /// 16 bytes at a time, with that wait before each.
    Trickle(Duration),
    /// RST.
    Reset,
    /// FIN.
    HangUp,
    /// JSON that breaks off.
    Malformed,
    /// FIN in the middle of the body.
    Truncated,
    /// No body.
    Empty,
    /// A page of HTML, as from a proxy.
    Html,
    /// An answer that holds no text.
    NoText,
    /// An answer whose text comes after a block of reasoning.
    Reasoning,
    /// An answer whose content was filtered.
    Filtered,
    /// An answer cut at the limit.
    MaxTokens,
    /// An answer that does not satisfy the schema asked for.
    Schema,
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
    /// The answer of Converse with that text and this fault.
    pub fn answer(&self, text: &str) -> Answer {
        if let Some(answer) = self.replacement() {
            return answer;
        }
        let mut reply = Reply::of_text(text);
        self.change_reply(&mut reply);
        self.change_delivery(converse::render(&reply, None, None, Duration::ZERO))
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

    /// Changes the model's reply.
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

    /// Changes the delivery of an answer.
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

    /// Whether only a stream can have the fault. Other operations do not use it up.
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

    /// The fault's effect between the events of a stream.
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
