//! `InvokeModel` with Titan Text's own body: what the walkthrough's handler sent.
//!
//! AWS has ended these models, so Bedrock answers with its end of life. The path is kept because it is
//! the walkthrough's contract.

use aws_sdk_bedrockruntime::{Client, operation::RequestId, primitives::Blob};
use serde::{Deserialize, Serialize};

use super::{Attempts, failure::as_logged};
use crate::text::{
    Answer, AnswerEnd, CallError, MaxTokens, Probability, Stop, TextRequest, Tokens,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    input_text: &'a str,
    text_generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    max_token_count: MaxTokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<Probability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<Probability>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    input_text_token_count: u64,
    #[serde(default)]
    results: Vec<Generation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generation {
    #[serde(default)]
    token_count: u64,
    output_text: Option<String>,
    completion_reason: Option<String>,
}

/// Asks `amazon.titan-text-*` for a whole answer.
pub(super) async fn ask(
    client: &Client,
    request: TextRequest,
    attempts: &Attempts,
) -> Result<Answer, CallError> {
    let body = serde_json::to_vec(&body(&request)).map_err(|_| attempts.unreadable())?;
    let call = client
        .invoke_model()
        .model_id(request.model.as_str())
        .content_type("application/json")
        .body(Blob::new(body))
        .customize()
        .interceptor(attempts.clone())
        .config_override(attempts.as_config())
        .send();
    let output = attempts.bound(call).await?;
    let bedrock_request_id = output.request_id().and_then(as_logged);
    match serde_json::from_slice(output.body.as_ref()) {
        Ok(response) => Ok(answer(response, attempts.count(), bedrock_request_id)),
        Err(_) => Err(CallError {
            bedrock_request_id,
            ..attempts.unreadable()
        }),
    }
}

fn body(request: &TextRequest) -> Body<'_> {
    Body {
        input_text: &request.prompt,
        text_generation_config: GenerationConfig {
            max_token_count: request.max_tokens,
            temperature: request.temperature,
            top_p: request.top_p,
            stop_sequences: &request.stop_sequences,
        },
    }
}

fn answer(response: Response, attempts: u32, bedrock_request_id: Option<String>) -> Answer {
    let generation = response.results.into_iter().next();
    let tokens = Tokens {
        input: response.input_text_token_count,
        output: generation.as_ref().map_or(0, |g| g.token_count),
        is_estimate: false,
    };
    let (text, reason) = generation.map_or((None, None), |g| (g.output_text, g.completion_reason));
    Answer {
        text: text.unwrap_or_default(),
        end: AnswerEnd {
            stop: stop(reason.as_deref()),
            tokens,
            attempts,
            bedrock_request_id,
        },
    }
}

/// The reasons of an ordinary end. The walkthrough's handler passed a cut answer (`LENGTH`) on as
/// it came, and its contract is kept byte for byte. It knew nothing of filtered ones.
const ORDINARY: [&str; 4] = ["FINISH", "FINISHED", "LENGTH", "STOP_CRITERIA_MET"];

fn stop(reason: Option<&str>) -> Stop {
    Stop {
        is_ordinary: reason.is_none_or(|reason| ORDINARY.contains(&reason)),
        reason: reason.and_then(as_logged),
    }
}
