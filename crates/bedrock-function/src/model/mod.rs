//! What a text model is asked and what it answers, apart from how it is reached.

mod converse;
mod converse_body;
mod parameters;
mod titan;

use std::{fmt, future::Future, str::FromStr};

use aws_sdk_bedrockruntime::Client;

pub use converse::Converse;
pub use parameters::{MaxTokens, Probability};
pub use titan::Titan;

use crate::{
    bedrock::{CallError, Connection},
    deadline::TimeBudget,
};

/// The id of a model or inference profile. No ARN, though Bedrock takes those too: it would carry
/// the account's number into replies, logs and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelId(String);

/// The longest `modelId` that Bedrock Runtime takes, in characters, by its service model.
const LONGEST_MODEL_ID: usize = 2048;

impl ModelId {
    /// The id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the model is reached by `InvokeModel` with Titan Text's own body.
    #[must_use]
    pub fn is_titan_text(&self) -> bool {
        self.0.starts_with("amazon.titan-text-")
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ModelId {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if id.is_empty() {
            Err("has an empty model id: separate the ids by single commas.".to_owned())
        } else if id.starts_with("arn:") {
            Err("has an ARN: give the id alone, which is the part after the last slash.".to_owned())
        } else if id.len() > LONGEST_MODEL_ID || !id.chars().all(allowed) {
            Err(format!(
                "has {id:?}, which is no model id: those look like jp.amazon.nova-2-lite-v1:0."
            ))
        } else {
            Ok(Self(id.to_owned()))
        }
    }
}

/// Who said an earlier turn of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The caller.
    User,
    /// The model.
    Assistant,
}

/// An earlier turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who said it.
    pub role: Role,
    /// What was said. Never empty.
    pub text: String,
}

/// One request, checked: whatever is in here can be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRequest {
    /// Which model is asked; one of those granted.
    pub model: ModelId,
    /// The user's turn. Never empty.
    pub prompt: String,
    /// The system prompt.
    pub system: Option<String>,
    /// The turns before the prompt: user and assistant in turn, the assistant last.
    pub earlier: Vec<Turn>,
    /// The longest answer wanted.
    pub max_tokens: MaxTokens,
    /// Absent where the model refuses it.
    pub temperature: Option<Probability>,
    /// Absent where the caller did not say.
    pub top_p: Option<Probability>,
    /// Texts at which the answer ends.
    pub stop_sequences: Vec<String>,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct TextAnswer {
    /// The text blocks of the answer, joined. May be empty.
    pub text: String,
    /// Why the model stopped.
    pub stop: Stop,
    /// Tokens of the prompt and of the answer.
    pub tokens: Tokens,
    /// How many requests it took.
    pub attempts: u32,
    /// Bedrock's id of the request, for AWS Support.
    pub bedrock_request_id: Option<String>,
}

/// Tokens as Bedrock counts them for the bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Of the prompt.
    #[serde(rename = "inputTokens")]
    pub input: u64,
    /// Of the answer.
    #[serde(rename = "outputTokens")]
    pub output: u64,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The reason in Bedrock's own word, where it gave one.
    pub reason: Option<String>,
    /// Whether the answer is whole: the model had said what it wanted, or met a stop sequence.
    pub is_ordinary: bool,
}

/// A model, or several, that can be asked.
pub trait TextModel {
    /// Asks once. Ends within the budget.
    ///
    /// # Errors
    ///
    /// A [`CallError`] for whatever kept the model from answering.
    fn answer(
        &self,
        request: TextRequest,
        budget: TimeBudget,
    ) -> impl Future<Output = Result<TextAnswer, CallError>> + Send;
}

/// All models of Bedrock: each is reached by the one operation that it takes.
#[derive(Clone, Debug)]
pub struct BedrockModels {
    connection: Connection,
    converse: Converse,
    titan: Titan,
}

impl BedrockModels {
    /// Models that are called through `client`, over `connection`.
    #[must_use]
    pub fn new(client: Client, connection: Connection) -> Self {
        Self {
            connection,
            converse: Converse::new(client.clone()),
            titan: Titan::new(client),
        }
    }
}

impl TextModel for BedrockModels {
    async fn answer(
        &self,
        request: TextRequest,
        budget: TimeBudget,
    ) -> Result<TextAnswer, CallError> {
        self.connection.ready(budget).await;
        let answer = if request.model.is_titan_text() {
            self.titan.answer(request, budget).await
        } else {
            self.converse.answer(request, budget).await
        };
        self.connection.was_used();
        answer
    }
}
