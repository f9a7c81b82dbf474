//! Reads a streamed response while it arrives. docs/streaming.md describes its parts.

use std::fmt;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use sse_stream::SseByteStream;

use crate::failure::Failure;

/// Lambda's runtimes put these bytes between the prelude and the body.
const AFTER_PRELUDE: [u8; 8] = [0; 8];

/// The reasons of an ordinary end, as Bedrock and Titan Text name them. Any other reason cut the answer.
const ORDINARY: [&str; 6] = [
    "end_turn",
    "stop_sequence",
    "FINISH",
    "FINISHED",
    "LENGTH",
    "STOP_CRITERIA_MET",
];

/// A response, streamed or whole.
#[derive(Debug)]
pub(crate) enum Response {
    /// An answer that arrived piece by piece, with its last event.
    Streamed(Done),
    /// The payload of a reply that is not streamed. No text has come before it.
    Whole(Bytes),
}

/// The data that the function sends at the end of an answer.
#[derive(Deserialize, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    stop_reason: Option<String>,
    usage: Usage,
    cost_usd: Option<f64>,
    latency_ms: u64,
    /// None where the answer was not streamed.
    first_text_ms: Option<u64>,
}

#[derive(Deserialize, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    estimated_tokens: bool,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Error {
    message: String,
}

impl Done {
    /// Why the answer is not whole, where it is not.
    pub(crate) fn cut_short_by(&self) -> Option<&str> {
        let reason = self.stop_reason.as_deref();
        reason.filter(|reason| !ORDINARY.contains(reason))
    }
}

/// Tokens, price and the time to the first word, in one line.
impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = &self.usage;
        let about = if usage.estimated_tokens { "about " } else { "" };
        write!(
            f,
            "{about}{} tokens in, {} out, ",
            usage.input_tokens, usage.output_tokens
        )?;
        match self.cost_usd {
            Some(cost) => write!(f, "{cost} USD")?,
            None => write!(f, "no price known")?,
        }
        match self.first_text_ms {
            Some(first) => write!(f, ", first word after {first} ms"),
            None => write!(f, ", all of it after {} ms", self.latency_ms),
        }
    }
}

/// Reads a response to its end, and hands each piece of text on as it comes.
///
/// # Errors
///
/// When the function reports that the answer broke off, when the response ends without that or `done`, and when a chunk or
/// `on_text` is an error.
pub(crate) async fn read(
    mut chunks: impl Stream<Item = Result<Bytes, Failure>> + Unpin,
    mut on_text: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<Response, Failure> {
    let mut head = BytesMut::new();
    let body = loop {
        if let Some(at) = end_of_prelude(&head) {
            break head.split_off(at).freeze();
        }
        match chunks.next().await {
            Some(chunk) => head.extend_from_slice(&chunk?),
            None => return Ok(Response::Whole(head.freeze())),
        }
    };
    let mut events = SseByteStream::new(stream::iter([Ok(body)]).chain(chunks));
    while let Some(event) = events.next().await {
        let event = event.map_err(broken_off)?;
        let data = event.data.unwrap_or_default();
        match event.event.as_deref() {
            Some("text") => on_text(&parsed::<Text>(&data)?.text)?,
            Some("done") => return Ok(Response::Streamed(parsed(&data)?)),
            Some("error") => return Err(Failure::Answer(parsed::<Error>(&data)?.message)),
            _ => {}
        }
    }
    Err(Failure::BrokenOff)
}

fn end_of_prelude(head: &[u8]) -> Option<usize> {
    let at = head
        .windows(AFTER_PRELUDE.len())
        .position(|bytes| bytes == AFTER_PRELUDE)?;
    Some(at + AFTER_PRELUDE.len())
}

/// The failure of a chunk, which the reader of events has wrapped.
fn broken_off(error: sse_stream::Error) -> Failure {
    match error {
        sse_stream::Error::Body(source) => source
            .downcast()
            .map_or(Failure::BrokenOff, |failure| *failure),
        _ => Failure::BrokenOff,
    }
}

fn parsed<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, Failure> {
    serde_json::from_str(data).map_err(|_| Failure::BrokenOff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = concat!(
        "{\"statusCode\":200}\0\0\0\0\0\0\0\0",
        "event: text\ndata: {\"text\":\"東\"}\n\n",
        ": \n\n",
        "event: text\ndata: {\"text\":\"京\\n\"}\n\n",
        "event: done\ndata: {\"stopReason\":\"max_tokens\",\"model\":\"m\",\"usage\":{\"inputTokens\":9,\"outputTokens\":2},",
        "\"costUsd\":0.00001,\"latencyMs\":8,\"firstTextMs\":3}\n\n"
    );

    async fn read_in_chunks(response: &str, bytes: usize) -> (String, Result<Response, Failure>) {
        let mut text = String::new();
        let chunks = response.as_bytes().chunks(bytes);
        let chunks = chunks.map(|chunk| Ok(Bytes::copy_from_slice(chunk)));
        let response = read(stream::iter(chunks), |piece| {
            text.push_str(piece);
            Ok(())
        })
        .await;
        (text, response)
    }

    #[tokio::test]
    async fn an_answer_is_the_same_however_it_is_cut_into_chunks() {
        for bytes in [1, 7, ANSWER.len()] {
            let (text, response) = read_in_chunks(ANSWER, bytes).await;
            assert_eq!(text, "東京\n");
            let Ok(Response::Streamed(done)) = response else {
                panic!("{response:?}");
            };
            assert_eq!(done.cut_short_by(), Some("max_tokens"));
            let line = "9 tokens in, 2 out, 0.00001 USD, first word after 3 ms";
            assert_eq!(done.to_string(), line);
        }
    }

    #[tokio::test]
    async fn an_answer_without_its_end_is_no_answer() {
        let (cut, _) = ANSWER.split_once("event: done").unwrap();
        let (text, response) = read_in_chunks(cut, 5).await;
        assert_eq!(text, "東京\n");
        assert!(matches!(response, Err(Failure::BrokenOff)), "{response:?}");
    }

    #[tokio::test]
    async fn an_error_event_is_its_message() {
        let (begun, _) = ANSWER.split_once("event: done").unwrap();
        let failed = format!("{begun}event: error\ndata: {{\"message\":\"It broke.\"}}\n\n");
        let (_, response) = read_in_chunks(&failed, 5).await;
        assert_eq!(response.unwrap_err().to_string(), "It broke.");
    }

    #[tokio::test]
    async fn a_chunk_that_fails_in_the_middle_of_an_answer_is_its_own_failure() {
        let (begun, _) = ANSWER.split_once("event: done").unwrap();
        let failure = Failure::Answer("The connection broke.".to_owned());
        let chunks = stream::iter([Ok(Bytes::from(begun)), Err(failure)]);
        let response = read(chunks, |_| Ok(())).await;
        assert_eq!(response.unwrap_err().to_string(), "The connection broke.");
    }

    #[tokio::test]
    async fn a_reply_that_is_not_streamed_is_given_whole() {
        let reply = r#"{"statusCode":429,"body":"{}"}"#;
        let (text, response) = read_in_chunks(reply, 5).await;
        assert_eq!(text, "");
        assert!(matches!(response, Ok(Response::Whole(whole)) if whole == reply));
    }
}
