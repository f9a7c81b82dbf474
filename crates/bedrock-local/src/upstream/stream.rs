//! A streamed answer of the server: server-sent events in, parts out.

use super::{CallError, Completion, Upstream, Usage, stop};
use crate::Answer;
use crate::bedrock::converse_stream::Part;
use crate::generate::{Prompt, count_tokens};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use serde_json::json;
use sse_stream::SseByteStream;

impl Upstream {
    /// Asks the server for a stream. A failure before its first part is an ordinary error, a later one a part.
    pub(crate) async fn stream(
        &self,
        prompt: &Prompt<'_>,
    ) -> Result<impl Stream<Item = Part> + Send + 'static, Answer> {
        let mut body = self.body(prompt);
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        let response = self
            .send(&body)
            .await
            .map_err(|error| self.failed(&error))?;
        let mut reading = Reading {
            events: SseByteStream::new(response.bytes_stream().boxed()),
            finish_reason: None,
            usage: None,
            counted: (prompt.tokens(), 0),
        };
        let first = reading
            .next(self)
            .await
            .map_err(|error| self.failed(&error))?;
        let more = !matches!(first, Part::End { .. });
        let state = more.then(|| (reading, self.clone()));
        let rest = stream::unfold(state, |state| async {
            let (mut reading, upstream) = state?;
            match reading.next(&upstream).await {
                Ok(part @ Part::End { .. }) => Some((part, None)),
                Ok(part) => Some((part, Some((reading, upstream)))),
                Err(error) => Some((Part::Failed(upstream.sentence(&error)), None)),
            }
        });
        Ok(stream::iter([first]).chain(rest))
    }
}

/// A stream of the server's that is being read.
struct Reading {
    events: SseByteStream<BoxStream<'static, reqwest::Result<Bytes>>>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    /// Tokens in and out by the stand-in's own rule, for a server that does not count them.
    counted: (u32, u32),
}

impl Reading {
    async fn next(&mut self, upstream: &Upstream) -> Result<Part, CallError> {
        while let Some(event) = self.events.next().await {
            let data = event.map_err(|error| broken(&error, upstream))?.data;
            match data.as_deref() {
                None => {}
                Some("[DONE]") => break,
                Some(data) => {
                    if let Some(text) = self.take(data)? {
                        return Ok(Part::Text(text));
                    }
                }
            }
        }
        self.end()
    }

    /// The text of a chunk, if it has any.
    fn take(&mut self, data: &str) -> Result<Option<String>, CallError> {
        let chunk: Completion = serde_json::from_str(data).map_err(|_| CallError::Unreadable)?;
        // The usage comes in a chunk of its own, without choices.
        self.usage = chunk.usage.or(self.usage.take());
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(None);
        };
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        let text = choice.message.content.filter(|text| !text.is_empty());
        self.counted.1 += text.as_deref().map_or(0, count_tokens);
        Ok(text)
    }

    fn end(&self) -> Result<Part, CallError> {
        let finish_reason = self.finish_reason.as_deref().ok_or(CallError::Broken)?;
        let counted = self.usage.as_ref();
        let (input_tokens, output_tokens) = counted.map_or(self.counted, |usage| {
            (usage.prompt_tokens, usage.completion_tokens)
        });
        Ok(Part::End {
            stop: stop(finish_reason)?,
            input_tokens,
            output_tokens,
        })
    }
}

fn broken(error: &sse_stream::Error, upstream: &Upstream) -> CallError {
    match error {
        sse_stream::Error::Body(source) => source
            .downcast_ref()
            .map_or(CallError::Broken, |error| upstream.transport(error)),
        _ => CallError::Unreadable,
    }
}
