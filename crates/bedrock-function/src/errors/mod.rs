//! The errors of an invocation, and what the caller is told of each.

mod cause;
mod code;

pub use cause::{Cause, Details};
pub use code::ErrorCode;

use std::time::Duration;

use json_schema::{Problem, Violation};
use serde::Serialize;

/// An event that is wrong: one sentence says what is wrong, and one what to do. They quote nothing of the
/// event but a JSON Pointer into its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest {
    message: String,
}

impl InvalidRequest {
    /// From the two sentences.
    pub fn new(happened: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self {
            message: format!("{} {}", happened.as_ref(), remedy.as_ref()),
        }
    }

    /// A `schema` that cannot be taken.
    #[must_use]
    pub fn of_schema(problem: &Problem) -> Self {
        Self::new(format!("schema {}", problem.happened()), problem.remedy())
    }

    /// A number outside of `range`.
    #[must_use]
    pub fn out_of_range(name: &str, range: &str) -> Self {
        Self::new(format!("{name} is out of range."), format!("Send {range}."))
    }
}

/// Why an invocation has no answer.
#[derive(Debug, Clone)]
pub enum Error {
    /// The event has no prompt.
    NoPrompt,
    /// The event is wrong.
    Invalid(InvalidRequest),
    /// Bedrock answered without text.
    NoText {
        /// Why the model stopped, where that was out of the ordinary.
        stop_reason: Option<String>,
    },
    /// The call of a model failed.
    Call {
        /// Under which code; Bedrock's own, where that is not the cause's usual one.
        code: ErrorCode,
        /// Why, as far as it can be told.
        cause: Cause,
        /// The model that was asked.
        model: String,
        /// How long the call had taken.
        waited: Duration,
    },
    /// The answer does not satisfy the event's schema.
    Unsatisfied {
        /// The model that was asked.
        model: String,
        /// In what it does not.
        why: Unsatisfied,
    },
    /// The answer is larger than the caller can be given, for this cause.
    TooLarge(Cause),
    /// The function has a fault of its own.
    Internal,
}

impl From<InvalidRequest> for Error {
    fn from(invalid: InvalidRequest) -> Self {
        Self::Invalid(invalid)
    }
}

/// Why an answer does not satisfy the event's schema. It holds nothing of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsatisfied {
    /// What is wrong with it.
    pub cause: Cause,
    /// Why the model stopped, where that was out of the ordinary.
    pub stop_reason: Option<String>,
    /// The first violation of the schema, where the answer is JSON.
    pub violation: Option<Violation>,
}

impl Unsatisfied {
    /// With this cause and nothing else.
    #[must_use]
    pub fn new(cause: Cause) -> Self {
        Self {
            cause,
            stop_reason: None,
            violation: None,
        }
    }

    /// Whether asking again may help. An answer that was cut would be cut again.
    #[must_use]
    pub fn is_worth_another_call(&self) -> bool {
        !matches!(self.cause, Cause::AnswerCut | Cause::AnswerCutByTime)
    }

    fn violation(&self) -> String {
        match &self.violation {
            Some(Violation { pointer, keyword }) if pointer.is_empty() => (*keyword).to_owned(),
            Some(Violation { pointer, keyword }) => format!("{keyword} at {pointer}"),
            None => String::new(),
        }
    }
}

/// The body of an error reply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody<'a> {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<&'a Violation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Error {
    /// The code that tells errors apart; none where the walkthrough's contract has none.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NoPrompt | Self::NoText { .. } => None,
            Self::Invalid(_) => Some(ErrorCode::InvalidRequest),
            Self::Call { code, .. } => Some(*code),
            Self::Unsatisfied { why, .. } => Some(why.cause.code()),
            Self::TooLarge(cause) => Some(cause.code()),
            Self::Internal => Some(Cause::Unknown.code()),
        }
    }

    /// The reply's `statusCode`.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoPrompt => 400,
            Self::NoText { .. } => 500,
            other => other.code().map_or(500, ErrorCode::status),
        }
    }

    /// Whether the same event may well be answered a little later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code().is_some_and(ErrorCode::is_retryable)
    }

    /// The outcome's name in the log, the metrics and the replies to tasks.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::NoPrompt => "NoPrompt",
            Self::NoText { .. } => "NoText",
            other => other.code().map_or("InternalError", ErrorCode::as_str),
        }
    }

    /// The reply's body. `request_id` is Lambda's, of this invocation.
    #[must_use]
    pub fn body<'a>(&'a self, request_id: &'a str) -> ErrorBody<'a> {
        let code = self.code().map(ErrorCode::as_str);
        ErrorBody {
            message: self.message(),
            // These two are kept from the walkthrough byte for byte.
            request_id: code.map(|_| request_id),
            code,
            stop_reason: match self {
                Self::NoText { stop_reason } => stop_reason.as_deref(),
                Self::Unsatisfied { why, .. } => why.stop_reason.as_deref(),
                _ => None,
            },
            violation: match self {
                Self::Unsatisfied { why, .. } => why.violation.as_ref(),
                _ => None,
            },
        }
    }

    /// The body where every error has a code: without the walkthrough's two exceptions.
    #[must_use]
    pub fn coded_body<'a>(&'a self, request_id: &'a str) -> ErrorBody<'a> {
        ErrorBody {
            code: Some(self.outcome()),
            request_id: Some(request_id),
            ..self.body(request_id)
        }
    }

    /// What happened, and what to do. It quotes nothing of the event but a JSON Pointer into its schema.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NoPrompt => "No user prompt provided".to_owned(),
            Self::Invalid(invalid) => invalid.message.clone(),
            Self::NoText { .. } => "Invalid response structure".to_owned(),
            Self::Call {
                cause,
                model,
                waited,
                ..
            } => cause.message(&Details {
                model,
                waited: *waited,
                ..Details::default()
            }),
            Self::Unsatisfied { model, why } => why.cause.message(&Details {
                model,
                violation: why.violation(),
                stop_reason: why.stop_reason.as_deref().unwrap_or_default(),
                ..Details::default()
            }),
            Self::TooLarge(cause) => cause.message(&Details::default()),
            Self::Internal => Cause::Unknown.message(&Details::default()),
        }
    }
}
