//! The workspace's `models.json` as types.

use serde::Deserialize;
use time::Date;

/// The table that the workspace keeps, as it was when this crate was built.
const BUNDLED: &str = include_str!("../../../models.json");

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// Every model that the workspace knows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelTable {
    /// The id used where nobody chooses one.
    pub default: String,
    /// The Region from which the ids are called.
    pub source_region: String,
    /// One row for each id.
    pub models: Vec<Model>,
}

/// One id that can be given to Bedrock as `modelId`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// A foundation model's id, or an inference profile's.
    pub id: String,
    /// For people.
    pub name: String,
    /// Who made it.
    pub provider: String,
    /// The foundation model behind a profile, or the id itself.
    pub foundation_model: String,
    /// How the id is reached.
    pub reach: Reach,
    /// Where a request may be processed; empty for a global profile.
    pub destination_regions: Vec<String>,
    /// The operation that is used with it.
    pub api: Api,
    /// USD.
    pub price_per_million_tokens: Price,
    /// The largest `maxTokens` that the model takes.
    pub max_output_tokens: u32,
    /// Parameters that the model does not take.
    pub refused_parameters: Vec<InferenceParameter>,
    /// Parameters of which the model takes one at most.
    pub exclusive_parameters: Vec<InferenceParameter>,
    /// What an account needs before its first call.
    pub access: Access,
    /// Whether AWS still serves it.
    pub lifecycle: Lifecycle,
    /// Where the row comes from.
    pub source: String,
    /// When the row was last read against its source.
    #[serde(with = "day")]
    pub confirmed_on: Date,
    /// What of the row nobody has confirmed.
    pub unconfirmed: Vec<String>,
}

/// How an id is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// A foundation model, on demand in the source Region.
    InRegion,
    /// An inference profile over the Regions of one geography.
    GeographicProfile,
    /// An inference profile over all commercial Regions.
    GlobalProfile,
}

/// An operation of Bedrock Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Api {
    /// One request shape for every model.
    Converse,
    /// The model's own request shape.
    InvokeModel,
}

/// USD per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of the prompt.
    pub input: f64,
    /// Of the answer.
    pub output: f64,
}

/// A member of Converse's `inferenceConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InferenceParameter {
    /// `maxTokens`
    MaxTokens,
    /// `temperature`
    Temperature,
    /// `topP`
    TopP,
    /// `stopSequences`
    StopSequences,
}

impl InferenceParameter {
    /// The name that the models' own error messages use.
    pub(crate) fn model_name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::StopSequences => "stop_sequences",
        }
    }
}

/// What an account needs before its first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Nothing.
    None,
    /// An AWS Marketplace agreement.
    Marketplace,
    /// An AWS Marketplace agreement and the provider's use-case form.
    MarketplaceAndForm,
}

/// Whether AWS still serves a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// As of the row's `confirmed_on`.
    pub status: Status,
    /// The day from which calls fail, where AWS announced one.
    #[serde(with = "day::option")]
    pub end_of_life: Option<Date>,
    /// The day before which the model will not end, where AWS promised one.
    #[serde(with = "day::option")]
    pub end_of_life_no_sooner_than: Option<Date>,
}

/// A step of a model's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In service.
    Active,
    /// In service for those who use it already.
    Legacy,
    /// All calls fail.
    Ended,
}

/// Why a table of models cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelTableError {
    /// Not the JSON of a table.
    #[error(
        "the table of models cannot be read: {0}; correct it after the example of the workspace's models.json"
    )]
    Json(#[from] serde_json::Error),
    /// Two rows have one id.
    #[error("the table of models has two rows for \"{0}\"; remove one")]
    Duplicate(String),
    /// The default is no row.
    #[error(
        "the table of models has no row for its default, \"{0}\"; add the row or choose another default"
    )]
    NoDefault(String),
}

impl ModelTable {
    /// The workspace's table.
    ///
    /// # Errors
    /// When the table that was built in is wrong, which this crate's tests exclude.
    pub fn bundled() -> Result<Self, ModelTableError> {
        Self::from_json(BUNDLED)
    }

    /// Reads a table in the form of `models.json`.
    ///
    /// # Errors
    /// When the text is not such a table, has an id twice or lacks its default.
    pub fn from_json(text: &str) -> Result<Self, ModelTableError> {
        let table: Self = serde_json::from_str(text)?;
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = table.models.iter().find(|model| !seen.insert(&model.id)) {
            return Err(ModelTableError::Duplicate(twice.id.clone()));
        }
        if table.find(&table.default).is_none() {
            return Err(ModelTableError::NoDefault(table.default));
        }
        Ok(table)
    }

    /// The row of an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The table with one model as if AWS still served it: for tests of what the model did while it lived.
    #[must_use]
    pub fn with_active(mut self, id: &str) -> Self {
        for model in self.models.iter_mut().filter(|model| model.id == id) {
            model.lifecycle = Lifecycle {
                status: Status::Active,
                end_of_life: None,
                end_of_life_no_sooner_than: None,
            };
        }
        self
    }
}

impl Model {
    /// Whether all calls fail on that day.
    #[must_use]
    pub fn has_ended(&self, today: Date) -> bool {
        self.lifecycle.status == Status::Ended
            || self.lifecycle.end_of_life.is_some_and(|end| end <= today)
    }

    /// Whether the model is of the Titan Text family, which has a body of its own.
    #[must_use]
    pub fn is_titan_text(&self) -> bool {
        self.foundation_model.starts_with("amazon.titan-text-")
    }
}
