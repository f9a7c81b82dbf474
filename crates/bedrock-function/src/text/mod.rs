//! Requests to models and their answers. Nothing here depends on AWS's SDK.

mod failure;
mod parameters;
mod structured;

use std::{fmt, future::Future, ops::AddAssign, pin::Pin, str::FromStr, sync::Arc};

use futures_util::{Stream, StreamExt};
use serde::Serialize;

pub use failure::CallError;
pub use parameters::{MaxTokens, Probability, ServiceTier};
pub use structured::{Structured, Way};

use crate::budget::TimeBudget;

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
#[derive(Clone, Debug)]
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
    /// The tier in which Bedrock serves it.
    pub service_tier: ServiceTier,
    /// What the answer must satisfy, where it is to be JSON.
    pub structured: Option<Arc<Structured>>,
}

impl TextRequest {
    /// Whether the answer is the input of a tool.
    #[must_use]
    pub fn is_by_tool(&self) -> bool {
        self.structured
            .as_deref()
            .is_some_and(Structured::is_by_tool)
    }

    /// All texts that are sent: the conversation, and the schema of its answer.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let earlier = self.earlier.iter().map(|turn| turn.text.as_str());
        [Some(self.prompt.as_str()), self.system.as_deref()]
            .into_iter()
            .flatten()
            .chain(earlier)
            .chain(self.structured.as_deref().map(Structured::sent))
    }
}

/// A model, or several, that can be asked.
pub trait TextModel {
    /// Asks once. The answer begins and ends within the budget.
    ///
    /// # Errors
    ///
    /// A [`CallError`] when the model does not begin an answer.
    fn ask(
        &self,
        request: TextRequest,
        budget: TimeBudget,
    ) -> impl Future<Output = Result<AnswerStream, CallError>> + Send;
}

/// An answer as it arrives: pieces of text, and the end at last. It stops after an error.
pub type AnswerStream = Pin<Box<dyn Stream<Item = Result<AnswerPart, CallError>> + Send>>;

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerPart {
    /// The next piece of the text.
    Text(String),
    /// The model has ended.
    End(AnswerEnd),
}

/// The data of an answer beside its text, known when the model has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerEnd {
    /// Why the model stopped.
    pub stop: Stop,
    /// Tokens of the prompt and of the answer.
    pub tokens: Tokens,
    /// How many requests it took.
    pub attempts: u32,
    /// Bedrock's id of the request, for AWS Support.
    pub bedrock_request_id: Option<String>,
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The pieces of the text, joined. May be empty.
    pub text: String,
    /// The end of the answer.
    pub end: AnswerEnd,
}

impl Answer {
    /// The answer as a stream, all of it at once.
    #[must_use]
    pub fn into_stream(self) -> AnswerStream {
        let parts = [AnswerPart::Text(self.text), AnswerPart::End(self.end)];
        Box::pin(futures_util::stream::iter(parts.map(Ok)))
    }

    /// Waits for a whole answer.
    ///
    /// # Errors
    ///
    /// The error that ended the stream.
    pub async fn collect(mut parts: AnswerStream) -> Result<Self, CallError> {
        let mut answer = Self::default();
        while let Some(part) = parts.next().await {
            match part? {
                // Most answers are one piece, whose text is not copied.
                AnswerPart::Text(text) if answer.text.is_empty() => answer.text = text,
                AnswerPart::Text(text) => answer.text += &text,
                AnswerPart::End(end) => answer.end = end,
            }
        }
        Ok(answer)
    }
}

/// Tokens as Bedrock counts them for the bill, or an estimate where it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Tokens of the prompt.
    #[serde(rename = "inputTokens")]
    pub input: u64,
    /// Tokens of the answer.
    #[serde(rename = "outputTokens")]
    pub output: u64,
    /// Whether they are estimated.
    #[serde(rename = "estimatedTokens", skip_serializing_if = "std::ops::Not::not")]
    pub is_estimate: bool,
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.is_estimate |= other.is_estimate;
    }
}

/// An estimate of how many tokens a text has: a token for four ASCII characters, and for each other
/// character. The tokenizers of the models in `models.json` are not public, and need fewer for most texts.
#[must_use]
pub fn estimated_tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().count() - ascii;
    (ascii.div_ceil(4) + others) as u64
}

/// The [`Stop::reason`] of an answer that was cut at the deadline.
pub const DEADLINE_EXCEEDED: &str = "deadline_exceeded";

/// Why a model stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// The reason in Bedrock's own word, where it gave one.
    pub reason: Option<String>,
    /// Whether the answer is whole: the model ended it by itself, or at a stop sequence.
    pub is_ordinary: bool,
}

impl Stop {
    /// The reason, where the answer is not whole.
    #[must_use]
    pub fn cut_short_by(&self) -> Option<&str> {
        self.reason.as_deref().filter(|_| !self.is_ordinary)
    }
}
