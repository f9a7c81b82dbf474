//! The `inferenceConfig` of Converse: its ranges, and the parameters that a model refuses.

use crate::bedrock::refusal::Refusal;
use crate::generate::Inference;
use crate::{InferenceParameter, Model};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    max_tokens: Option<i64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
}

impl Config {
    /// Checks the ranges, then the model's own rules.
    pub(crate) fn check(self, model: &Model) -> Result<Inference, Refusal> {
        let max_tokens = check_max_tokens(self.max_tokens, model.max_output_tokens)?;
        check_unit("inferenceConfig.temperature", self.temperature)?;
        check_unit("inferenceConfig.topP", self.top_p)?;
        self.check_model(model)?;
        let stop_sequences = self.stop_sequences.unwrap_or_default();
        Ok(Inference {
            max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            stop_sequences,
        })
    }

    fn has(&self, parameter: InferenceParameter) -> bool {
        match parameter {
            InferenceParameter::MaxTokens => self.max_tokens.is_some(),
            InferenceParameter::Temperature => self.temperature.is_some(),
            InferenceParameter::TopP => self.top_p.is_some(),
            InferenceParameter::StopSequences => self.stop_sequences.is_some(),
        }
    }

    /// Checks the parameters that the model refuses or takes one at a time.
    fn check_model(&self, model: &Model) -> Result<(), Refusal> {
        if let Some(refused) = model
            .refused_parameters
            .iter()
            .find(|parameter| self.has(**parameter))
        {
            return Err(Refusal::of_the_model(&format!(
                "`{}` is deprecated for this model.",
                model_name(*refused)
            )));
        }
        let exclusive = model
            .exclusive_parameters
            .iter()
            .filter(|parameter| self.has(**parameter));
        let given: Vec<_> = exclusive
            .map(|parameter| format!("`{}`", model_name(*parameter)))
            .collect();
        if given.len() > 1 {
            let names = given.join(" and ");
            return Err(Refusal::of_the_model(&format!(
                "{names} cannot both be specified for this model. Please use only one."
            )));
        }
        Ok(())
    }
}

/// The name that the models' own error messages use.
fn model_name(parameter: InferenceParameter) -> &'static str {
    match parameter {
        InferenceParameter::MaxTokens => "max_tokens",
        InferenceParameter::Temperature => "temperature",
        InferenceParameter::TopP => "top_p",
        InferenceParameter::StopSequences => "stop_sequences",
    }
}

fn check_max_tokens(max_tokens: Option<i64>, limit: u32) -> Result<u32, Refusal> {
    match max_tokens {
        None => Ok(limit),
        Some(..1) => Err(constraint("inferenceConfig.maxTokens", "greater than or equal to 1")),
        Some(tokens) => u32::try_from(tokens).ok().filter(|tokens| *tokens <= limit).ok_or_else(|| {
            Refusal::validation(format!(
                "The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens value that is lower than {limit}."
            ))
        }),
    }
}

fn check_unit(name: &str, value: Option<f64>) -> Result<(), Refusal> {
    match value {
        Some(value) if value < 0.0 => Err(constraint(name, "greater than or equal to 0")),
        Some(value) if value > 1.0 => Err(constraint(name, "less than or equal to 1")),
        _ => Ok(()),
    }
}

fn constraint(name: &str, bound: &str) -> Refusal {
    Refusal::validation(format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have value {bound}"
    ))
}
