//! The frames of `InvokeWithResponseStream`: one `PayloadChunk` for each chunk of the function, and `InvokeComplete`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{ResponsePart, function_error::FunctionError};

type Frame = Result<Bytes, aws_smithy_eventstream::error::Error>;

/// The frames of a response of which the first part is known, where it has any, and how it ends.
pub(super) fn frames(
    first: Option<ResponsePart>,
    parts: mpsc::Receiver<ResponsePart>,
    end: impl Future<Output = Result<Bytes, FunctionError>> + Send,
) -> impl Stream<Item = Frame> + Send {
    let rest = stream::unfold(parts, |mut parts| async {
        Some((parts.recv().await?, parts))
    });
    let chunks = stream::iter(first)
        .chain(rest)
        .filter_map(|part| async move { payload_chunk(part) });
    chunks.chain(stream::once(end).flat_map(|end| stream::iter(complete(end))))
}

/// Headers of the function have no place in the stream.
fn payload_chunk(part: ResponsePart) -> Option<Frame> {
    match part {
        ResponsePart::Headers(_) => None,
        ResponsePart::Chunk(chunk) => {
            Some(frame("PayloadChunk", "application/octet-stream", chunk))
        }
    }
}

/// The last frames: a payload that was not streamed comes here, as one chunk.
fn complete(end: Result<Bytes, FunctionError>) -> Vec<Frame> {
    let (payload, details) = match end {
        Ok(payload) => (payload, json!({})),
        Err(error) => (
            Bytes::new(),
            json!({
                "ErrorCode": error.error_type,
                "ErrorDetails": String::from_utf8_lossy(&error.body),
            }),
        ),
    };
    let mut frames = Vec::new();
    if !payload.is_empty() {
        frames.push(frame("PayloadChunk", "application/octet-stream", payload));
    }
    frames.push(frame(
        "InvokeComplete",
        "application/json",
        details.to_string().into(),
    ));
    frames
}

fn frame(event_type: &'static str, content_type: &'static str, payload: Bytes) -> Frame {
    let header = |name, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(payload)
        .add_header(header(":event-type", event_type))
        .add_header(header(":content-type", content_type))
        .add_header(header(":message-type", "event"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes)?;
    Ok(bytes.into())
}
