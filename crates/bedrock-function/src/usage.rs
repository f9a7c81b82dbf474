//! What an invocation took: its price, and its one log line.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::{
    error::Error,
    granted::Price,
    log::{self, Level},
    metrics::{Destination, Members, Metrics},
    model::{TextAnswer, Tokens},
};

/// The estimated price of an answer, in USD, to a billionth: less than a token of any model costs.
#[must_use]
pub fn cost_usd(tokens: Tokens, price: Price) -> f64 {
    let cost = (tokens.input as f64 * price.input + tokens.output as f64 * price.output) / 1e6;
    (cost * 1e9).round() / 1e9
}

/// The fields of the log line: nothing in here is the caller's, but for `prompt` and `text`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// Whether it is the first invocation of this process.
    pub cold_start: bool,
    /// `Answered`, or what went wrong.
    pub outcome: &'static str,
    /// The reply's `statusCode`.
    pub status_code: u16,
    /// The model that was asked, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// Tokens, as Bedrock counts them.
    #[serde(flatten)]
    pub tokens: Option<Tokens>,
    /// The estimated price in USD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Why the model stopped, in Bedrock's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// From the request to the whole answer, retries included, in milliseconds.
    #[serde(
        rename = "latencyMs",
        serialize_with = "as_millis",
        skip_serializing_if = "Option::is_none"
    )]
    pub call: Option<Duration>,
    /// How many requests were sent to Bedrock.
    pub attempts: u32,
    /// Of the whole invocation, in milliseconds.
    pub duration_ms: u64,
    /// The invocation less the call, in milliseconds: what the function itself took.
    pub overhead_ms: f64,
    /// Bedrock's id of the last request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrock_request_id: Option<String>,
    /// With `BEDROCK_LOG_CONTENT` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// With `BEDROCK_LOG_CONTENT` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Bedrock's own words on an error, with `BEDROCK_LOG_CONTENT` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrock_message: Option<String>,
}

impl Record {
    /// Notes an answer.
    pub fn answered(&mut self, answer: &TextAnswer, price: Option<Price>) {
        self.outcome = "Answered";
        self.status_code = 200;
        self.tokens = Some(answer.tokens);
        self.cost_usd = price.map(|price| cost_usd(answer.tokens, price));
        self.stop_reason.clone_from(&answer.stop.reason);
        self.attempts = answer.attempts;
        self.bedrock_request_id
            .clone_from(&answer.bedrock_request_id);
    }

    /// Notes an error.
    pub fn failed(&mut self, error: &Error) {
        self.outcome = error.outcome();
        self.status_code = error.status();
        if let Error::Call { error, .. } = error {
            self.attempts = error.attempts;
            self.bedrock_request_id
                .clone_from(&error.bedrock_request_id);
        }
    }

    /// Notes how long the invocation took.
    pub fn took(&mut self, whole: Duration) {
        self.duration_ms = millis(whole);
        let overhead = whole.saturating_sub(self.call.unwrap_or_default());
        self.overhead_ms = overhead.as_micros() as f64 / 1e3;
    }

    /// Writes the line, with metrics where they have a destination. Metrics are written at any log
    /// level: a bill is not a matter of verbosity.
    pub fn write(&self, metrics: Option<&Destination>) {
        let level = match self.status_code {
            0..400 => Level::Info,
            400..500 => Level::Warn,
            _ => Level::Error,
        };
        match metrics {
            Some(destination) => {
                let metrics = Metrics::new(destination, self.members(), SystemTime::now());
                log::write_always(
                    level,
                    "invocation",
                    WithMetrics {
                        record: self,
                        metrics,
                    },
                );
            }
            None => log::write(level, "invocation", self),
        }
    }

    fn members(&self) -> Members {
        Members {
            is_cold: self.cold_start,
            is_called: self.call.is_some(),
            is_answered: self.tokens.is_some(),
            is_priced: self.cost_usd.is_some(),
            is_failed: self.status_code >= 400,
        }
    }
}

#[derive(Serialize)]
struct WithMetrics<'a> {
    #[serde(flatten)]
    record: &'a Record,
    #[serde(flatten)]
    metrics: Metrics,
}

fn as_millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(millis).serialize(serializer)
}

/// Whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_of_a_million_tokens() {
        let price = Price {
            input: 0.396,
            output: 3.311,
        };
        let tokens = Tokens {
            input: 1_000_000,
            output: 2_000_000,
        };
        assert_eq!(cost_usd(tokens, price), 7.018);
    }

    #[test]
    fn the_price_of_a_few_tokens_is_not_rounded_to_nothing() {
        let price = Price {
            input: 0.037,
            output: 0.148,
        };
        assert_eq!(
            cost_usd(
                Tokens {
                    input: 1,
                    output: 0
                },
                price
            ),
            0.000_000_037
        );
    }
}
