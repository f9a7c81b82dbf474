//! A line of the output: a task's reply, and the hash of what was asked.

use std::{borrow::Cow, hash::Hasher};

use bedrock_function::errors::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::input::untiered;

/// The members of a line that are read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply<'a> {
    /// As the row gave it.
    #[serde(borrow)]
    pub id: &'a RawValue,
    /// As in HTTP.
    pub status_code: u16,
    /// Of a failure.
    #[serde(borrow)]
    pub code: Option<Cow<'a, str>>,
    /// The estimated price in USD.
    pub cost_usd: Option<f64>,
    /// From the request to the whole answer, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// The hash of what was asked.
    #[serde(borrow)]
    pub input_hash: Option<Cow<'a, str>>,
}

/// The tokens that are read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of the answer.
    pub output_tokens: u64,
}

impl<'a> Reply<'a> {
    /// Reads a line, or a reply that is to be one; none, where it is neither.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// Whether it is an answer.
    pub fn is_answer(&self) -> bool {
        self.status_code == 200
    }
}

/// What tells whether a row is still what it was when it was answered: the event without its tier, and the model for
/// events that name none. The first 64 bits of SHA-256.
pub(crate) fn input_hash(default_model: &str, task: &str) -> u64 {
    let [begin, rest] = untiered(task);
    let digest = Sha256::new()
        .chain_update(default_model)
        .chain_update([0])
        .chain_update(begin)
        .chain_update(rest)
        .finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// A key for an id, which is the same however the JSON of it is escaped. Among a million ids, two have the same one
/// with a probability of 1 in 37 million.
pub(crate) fn id_key(id: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    match serde_json::from_str::<Cow<'_, str>>(id) {
        Ok(text) => hasher.write(text.as_bytes()),
        // Numbers are told from texts by a byte that no text has.
        Err(_) => {
            hasher.write(&[0xff]);
            hasher.write(id.as_bytes());
        }
    }
    hasher.finish()
}

/// The line for a reply of the function. None, where it is no reply to the row of this id.
pub(crate) fn line_of_reply(id: &str, reply: &[u8], hash: u64) -> Option<Vec<u8>> {
    let parsed = Reply::parse(reply)?;
    let is_its = id_key(parsed.id.get()) == id_key(id) && parsed.input_hash.is_none();
    let members = reply.trim_ascii().strip_suffix(b"}").filter(|_| is_its)?;
    let mut line = members.to_vec();
    line.extend_from_slice(format!(",\"inputHash\":\"{hash:016x}\"}}\n").as_bytes());
    // A line end within it would make two lines of one.
    (!members.contains(&b'\n')).then_some(line)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a> {
    id: &'a RawValue,
    status_code: u16,
    message: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    input_hash: String,
}

/// An error of the invocation: the code, or what Lambda calls it, and a sentence.
#[derive(Debug)]
pub(crate) struct InvocationError {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl InvocationError {
    /// The code as the function has it; none for what is no code of its own.
    pub(crate) fn error_code(&self) -> Option<ErrorCode> {
        let mut all = ErrorCode::ALL.iter().copied();
        all.find(|code| code.as_str() == self.code)
    }

    /// The status of the code; 500 for what is no code of the function's.
    pub(crate) fn status_code(&self) -> u16 {
        self.error_code().map_or(500, ErrorCode::status)
    }
}

/// The line for a row that failed in every attempt; their number, where it is known.
pub(crate) fn line_of_error(
    id: &str,
    error: &InvocationError,
    attempts: Option<u32>,
    hash: u64,
) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Failed {
        id: serde_json::from_str(id)?,
        status_code: error.status_code(),
        message: &error.message,
        code: &error.code,
        attempts,
        input_hash: format!("{hash:016x}"),
    })?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_reply_with_the_hash_of_what_was_asked() {
        let reply = br#"{"id":"a\u0062","statusCode":200,"text":"hi"}"#;
        let line = line_of_reply("\"ab\"", reply, 0xab).unwrap();
        let wanted =
            r#"{"id":"a\u0062","statusCode":200,"text":"hi","inputHash":"00000000000000ab"}"#;
        assert_eq!(String::from_utf8(line).unwrap(), format!("{wanted}\n"));
    }

    #[test]
    fn what_is_no_reply_to_the_row_makes_no_line() {
        for reply in [
            r#"{"id":"b","statusCode":200}"#,
            r#"{"id":1,"statusCode":200}"#,
            r#"{"statusCode":200,"body":"{}"}"#,
            "{\"id\":\"a\",\n\"statusCode\":200}",
            "null",
            "",
        ] {
            assert_eq!(line_of_reply("\"a\"", reply.as_bytes(), 1), None, "{reply}");
        }
    }

    #[test]
    fn an_error_that_stays_is_a_line_with_the_status_of_its_code() {
        let error = |code: &str| InvocationError {
            code: code.to_owned(),
            message: "m.".to_owned(),
        };
        let line = line_of_error("7", &error("ThrottlingException"), Some(6), 1).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"id\":7,\"statusCode\":429,\"message\":\"m.\",\"code\":\"ThrottlingException\",\"attempts\":6,\"inputHash\":\"0000000000000001\"}\n"
        );
        assert_eq!(error("DeadlineExceeded").status_code(), 504);
        assert_eq!(error("Runtime.ExitError").status_code(), 500);
    }

    #[test]
    fn ids_are_the_same_whatever_their_escapes_and_others_are_not() {
        assert_eq!(id_key("\"a\""), id_key("\"\\u0061\""));
        assert_ne!(id_key("1"), id_key("\"1\""));
        assert_ne!(input_hash("m", "task"), input_hash("mt", "ask"));
    }
}
