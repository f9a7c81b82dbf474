//! Converse's `serviceTier`: what Bedrock refuses of it, and the tier that an answer says it was served in.

use crate::Model;
use crate::bedrock::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// The member `serviceTier` of a request, which an answer repeats.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceTier {
    r#type: String,
}

impl ServiceTier {
    /// Checks the tier as Bedrock does. The messages for an invalid tier and a missing reservation are as seen; of the one
    /// for a tier that a model does not have, the words "service tier is not supported" are.
    pub(crate) fn check(self, model: &Model) -> Result<Self, Refusal> {
        match self.r#type.as_str() {
            "default" => Ok(self),
            // The user guide has one table for both.
            "flex" | "priority" if model.flex_price_per_million_tokens.is_some() => Ok(self),
            "flex" | "priority" => Err(Refusal::validation(
                "The provided service tier is not supported for this model.",
            )),
            "reserved" => Err(Refusal::validation("Reservation not found.")),
            _ => Err(Refusal::validation("service tier provided is invalid")),
        }
    }
}
