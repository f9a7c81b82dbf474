//! Faults on demand, in the words of the command line.

use crate::Answer;
use crate::generate::{Reply, Stop};
use std::str::FromStr;
use std::time::Duration;

/// An error of Bedrock Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceError {
    /// Its type, as in `x-amzn-errortype`.
    pub name: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    message: &'static str,
}

impl From<ServiceError> for Answer {
    fn from(error: ServiceError) -> Self {
        Self::error(error.status, error.name, error.message)
    }
}

const THROTTLING: ServiceError = ServiceError {
    name: "ThrottlingException",
    status: 429,
    message: "Too many requests, please wait before trying again.",
};

/// The errors of Bedrock Runtime: type, status and message (service model of 2023-09-30; messages as seen in use).
const ERRORS: [ServiceError; 9] = [
    ServiceError {
        name: "AccessDeniedException",
        status: 403,
        message: "You don't have access to the model with the specified model ID.",
    },
    ServiceError {
        name: "InternalServerException",
        status: 500,
        message: "The system encountered an unexpected error during processing. Try your request again.",
    },
    ServiceError {
        name: "ModelErrorException",
        status: 424,
        message: "The model encountered an unexpected error while processing the request. Try your request again.",
    },
    ServiceError {
        name: "ModelNotReadyException",
        status: 429,
        message: "Model is not ready for inference. Wait and try your request again.",
    },
    ServiceError {
        name: "ModelTimeoutException",
        status: 408,
        message: "Model has timed out in processing the request. Try your request again.",
    },
    ServiceError {
        name: "ResourceNotFoundException",
        status: 404,
        message: "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes.",
    },
    ServiceError {
        name: "ServiceUnavailableException",
        status: 503,
        message: "Bedrock is unable to process your request.",
    },
    THROTTLING,
    ServiceError {
        name: "ValidationException",
        status: 400,
        message: "Input is too long for requested model.",
    },
];

/// Every kind of fault: its form on the command line, and what it does.
pub const FAULT_KINDS: [(&str, &str); 18] = [
    ("throttle", "429 ThrottlingException"),
    (
        "error:TYPE",
        "one of Bedrock's errors, such as error:ServiceUnavailableException",
    ),
    (
        "delay:TIME",
        "waits before an ordinary answer, as in delay:8s",
    ),
    ("silent", "answers nothing and keeps the connection open"),
    ("stall", "sends the headers and no body"),
    ("stall-body", "sends half of the body and no more"),
    (
        "trickle:TIME",
        "sends the body 16 bytes at a time, waiting before each",
    ),
    ("reset", "resets the connection (RST)"),
    ("hang-up", "closes the connection without an answer (FIN)"),
    ("malformed", "200 with JSON that breaks off"),
    (
        "truncated",
        "closes the connection in the middle of the body",
    ),
    ("empty", "200 without a body"),
    ("html", "502 with a page of HTML, as from a proxy"),
    ("no-text", "an answer that holds no text"),
    (
        "reasoning",
        "an answer whose text comes after a block of reasoning (Converse)",
    ),
    ("filtered", "an answer that says its content was filtered"),
    ("max-tokens", "an answer cut at the limit of tokens"),
    (
        "stale",
        "an ordinary answer, after which the idle connection is closed",
    ),
];

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

/// Why words are no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No such kind.
    #[error("\"{0}\" is no kind of fault; use one of {kinds}", kinds = kinds())]
    Kind(String),
    /// No such error.
    #[error("\"{0}\" is no error of Bedrock's; use one of {errors}", errors = errors())]
    Error(String),
    /// A time was expected.
    #[error("the fault {0} needs a time, as in {0}:8s or {0}:500ms")]
    Time(String),
    /// A number was expected.
    #[error(
        "\"{0}\" is not a number of requests; end the fault with a number from 1, or leave it out for every request"
    )]
    Times(String),
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(words: &str) -> Result<Self, ParseFaultError> {
        let mut parts = words.split(':');
        let kind = FaultKind::parse(parts.next().unwrap_or_default(), &mut parts)?;
        let times = parts.next().map(parse_times).transpose()?;
        match parts.next() {
            Some(surplus) => Err(ParseFaultError::Times(surplus.to_owned())),
            None => Ok(Self { kind, times }),
        }
    }
}

fn parse_times(word: &str) -> Result<u32, ParseFaultError> {
    let times = word.parse().ok().filter(|times| *times > 0);
    times.ok_or_else(|| ParseFaultError::Times(word.to_owned()))
}

impl FaultKind {
    fn parse<'a>(
        word: &str,
        rest: &mut impl Iterator<Item = &'a str>,
    ) -> Result<Self, ParseFaultError> {
        Ok(match word {
            "throttle" => Self::Throttle,
            "error" => Self::Error(parse_error(rest.next().unwrap_or_default())?),
            "delay" => Self::Delay(parse_time(word, rest.next())?),
            "silent" => Self::Silent,
            "stall" => Self::Stall,
            "stall-body" => Self::StallBody,
            "trickle" => Self::Trickle(parse_time(word, rest.next())?),
            "reset" => Self::Reset,
            "hang-up" => Self::HangUp,
            "malformed" => Self::Malformed,
            "truncated" => Self::Truncated,
            "empty" => Self::Empty,
            "html" => Self::Html,
            "no-text" => Self::NoText,
            "reasoning" => Self::Reasoning,
            "filtered" => Self::Filtered,
            "max-tokens" => Self::MaxTokens,
            "stale" => Self::Stale,
            other => return Err(ParseFaultError::Kind(other.to_owned())),
        })
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

fn parse_error(name: &str) -> Result<ServiceError, ParseFaultError> {
    ERRORS
        .into_iter()
        .find(|known| known.name == name)
        .ok_or_else(|| ParseFaultError::Error(name.to_owned()))
}

fn parse_time(kind: &str, word: Option<&str>) -> Result<Duration, ParseFaultError> {
    word.and_then(|word| humantime::parse_duration(word).ok())
        .ok_or_else(|| ParseFaultError::Time(kind.to_owned()))
}

fn kinds() -> String {
    FAULT_KINDS.map(|(form, _)| form).join(", ")
}

fn errors() -> String {
    ERRORS.map(|known| known.name).join(", ")
}
