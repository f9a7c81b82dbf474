//! `Converse`: the way to every model but Titan Text. Needs `bedrock:InvokeModel`.

use aws_sdk_bedrockruntime::{
    Client,
    operation::{RequestId, converse::ConverseOutput},
    types::{ContentBlock, StopReason},
};
use aws_smithy_types::body::SdkBody;

use super::{Stop, TextAnswer, TextModel, TextRequest, Tokens, converse_body};
use crate::{
    bedrock::{Attempts, CallError, as_logged},
    deadline::TimeBudget,
};

/// Models that are called by `Converse`.
#[derive(Clone, Debug)]
pub struct Converse {
    client: Client,
}

impl Converse {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

impl TextModel for Converse {
    async fn answer(
        &self,
        request: TextRequest,
        budget: TimeBudget,
    ) -> Result<TextAnswer, CallError> {
        let attempts = Attempts::new(budget, &self.client);
        let model = request.model.as_str().to_owned();
        let body = converse_body::written(request)
            .map_err(|_| CallError::unreadable(budget.elapsed(), 0))?;
        let body = SdkBody::from(body);
        let call = self
            .client
            .converse()
            .model_id(model)
            .customize()
            .mutate_request(move |request| converse_body::put(request, &body))
            .interceptor(attempts.clone())
            .config_override(attempts.as_config())
            .send();
        let output = attempts.bound(call).await?;
        Ok(answer(output, attempts.count()))
    }
}

/// Takes the text blocks, wherever they stand: models that reason put their reasoning first.
fn answer(output: ConverseOutput, attempts: u32) -> TextAnswer {
    let bedrock_request_id = output.request_id().and_then(as_logged);
    let tokens = output.usage.map_or(Tokens::default(), |usage| Tokens {
        input: usage.input_tokens.try_into().unwrap_or_default(),
        output: usage.output_tokens.try_into().unwrap_or_default(),
    });
    let blocks = match output.output {
        Some(aws_sdk_bedrockruntime::types::ConverseOutput::Message(message)) => message.content,
        _ => Vec::new(),
    };
    TextAnswer {
        text: join(blocks),
        stop: stop(&output.stop_reason),
        tokens,
        attempts,
        bedrock_request_id,
    }
}

fn stop(reason: &StopReason) -> Stop {
    Stop {
        is_ordinary: matches!(reason, StopReason::EndTurn | StopReason::StopSequence),
        // Where Bedrock gives no reason, the SDK fills in a text that is not fit to be logged, and so is left out.
        reason: as_logged(reason.as_str()),
    }
}

fn join(blocks: Vec<ContentBlock>) -> String {
    let mut texts = blocks.into_iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text),
        _ => None,
    });
    // One block is the rule: its text is not copied.
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |joined, text| joined + &text)
}
