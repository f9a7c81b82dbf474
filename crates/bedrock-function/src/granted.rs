//! The models that the function may call: `BEDROCK_MODEL_IDS`, and what `BEDROCK_MODEL_TABLE` says
//! of them.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::{
    config::ConfigError,
    model::{MaxTokens, ModelId},
};

/// The models that the function may call, and what is known of each. Never empty.
#[derive(Clone, Debug)]
pub struct GrantedModels {
    ids: Vec<ModelId>,
    facts: BTreeMap<String, ModelFacts>,
}

impl GrantedModels {
    pub(crate) fn parse(ids: Option<String>, table: Option<String>) -> Result<Self, ConfigError> {
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

/// What the function needs to know of a model: a row of `models.json`, handed over by the CDK app
/// in `BEDROCK_MODEL_TABLE`. Keys that the function does not read are ignored.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelFacts {
    id: String,
    /// The price of a million tokens, in USD.
    pub price_per_million_tokens: Option<Price>,
    /// The longest answer, in tokens.
    pub max_output_tokens: Option<MaxTokens>,
    /// Parameters that the model takes in no case.
    #[serde(default)]
    pub refused_parameters: Vec<String>,
    /// Parameters of which the model takes one at a time.
    #[serde(default)]
    pub exclusive_parameters: Vec<String>,
}

/// USD for a million tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Price {
    /// Of the prompt.
    pub input: f64,
    /// Of the answer.
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
