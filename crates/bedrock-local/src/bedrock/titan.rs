//! Titan Text by InvokeModel: its own request and response bodies.

use crate::bedrock::refusal::{Refusal, defect};
use crate::generate::{Inference, Prompt, Reply, Role, Stop, Turn};
use crate::{Answer, Model};
use serde::Deserialize;
use serde_json::json;

/// The default of `maxTokenCount` (Amazon Bedrock user guide, Amazon Titan Text models).
const DEFAULT_MAX_TOKENS: i64 = 512;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    input_text: Option<String>,
    #[serde(default)]
    text_generation_config: Config,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Config {
    max_token_count: Option<i64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
}

/// Reads a request as Titan Text does.
pub(crate) fn parse<'a>(body: &[u8], model: &'a Model) -> Result<Prompt<'a>, Refusal> {
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| malformed(&format!("the body {}", defect(&error))))?;
    let text = request
        .input_text
        .ok_or_else(|| malformed("#: required key [inputText] not found"))?;
    if text.trim().is_empty() {
        return Err(malformed("#/inputText: expected minLength: 1, actual: 0"));
    }
    let turns = vec![Turn {
        role: Role::User,
        text,
    }];
    Ok(Prompt {
        model,
        system: Vec::new(),
        turns,
        inference: request.text_generation_config.check(model)?,
        format: None,
        tier: None,
    })
}

impl Config {
    fn check(self, model: &Model) -> Result<Inference, Refusal> {
        let max_tokens = self.max_token_count.unwrap_or(DEFAULT_MAX_TOKENS);
        within(
            "maxTokenCount",
            max_tokens as f64,
            f64::from(model.max_output_tokens),
        )?;
        within("temperature", self.temperature.unwrap_or_default(), 1.0)?;
        within("topP", self.top_p.unwrap_or_default(), 1.0)?;
        Ok(Inference {
            max_tokens: u32::try_from(max_tokens).unwrap_or(model.max_output_tokens),
            temperature: self.temperature,
            top_p: self.top_p,
            stop_sequences: self.stop_sequences,
        })
    }
}

fn within(name: &str, value: f64, most: f64) -> Result<(), Refusal> {
    let place = format!("#/textGenerationConfig/{name}");
    if value < 0.0 {
        return Err(malformed(&format!(
            "{place}: {value} is not greater or equal to 0"
        )));
    }
    if value > most {
        return Err(malformed(&format!(
            "{place}: {value} is not less or equal to {most}"
        )));
    }
    Ok(())
}

fn malformed(what: &str) -> Refusal {
    Refusal::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

/// An answer as Titan Text gives it.
pub(crate) fn render(reply: &Reply) -> Answer {
    let reason = match reply.stop {
        Stop::End => "FINISH",
        Stop::Limit => "LENGTH",
        Stop::Sequence => "STOP_CRITERIA_MET",
        Stop::Filtered => "CONTENT_FILTERED",
    };
    let text = if reply.text.is_empty() {
        String::new()
    } else {
        format!("\n{}\n", reply.text)
    };
    let result =
        json!({"tokenCount": reply.output_tokens, "outputText": text, "completionReason": reason});
    Answer::json(
        200,
        &json!({"inputTextTokenCount": reply.input_tokens, "results": [result]}),
    )
}
