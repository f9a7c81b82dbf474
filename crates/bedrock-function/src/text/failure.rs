//! A call of a model that brought no answer.

use std::time::Duration;

use super::Tokens;
use crate::errors::{Cause, ErrorCode};

/// A call that brought no answer. It holds nothing that the caller sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {cause:?}", .code.as_str())]
pub struct CallError {
    /// As it stands in the reply.
    pub code: ErrorCode,
    /// Why, as far as it can be told.
    pub cause: Cause,
    /// How long the call had taken.
    pub waited: Duration,
    /// How many requests were sent.
    pub attempts: u32,
    /// Bedrock's id of the last request, for AWS Support.
    pub bedrock_request_id: Option<String>,
    /// Bedrock's own words. They can quote the prompt and name the account: never for a reply, and
    /// for a log only with `BEDROCK_LOG_CONTENT`.
    pub bedrock_message: Option<String>,
    /// Tokens of an answer that broke off after it had begun: it is billed all the same.
    pub tokens: Option<Tokens>,
}

impl CallError {
    /// An error of this cause, under the cause's own code.
    #[must_use]
    pub fn new(cause: Cause, waited: Duration, attempts: u32) -> Self {
        Self {
            code: cause.code(),
            cause,
            waited,
            attempts,
            bedrock_request_id: None,
            bedrock_message: None,
            tokens: None,
        }
    }
}
