//! Faults as written on the command line.

use crate::bedrock::service_error::{ERRORS, STREAM_ERRORS, ServiceError};
use crate::fault::Place;
use crate::{Fault, FaultKind};
use std::str::FromStr;
use std::time::Duration;

/// Every kind of fault: its form on the command line, and its effect.
pub const FAULT_KINDS: [(&str, &str); 27] = [
    ("throttle", "429 ThrottlingException"),
    (
        "error:TYPE",
        "one of Bedrock's errors, such as error:ServiceUnavailableException",
    ),
    (
        "delay:TIME",
        "waits before an ordinary answer, as in delay:8s",
    ),
    ("silent", "sends no answer and keeps the connection open"),
    ("stall", "sends the headers and no body"),
    (
        "stall-body",
        "sends half of the body and no more; of a stream, two deltas",
    ),
    (
        "trickle:TIME",
        "sends the body 16 bytes at a time, with a wait before each",
    ),
    ("reset", "resets the connection (RST)"),
    ("hang-up", "closes the connection without an answer (FIN)"),
    ("malformed", "200 with JSON that breaks off"),
    (
        "truncated",
        "closes the connection in the middle of the body or stream (FIN)",
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
        "schema",
        "an answer that does not satisfy the schema asked for",
    ),
    (
        "stale",
        "an ordinary answer, after which the idle connection is closed",
    ),
    (
        "stream-stop",
        "ends a stream after two deltas, without messageStop",
    ),
    (
        "stream-reset",
        "resets the connection after two deltas of a stream (RST)",
    ),
    (
        "stream-error-first:TYPE",
        "an exception as a stream's first event",
    ),
    (
        "stream-error:TYPE",
        "an exception after two deltas, such as stream-error:ModelStreamErrorException",
    ),
    (
        "stream-error-last:TYPE",
        "an exception after a stream's last delta",
    ),
    (
        "stream-malformed",
        "an event with a wrong checksum after two deltas of a stream",
    ),
    (
        "stream-no-metadata",
        "a stream without its last event, which counts the tokens",
    ),
    (
        "stream-empty-deltas",
        "a stream with an empty delta before each delta",
    ),
];

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// The kind is unknown.
    #[error("\"{0}\" is no kind of fault. Use one of {kinds}.", kinds = kinds())]
    Kind(String),
    /// The type of the error is unknown.
    #[error("\"{0}\" is no error of Bedrock's. Use one of {errors}.", errors = names(&ERRORS))]
    Error(String),
    /// The type of the exception in a stream is unknown.
    #[error("\"{0}\" is no exception of Bedrock's streams. Use one of {errors}.", errors = names(&STREAM_ERRORS))]
    StreamError(String),
    /// The time is missing or cannot be read.
    #[error("The fault {0} needs a time. Write it like {0}:8s or {0}:500ms.")]
    Time(String),
    /// The number of requests cannot be read.
    #[error(
        "\"{0}\" is not a number of requests. End the fault with a number from 1, or leave it out for every request."
    )]
    Times(String),
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(words: &str) -> Result<Self, ParseFaultError> {
        let mut parts = words.trim().split(':');
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
            "error" => Self::Error(parse_error(rest.next())?),
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
            "schema" => Self::Schema,
            "stale" => Self::Stale,
            "stream-stop" => Self::StreamStop,
            "stream-reset" => Self::StreamReset,
            "stream-error-first" => Self::StreamError(Place::Start, parse_stream(rest.next())?),
            "stream-error" => Self::StreamError(Place::Middle, parse_stream(rest.next())?),
            "stream-error-last" => Self::StreamError(Place::End, parse_stream(rest.next())?),
            "stream-malformed" => Self::StreamMalformed,
            "stream-no-metadata" => Self::StreamNoMetadata,
            "stream-empty-deltas" => Self::StreamEmptyDeltas,
            other => return Err(ParseFaultError::Kind(other.to_owned())),
        })
    }
}

fn parse_error(name: Option<&str>) -> Result<ServiceError, ParseFaultError> {
    find(&ERRORS, name).map_err(ParseFaultError::Error)
}

fn parse_stream(name: Option<&str>) -> Result<ServiceError, ParseFaultError> {
    find(&STREAM_ERRORS, name).map_err(ParseFaultError::StreamError)
}

/// Finds the error of that type; an unknown type is the error.
fn find(errors: &[ServiceError], name: Option<&str>) -> Result<ServiceError, String> {
    let name = name.unwrap_or_default();
    let found = errors.iter().find(|known| known.name == name);
    found.copied().ok_or_else(|| name.to_owned())
}

fn parse_time(kind: &str, word: Option<&str>) -> Result<Duration, ParseFaultError> {
    word.and_then(|word| humantime::parse_duration(word).ok())
        .ok_or_else(|| ParseFaultError::Time(kind.to_owned()))
}

fn kinds() -> String {
    FAULT_KINDS.map(|(form, _)| form).join(", ")
}

fn names(errors: &[ServiceError]) -> String {
    let names: Vec<&str> = errors.iter().map(|known| known.name).collect();
    names.join(", ")
}
