//! ConverseStream: an answer event by event. AWS sends no `contentBlockStart` for text.

use crate::bedrock::converse::stop_reason;
use crate::bedrock::event_stream::{
    block_stop, exception, message_start, message_stop, metadata, reasoning_delta, text_delta,
    tool_delta, tool_start,
};
use crate::bedrock::refusal::Refusal;
use crate::bedrock::tier::ServiceTier;
use crate::generate::split_tokens;
use crate::generate::{Prompt, Reply, Stop};
use crate::serve::body::{LiveSteps, Step};
use crate::{Answer, FaultKind, Model};
use futures_util::stream::{self, Stream, StreamExt};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// A part of an answer, in the order in which the model gives it.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    End {
        stop: Stop,
        input_tokens: u32,
        output_tokens: u32,
    },
    Failed(String),
}

/// Refuses a model that does not stream.
pub(crate) fn check(model: &Model) -> Result<(), Refusal> {
    if model.response_streaming {
        return Ok(());
    }
    Err(Refusal::validation(
        "The model is unsupported for streaming.",
    ))
}

/// The parts of a reply that is known as a whole.
pub(crate) fn parts(reply: Reply) -> impl Stream<Item = Part> + Send + 'static {
    let texts: Vec<Part> = split_tokens(&reply.text)
        .map(|token| Part::Text(token.to_owned()))
        .collect();
    let end = Part::End {
        stop: reply.stop,
        input_tokens: reply.input_tokens,
        output_tokens: reply.output_tokens,
    };
    stream::iter(texts.into_iter().chain([end]))
}

/// The answer of ConverseStream, which sends each event as soon as its part is there.
pub(crate) fn render(
    parts: impl Stream<Item = Part> + Send + 'static,
    prompt: &Prompt<'_>,
    pace: Option<NonZeroU32>,
    fault: Option<&FaultKind>,
    started: Instant,
) -> Answer {
    let tool = prompt.tool();
    let reasoning = fault.and_then(FaultKind::reasoning);
    let mut head = vec![message_start()];
    if let Some(text) = &reasoning {
        head.extend([reasoning_delta(0, text), block_stop(0)]);
    }
    let block = usize::from(reasoning.is_some());
    head.extend(tool.map(|name| tool_start(block, name)));
    let mut events = Events {
        block,
        calls_tool: tool.is_some(),
        deltas: 0,
        pace: pace.map(|tokens| Duration::from_secs(1) / tokens.get()),
        stop: fault.and_then(FaultKind::stop),
        tier: prompt.tier.clone(),
        is_textless: fault == Some(&FaultKind::NoText),
        started,
    };
    let body = parts.flat_map(move |part| stream::iter(events.of(part)));
    Answer::live_stream(LiveSteps::new(stream::iter(head).chain(body)))
}

/// The state of a stream between two parts.
struct Events {
    block: usize,
    calls_tool: bool,
    deltas: usize,
    pace: Option<Duration>,
    /// The stop reason of a fault.
    stop: Option<Stop>,
    tier: Option<ServiceTier>,
    is_textless: bool,
    started: Instant,
}

impl Events {
    fn of(&mut self, part: Part) -> Vec<Step> {
        match part {
            Part::Text(_) if self.is_textless => Vec::new(),
            Part::Text(text) => self.delta(&text),
            Part::End {
                stop,
                input_tokens,
                output_tokens,
            } => self.end(stop, input_tokens, output_tokens),
            Part::Failed(message) => {
                vec![exception("modelStreamErrorException", &message), Step::End]
            }
        }
    }

    fn delta(&mut self, text: &str) -> Vec<Step> {
        self.deltas += 1;
        let wait = self.pace.filter(|_| self.deltas > 1).map(Step::Wait);
        wait.into_iter()
            .chain([if self.calls_tool {
                tool_delta(self.block, text)
            } else {
                text_delta(self.block, text)
            }])
            .collect()
    }

    fn end(&self, stop: Stop, input_tokens: u32, output_tokens: u32) -> Vec<Step> {
        let block_stop = (self.deltas > 0).then(|| block_stop(self.block));
        let output_tokens = if self.is_textless { 0 } else { output_tokens };
        let end = [
            message_stop(stop_reason(self.stop.unwrap_or(stop), self.calls_tool)),
            metadata(
                input_tokens,
                output_tokens,
                self.started.elapsed(),
                self.tier.as_ref(),
            ),
        ];
        block_stop.into_iter().chain(end).collect()
    }
}
