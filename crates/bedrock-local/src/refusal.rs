//! A request refused, in AWS's terms.

use crate::Answer;

/// An error type of Bedrock's with its status and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error_type: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, error_type: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error_type,
            message: message.into(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// The body could not be read as the operation's JSON. It says where, and not what: a body holds prompts.
    pub(crate) fn unreadable(operation: &str, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_data() {
            "has a member of the wrong type"
        } else {
            "is not JSON"
        };
        let message = format!("The body of {operation} {what} at line {line}, column {column}.");
        Self::new(400, "SerializationException", message)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.status, refusal.error_type, &refusal.message)
    }
}
