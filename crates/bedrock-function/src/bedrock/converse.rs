//! `Converse`, by which every model but Titan Text is called. It needs `bedrock:InvokeModel`.

use aws_sdk_bedrockruntime::{
    Client,
    operation::{RequestId, converse::ConverseOutput},
    types::{ContentBlock, StopReason, TokenUsage},
};
use aws_smithy_types::body::SdkBody;

use super::{Attempts, converse_body, failure::as_logged, tool_input::ToolInput};
use crate::text::{Answer, AnswerEnd, CallError, Stop, TextRequest, Tokens};

/// Asks the model for a whole answer.
pub(super) async fn ask(
    client: &Client,
    request: TextRequest,
    attempts: &Attempts,
) -> Result<Answer, CallError> {
    let model = request.model.as_str().to_owned();
    let tool_input = request.is_by_tool().then(ToolInput::default);
    let body = converse_body::written(request).map_err(|_| attempts.unreadable())?;
    let body = SdkBody::from(body);
    let call = client
        .converse()
        .model_id(model)
        .customize()
        .mutate_request(move |request| converse_body::put(request, &body))
        .interceptor(attempts.clone())
        .config_override(attempts.as_config());
    let call = match &tool_input {
        Some(tool_input) => call.interceptor(tool_input.clone()),
        None => call,
    };
    let output = attempts.bound(call.send()).await?;
    Ok(answer(output, attempts.count(), tool_input))
}

/// Takes the text blocks, in any position: models that reason put their reasoning first.
fn answer(output: ConverseOutput, attempts: u32, tool_input: Option<ToolInput>) -> Answer {
    let end = AnswerEnd {
        stop: stop(&output.stop_reason, tool_input.is_some()),
        tokens: output.usage.as_ref().map(tokens).unwrap_or_default(),
        attempts,
        bedrock_request_id: output.request_id().and_then(as_logged),
    };
    if let Some(tool_input) = tool_input {
        let text = tool_input.take();
        return Answer { text, end };
    }
    let blocks = match output.output {
        Some(aws_sdk_bedrockruntime::types::ConverseOutput::Message(message)) => message.content,
        _ => Vec::new(),
    };
    Answer {
        text: join(blocks),
        end,
    }
}

pub(super) fn tokens(usage: &TokenUsage) -> Tokens {
    Tokens {
        input: usage.input_tokens.try_into().unwrap_or_default(),
        output: usage.output_tokens.try_into().unwrap_or_default(),
        is_estimate: false,
    }
}

/// `is_by_tool` says that the answer is the call of a tool.
pub(super) fn stop(reason: &StopReason, is_by_tool: bool) -> Stop {
    let is_whole = matches!(reason, StopReason::EndTurn | StopReason::StopSequence);
    Stop {
        is_ordinary: is_whole || (is_by_tool && *reason == StopReason::ToolUse),
        // Where Bedrock gives no reason, the SDK fills in a text that is not fit to be logged, and so is left out.
        reason: as_logged(reason.as_str()),
    }
}

fn join(blocks: Vec<ContentBlock>) -> String {
    let mut texts = blocks.into_iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text),
        _ => None,
    });
    // Most answers are one block, whose text is not copied.
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |joined, text| joined + &text)
}
