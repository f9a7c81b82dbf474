//! Inference parameters as types that hold only what Bedrock takes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

/// The longest answer wanted, in tokens: 1 to 2,147,483,647, the range of `inferenceConfig.maxTokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u32")]
pub struct MaxTokens(u32);

impl MaxTokens {
    /// For events and environments that do not say: the walkthrough's `maxTokenCount`.
    pub const DEFAULT: Self = Self(4096);

    /// The largest 32-bit signed integer: Bedrock's service model sets no lower bound.
    pub const LARGEST: Self = Self(i32::MAX as u32);

    /// In tokens.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for MaxTokens {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        u32::try_from(value)
            .ok()
            .map(Self)
            .filter(|tokens| (1..=Self::LARGEST.0).contains(&tokens.0))
            .ok_or_else(|| {
                format!(
                    "must be a whole number from 1 to {}, not {value}.",
                    Self::LARGEST
                )
            })
    }
}

impl From<MaxTokens> for u32 {
    fn from(tokens: MaxTokens) -> Self {
        tokens.0
    }
}

impl FromStr for MaxTokens {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<u64>()
            .map_err(|_| {
                format!(
                    "must be a whole number from 1 to {}, not {text:?}.",
                    Self::LARGEST
                )
            })?
            .try_into()
    }
}

impl fmt::Display for MaxTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tier in which Bedrock serves a request, and by which it is priced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceTier {
    /// The standard one, in which Bedrock serves what asks for none.
    #[default]
    Default,
    /// For half the price, and after others where Bedrock is busy.
    Flex,
}

impl ServiceTier {
    /// Whether it is the standard one.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

impl FromStr for ServiceTier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "default" => Ok(Self::Default),
            "flex" => Ok(Self::Flex),
            _ => Err(format!("must be default or flex, not {text:?}.")),
        }
    }
}

/// A number from 0 to 1: `temperature`, `topP`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Probability(f32);

impl Probability {
    /// The walkthrough's temperature.
    pub const ZERO: Self = Self(0.0);

    /// The number itself.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&value) {
            // Bedrock's service model has a 32-bit float here.
            Ok(Self(value as f32))
        } else {
            Err(format!("must be a number from 0 to 1, not {value}."))
        }
    }
}

impl FromStr for Probability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<f64>()
            .map_err(|_| format!("must be a number from 0 to 1, not {text:?}."))?
            .try_into()
    }
}

impl Serialize for Probability {
    /// Writes `0` and not `0.0`, as JavaScript does: Titan's body is kept byte for byte.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            serializer.serialize_u32(self.0 as u32)
        } else {
            serializer.serialize_f32(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_written_as_javascript_writes_numbers() {
        let written = |n: f64| serde_json::to_string(&Probability::try_from(n).unwrap()).unwrap();
        assert_eq!(written(0.0), "0");
        assert_eq!(written(1.0), "1");
        assert_eq!(written(0.7), "0.7");
        assert_eq!(written(-0.0), "0");
    }

    #[test]
    fn max_tokens_holds_its_bounds_and_nothing_beyond() {
        assert!(MaxTokens::try_from(0).is_err());
        assert_eq!(MaxTokens::try_from(1).unwrap().get(), 1);
        assert_eq!(
            MaxTokens::try_from(2_147_483_647).unwrap(),
            MaxTokens::LARGEST
        );
        assert!(MaxTokens::try_from(2_147_483_648).is_err());
    }
}
