//! One row of the table, column by column.

use serde::{Deserialize, Serialize};
use time::Date;

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// One id that can be given to Bedrock as `modelId`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// A foundation model's id, or an inference profile's.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// The company that made it.
    pub provider: String,
    /// The foundation model behind a profile, or the id itself.
    pub foundation_model: String,
    /// How the id is reached.
    pub reach: Reach,
    /// Where a request may be processed; empty for a global profile.
    pub destination_regions: Vec<String>,
    /// The operation by which it is called.
    pub api: Api,
    /// Whether it is called by `ConverseStream` too.
    pub response_streaming: bool,
    /// How it is brought to answer with JSON that satisfies a schema.
    pub structured_output: StructuredOutput,
    /// The price in the standard tier, in USD.
    pub price_per_million_tokens: Price,
    /// The price in Bedrock's flexible tier, in USD; none where the model is not served in it.
    pub flex_price_per_million_tokens: Option<Price>,
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
    /// When a person last compared the row with its source, all but its lifecycle and its Regions.
    #[serde(with = "day")]
    pub confirmed_on: Date,
    /// The parts of the row that are not confirmed.
    pub unconfirmed: Vec<String>,
    /// When a call of it was last answered, by the reports of `make verify MODELS=all`.
    #[serde(default, with = "day::option", skip_serializing_if = "Option::is_none")]
    pub answered_on: Option<Date>,
}

/// How an id is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Api {
    /// One request shape for every model.
    Converse,
    /// The model's own request shape: in this table, Titan Text's.
    InvokeModel,
}

/// How a model is brought to answer with JSON that satisfies a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StructuredOutput {
    /// By `outputConfig.textFormat` of Converse, and by strict tools.
    Native,
    /// By a tool that it must call, whose input is the schema.
    Tool,
    /// Not at all.
    None,
}

/// USD per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The price of the prompt.
    pub input: f64,
    /// The price of the answer.
    pub output: f64,
}

/// A member of Converse's `inferenceConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What an account needs before its first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// As of `confirmed_on`.
    pub status: Status,
    /// The day from which calls fail, where AWS announced one.
    #[serde(with = "day::option")]
    pub end_of_life: Option<Date>,
    /// The day before which the model will not end, where AWS promised one.
    #[serde(with = "day::option")]
    pub end_of_life_no_sooner_than: Option<Date>,
    /// When the lifecycle and the destination Regions were last read from AWS or its documentation.
    #[serde(with = "day")]
    pub confirmed_on: Date,
}

/// A state of a model's lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In service.
    Active,
    /// In service for accounts that use it already.
    Legacy,
    /// All calls fail.
    Ended,
}

/// How a mark in `unconfirmed` begins that is about the flexible tier.
const FLEX_MARK: &str = "flexible tier:";

impl Model {
    /// Whether a batch asks for the flexible tier where a row of it names none: Bedrock serves this very id in it, and no
    /// mark says that this is not confirmed.
    #[must_use]
    pub fn is_flex_in_batch(&self) -> bool {
        let is_marked = |mark: &String| mark.starts_with(FLEX_MARK);
        self.flex_price_per_million_tokens.is_some() && !self.unconfirmed.iter().any(is_marked)
    }

    /// Whether Bedrock refuses every call to the model on that day. An announced end counts from its day on.
    #[must_use]
    pub fn has_ended(&self, today: Date) -> bool {
        self.lifecycle.status == Status::Ended
            || self.lifecycle.end_of_life.is_some_and(|end| end <= today)
    }
}
