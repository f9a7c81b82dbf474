//! The models that the function may call: `BEDROCK_MODEL_IDS`, and what `BEDROCK_MODEL_TABLE` says
//! of them.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer};

use super::ConfigError;
use crate::text::{MaxTokens, ModelId, ServiceTier};

/// The models that the function may call, and what is known of each. Never empty.
#[derive(Clone, Debug)]
pub struct GrantedModels {
    ids: Vec<ModelId>,
    facts: BTreeMap<String, ModelFacts>,
}

impl GrantedModels {
    pub(super) fn parse(ids: Option<String>, table: Option<String>) -> Result<Self, ConfigError> {
        let ids: Vec<ModelId> = ids
            .ok_or_else(|| {
                ConfigError::new(
                    "BEDROCK_MODEL_IDS",
                    "is not set: give the ids of the models that the function may call, \
                     separated by commas, the default one first.",
                )
            })?
            .split(',')
            .map(|id| id.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|problem| ConfigError::new("BEDROCK_MODEL_IDS", problem))?;
        Ok(Self {
            ids,
            facts: facts(table)?,
        })
    }

    /// The model for events that name none.
    #[must_use]
    pub fn default_model(&self) -> &ModelId {
        &self.ids[0]
    }

    /// The granted model of that id, if it is one.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ModelId> {
        self.ids.iter().find(|granted| granted.as_str() == id)
    }

    /// What is known of a model; nothing, where the table has no row of it.
    #[must_use]
    pub fn facts(&self, id: &ModelId) -> Option<&ModelFacts> {
        self.facts.get(id.as_str())
    }

    /// How a model is called.
    #[must_use]
    pub fn api(&self, id: &ModelId) -> Api {
        let stated = self.facts(id).and_then(|facts| facts.api);
        stated.unwrap_or_else(|| {
            if id.as_str().starts_with("amazon.titan-text-") {
                Api::InvokeModel
            } else {
                Api::Converse
            }
        })
    }

    /// Whether a model streams its answers.
    #[must_use]
    pub fn streams(&self, id: &ModelId) -> bool {
        let stated = self.facts(id).and_then(|facts| facts.response_streaming);
        self.api(id) == Api::Converse && stated != Some(false)
    }
}

impl fmt::Display for GrantedModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, id) in self.ids.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{id}")?;
        }
        Ok(())
    }
}

/// The operation by which a model is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Api {
    /// `Converse`.
    Converse,
    /// `InvokeModel` with Titan Text's own body.
    InvokeModel,
}

/// A key of the event that not every model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `temperature`.
    Temperature,
    /// `topP`.
    TopP,
    /// `stopSequences`.
    StopSequences,
}

impl Parameter {
    /// As the event and `models.json` name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "topP",
            Self::StopSequences => "stopSequences",
        }
    }

    /// The parameters with these names. Names that the function does not know are left out.
    fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Self>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let all = [Self::Temperature, Self::TopP, Self::StopSequences];
        Ok(all
            .into_iter()
            .filter(|parameter| names.iter().any(|name| name == parameter.name()))
            .collect())
    }
}

/// What the function needs to know of a model: a row of `models.json`, handed over by the CDK app
/// in `BEDROCK_MODEL_TABLE`. Keys that the function does not read are ignored.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelFacts {
    id: String,
    /// How it is called.
    pub api: Option<Api>,
    /// Whether the model streams its answers; it does where the row does not say.
    pub response_streaming: Option<bool>,
    /// How it is brought to answer with JSON that satisfies a schema; not at all where the row does not say.
    #[serde(default)]
    pub structured_output: StructuredOutput,
    /// The price of a million tokens, in USD.
    pub price_per_million_tokens: Option<Price>,
    /// The price in the flexible tier; none where the model is not served in it.
    pub flex_price_per_million_tokens: Option<Price>,
    /// The longest answer, in tokens.
    pub max_output_tokens: Option<MaxTokens>,
    /// Parameters that the model takes in no case.
    #[serde(default, deserialize_with = "Parameter::named")]
    pub refused_parameters: Vec<Parameter>,
    /// Parameters of which the model takes one at a time.
    #[serde(default, deserialize_with = "Parameter::named")]
    pub exclusive_parameters: Vec<Parameter>,
}

impl ModelFacts {
    /// The price of a million tokens in that tier, where it is known.
    #[must_use]
    pub fn price(&self, tier: ServiceTier) -> Option<Price> {
        match tier {
            ServiceTier::Default => self.price_per_million_tokens,
            ServiceTier::Flex => self.flex_price_per_million_tokens,
        }
    }
}

/// How a model is brought to answer with JSON that satisfies a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StructuredOutput {
    /// By Converse's `outputConfig.textFormat`.
    Native,
    /// By a tool that it must call, whose input is the schema.
    Tool,
    /// Not at all.
    #[default]
    None,
}

/// USD for a million tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Price {
    /// The price of the prompt.
    pub input: f64,
    /// The price of the answer.
    pub output: f64,
}

fn facts(table: Option<String>) -> Result<BTreeMap<String, ModelFacts>, ConfigError> {
    let Some(table) = table else {
        return Ok(BTreeMap::new());
    };
    let rows: Vec<ModelFacts> = serde_json::from_str(&table).map_err(|error| {
        ConfigError::new(
            "BEDROCK_MODEL_TABLE",
            format!("must be a JSON array of rows of models.json, and is not: {error}."),
        )
    })?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}
