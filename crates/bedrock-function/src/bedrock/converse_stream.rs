//! `ConverseStream`, which gives an answer piece by piece. It needs `bedrock:InvokeModelWithResponseStream`.

use aws_sdk_bedrockruntime::{
    Client,
    operation::{RequestId, converse_stream::ConverseStreamOutput as Output},
    types::{ContentBlockDelta, ConverseStreamOutput as Event},
};
use aws_smithy_types::body::SdkBody;
use futures_util::stream;

use super::{
    Attempts,
    connection::Connection,
    converse::{stop, tokens},
    converse_body,
    failure::as_logged,
};
use crate::text::{
    AnswerEnd, AnswerPart, AnswerStream, CallError, DEADLINE_EXCEEDED, Stop, TextRequest, Tokens,
    estimated_tokens,
};

/// Asks the model and waits until its answer begins to arrive.
pub(super) async fn ask(
    client: &Client,
    request: TextRequest,
    attempts: Attempts,
    connection: Connection,
) -> Result<AnswerStream, CallError> {
    let model = request.model.as_str().to_owned();
    let is_by_tool = request.is_by_tool();
    let estimate = Tokens {
        input: request.texts().map(estimated_tokens).sum(),
        output: 0,
        is_estimate: true,
    };
    let body = converse_body::written(request).map_err(|_| attempts.unreadable())?;
    let body = SdkBody::from(body);
    let call = client
        .converse_stream()
        .model_id(model)
        .customize()
        .mutate_request(move |request| converse_body::put(request, &body))
        .interceptor(attempts.clone())
        .config_override(attempts.as_config())
        .send();
    let output = attempts.bound(call).await;
    connection.was_used();
    let output = output?;
    let answer = Arriving {
        bedrock_request_id: output.request_id().and_then(as_logged),
        output,
        attempts,
        connection,
        estimate,
        is_by_tool,
        tool_block: None,
        stop: None,
        tokens: None,
        is_over: false,
    };
    Ok(Box::pin(stream::unfold(answer, |mut answer| async {
        let part = answer.next().await?;
        Some((part, answer))
    })))
}

/// An answer of which a part has arrived.
struct Arriving {
    output: Output,
    attempts: Attempts,
    connection: Connection,
    /// The estimated tokens of what has arrived, for a stream that ends without `metadata`.
    estimate: Tokens,
    /// Whether the answer is the input of a tool.
    is_by_tool: bool,
    /// The content block of the tool's first call: a model may call it twice.
    tool_block: Option<i32>,
    /// From `messageStop`.
    stop: Option<Stop>,
    /// From `metadata`.
    tokens: Option<Tokens>,
    bedrock_request_id: Option<String>,
    is_over: bool,
}

impl Arriving {
    /// The next piece of text that is not empty, then the end or an error, then nothing.
    async fn next(&mut self) -> Option<Result<AnswerPart, CallError>> {
        while !self.is_over {
            let Some(received) = self.attempts.bound_receive(self.output.stream.recv()).await
            else {
                return Some(self.at_the_deadline());
            };
            self.connection.was_used();
            match received {
                Ok(Some(event)) => {
                    if let Some(text) = self.take(event) {
                        self.estimate.output += estimated_tokens(&text);
                        return Some(Ok(AnswerPart::Text(text)));
                    }
                }
                Ok(None) => return Some(self.end()),
                Err(error) => return Some(self.fail(self.attempts.stream_error(&error))),
            }
        }
        None
    }

    /// Takes in an event; gives its text, where it has some.
    fn take(&mut self, event: Event) -> Option<String> {
        match event {
            Event::ContentBlockDelta(event) => {
                let block = event.content_block_index;
                let text = match event.delta {
                    Some(ContentBlockDelta::Text(text)) if !self.is_by_tool => text,
                    Some(ContentBlockDelta::ToolUse(delta))
                        if self.is_by_tool && *self.tool_block.get_or_insert(block) == block =>
                    {
                        delta.input
                    }
                    _ => String::new(),
                };
                return Some(text).filter(|text| !text.is_empty());
            }
            Event::MessageStop(event) => {
                self.stop = Some(stop(&event.stop_reason, self.is_by_tool));
            }
            Event::Metadata(event) => self.tokens = event.usage.as_ref().map(tokens),
            _ => {}
        }
        None
    }

    /// The stream has ended: `messageStop` must have come. `metadata` need not, so the tokens are
    /// estimated where it has not.
    fn end(&mut self) -> Result<AnswerPart, CallError> {
        match self.stop.take() {
            Some(stop) => self.end_with(stop),
            None => self.fail(self.attempts.stream_broke()),
        }
    }

    /// The time is over. The text so far is billed, so it counts as the answer; without any text this is an error.
    fn at_the_deadline(&mut self) -> Result<AnswerPart, CallError> {
        match self.stop.take() {
            Some(stop) => self.end_with(stop),
            None if self.estimate.output > 0 => self.end_with(Stop {
                reason: Some(DEADLINE_EXCEEDED.to_owned()),
                is_ordinary: false,
            }),
            None => self.fail(self.attempts.deadline_exceeded()),
        }
    }

    fn end_with(&mut self, stop: Stop) -> Result<AnswerPart, CallError> {
        self.is_over = true;
        Ok(AnswerPart::End(AnswerEnd {
            stop,
            tokens: self.tokens.unwrap_or(self.estimate),
            attempts: self.attempts.count(),
            bedrock_request_id: self.bedrock_request_id.take(),
        }))
    }

    fn fail(&mut self, error: CallError) -> Result<AnswerPart, CallError> {
        self.is_over = true;
        Err(CallError {
            bedrock_request_id: self.bedrock_request_id.take(),
            tokens: (self.estimate.output > 0).then(|| self.tokens.unwrap_or(self.estimate)),
            ..error
        })
    }
}
