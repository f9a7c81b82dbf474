//! What the rows to be asked may cost, and how long that may take, before any is sent.

use std::{collections::BTreeMap, time::Duration};

use bedrock_function::{
    config::Config,
    record::cost_usd,
    text::{ServiceTier, TextRequest, Tokens, estimated_tokens},
};
use serde::Serialize;

use crate::{Answers, Failure};

/// What is taken for an answer where there is none to go by, as `make estimate` takes it: tokens, and time.
const ASSUMED: (u64, Duration) = (300, Duration::from_secs(3));

/// An answer as those to come are taken to be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Typical {
    /// Its length.
    pub output_tokens: u64,
    /// How long it takes, in seconds.
    pub seconds: f64,
    /// Of how many answers of earlier runs it is the mean; 0 where it is assumed.
    pub sample: u64,
}

impl Typical {
    /// The mean of what earlier runs got.
    pub fn of(answers: &Answers) -> Self {
        match answers.count {
            0 => Self {
                output_tokens: ASSUMED.0,
                seconds: ASSUMED.1.as_secs_f64(),
                sample: 0,
            },
            count => Self {
                output_tokens: answers.output_tokens.div_ceil(count),
                seconds: answers.latency_ms as f64 / 1e3 / count as f64,
                sample: count,
            },
        }
    }
}

/// What the rows to be asked may cost.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Rows to be asked.
    pub rows: u64,
    /// Rows of each model.
    pub models: BTreeMap<String, u64>,
    /// Tokens of all prompts, estimated.
    pub input_tokens: u64,
    /// With answers like the typical one, in USD.
    pub likely_usd: f64,
    /// With every answer as long as it may be (`maxTokens`), in USD.
    pub most_usd: f64,
    /// Rows of models whose price is not known: they are in no sum.
    pub unpriced_rows: u64,
    /// Rows of Bedrock's flexible tier.
    pub flex_rows: u64,
    /// What the likely cost and the time go by.
    pub typical: Typical,
}

impl Estimate {
    /// Of no row yet.
    pub fn new(typical: Typical) -> Self {
        Self {
            rows: 0,
            models: BTreeMap::new(),
            input_tokens: 0,
            likely_usd: 0.0,
            most_usd: 0.0,
            unpriced_rows: 0,
            flex_rows: 0,
            typical,
        }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, request: &TextRequest, config: &Config) {
        self.rows += 1;
        match self.models.get_mut(request.model.as_str()) {
            Some(rows) => *rows += 1,
            None => drop(self.models.insert(request.model.to_string(), 1)),
        }
        self.flex_rows += u64::from(request.service_tier == ServiceTier::Flex);
        let input = request.texts().map(estimated_tokens).sum();
        self.input_tokens += input;
        let facts = config.models.facts(&request.model);
        let Some(price) = facts.and_then(|facts| facts.price(request.service_tier)) else {
            self.unpriced_rows += 1;
            return;
        };
        let cost = |output| {
            let tokens = Tokens {
                input,
                output,
                is_estimate: true,
            };
            cost_usd(tokens, price)
        };
        let most = u64::from(request.max_tokens.get());
        self.likely_usd += cost(most.min(self.typical.output_tokens));
        self.most_usd += cost(most);
    }

    /// How long the rows take at that concurrency, if each takes as long as the typical answer.
    pub fn duration(&self, concurrency: usize) -> Duration {
        let turns = self.rows.div_ceil(concurrency.max(1) as u64);
        Duration::from_secs_f64(turns as f64 * self.typical.seconds)
    }

    /// Says whether the rows may be asked: where they cost no more than the limit even in the worst case, where
    /// somebody has said yes before, or where somebody says so now.
    ///
    /// # Errors
    ///
    /// When nobody does.
    pub fn allow(
        &self,
        limit_usd: f64,
        is_agreed: bool,
        ask: impl FnOnce() -> bool,
    ) -> Result<(), Failure> {
        // A row without a price may cost anything.
        let is_within = self.most_usd <= limit_usd && self.unpriced_rows == 0;
        if is_within || self.rows == 0 || is_agreed || ask() {
            Ok(())
        } else {
            Err(Failure::TooDear {
                most_usd: self.most_usd,
                limit_usd,
            })
        }
    }
}

/// An amount of USD, to a cent or, where it is less than ten cents, to a hundredth of one.
pub fn usd(amount: f64) -> String {
    match amount {
        0.0 => "$0".to_owned(),
        small if small < 0.000_1 => "less than $0.0001".to_owned(),
        small if small < 0.1 => format!("${small:.4}"),
        amount => format!("${amount:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(most_usd: f64, unpriced_rows: u64) -> Estimate {
        Estimate {
            rows: 100,
            most_usd,
            unpriced_rows,
            ..Estimate::new(Typical::of(&Answers::default()))
        }
    }

    #[test]
    fn what_may_cost_more_than_the_limit_needs_a_yes() {
        let dear = estimate(1.01, 0);
        let refused = dear.allow(1.0, false, || false).unwrap_err().to_string();
        assert!(
            refused.contains("up to $1.01") && refused.contains("YES=1"),
            "{refused}"
        );
        assert!(
            dear.allow(1.0, true, || unreachable!("asked twice"))
                .is_ok()
        );
        assert!(dear.allow(1.0, false, || true).is_ok());
        assert!(
            dear.allow(2.0, false, || unreachable!("nothing to ask"))
                .is_ok()
        );
        assert!(estimate(0.5, 1).allow(1.0, false, || false).is_err());
    }

    #[test]
    fn the_time_is_that_of_the_turns() {
        // 100 rows in 13 turns of 3 s.
        assert_eq!(estimate(0.0, 0).duration(8), Duration::from_secs(39));
    }

    #[test]
    fn small_amounts_are_not_rounded_to_nothing() {
        for (amount, text) in [
            (0.0, "$0"),
            (0.000_01, "less than $0.0001"),
            (0.000_94, "$0.0009"),
            (1.005, "$1.00"),
            (3_573.9, "$3573.90"),
        ] {
            assert_eq!(usd(amount), text);
        }
    }
}
