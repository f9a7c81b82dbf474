//! A call of a model. Its result goes into the record and to the caller.

use std::{sync::Arc, time::Instant};

use serde_json::value::RawValue;

use crate::{
    config::{Config, Price},
    doors::Usage,
    errors::{Error, Unsatisfied},
    record::{Record, cost_usd, millis},
    text::{AnswerEnd, CallError, ServiceTier, Structured, TextRequest, Tokens},
};

/// A call of a model, from its beginning.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) started: Instant,
    /// Whether prompts and answers may be logged.
    pub(crate) logs_content: bool,
    model: String,
    tier: ServiceTier,
    price: Option<Price>,
    /// What the answer must satisfy, where it is to be JSON.
    structured: Option<Arc<Structured>>,
}

impl Call {
    /// A call that begins now.
    pub(crate) fn new(request: &TextRequest, config: &Config) -> Self {
        let facts = config.models.facts(&request.model);
        Self {
            started: Instant::now(),
            logs_content: config.log_content,
            model: request.model.to_string(),
            tier: request.service_tier,
            price: facts.and_then(|facts| facts.price(request.service_tier)),
            structured: request.structured.clone(),
        }
    }

    /// The usage of the answer, up to now.
    pub(crate) fn usage(&self, tokens: Tokens) -> Usage {
        Usage {
            model: self.model.clone(),
            tokens,
            cost_usd: self.cost(tokens),
            latency_ms: millis(self.started.elapsed()),
        }
    }

    /// Whether the answer is to be JSON.
    pub(crate) fn is_structured(&self) -> bool {
        self.structured.is_some()
    }

    /// How often the model may be asked again.
    pub(crate) fn retries(&self) -> u8 {
        self.structured.as_ref().map_or(0, |wanted| wanted.retries)
    }

    /// Notes that the model has ended its answer, and gives the answer's JSON where the caller asked for JSON.
    ///
    /// # Errors
    ///
    /// When the answer does not satisfy the event's schema. It is billed and recorded all the same.
    pub(crate) fn answered(
        &self,
        text: &str,
        end: &AnswerEnd,
        record: &mut Record,
    ) -> Result<Option<Box<RawValue>>, Unsatisfied> {
        record.called(&self.model, self.tier, self.started.elapsed());
        record.answered(end, self.cost(end.tokens));
        let structured = self.structured.as_ref();
        structured
            .map(|structured| structured.json_of(text, &end.stop))
            .transpose()
    }

    /// The error for an answer that does not satisfy the event's schema.
    pub(crate) fn unsatisfied(&self, why: Unsatisfied) -> Error {
        Error::Unsatisfied {
            model: self.model.clone(),
            why,
        }
    }

    /// Notes that the call has failed. Its cost counts all the same.
    pub(crate) fn failed(&self, error: CallError, record: &mut Record) -> Error {
        record.called(&self.model, self.tier, self.started.elapsed());
        record.call_failed(&error, error.tokens.and_then(|tokens| self.cost(tokens)));
        if self.logs_content {
            record.bedrock_message = error.bedrock_message;
        }
        Error::Call {
            code: error.code,
            cause: error.cause,
            model: self.model.clone(),
            waited: error.waited,
        }
    }

    /// The estimated price in USD; none where the model's is not known.
    fn cost(&self, tokens: Tokens) -> Option<f64> {
        self.price.map(|price| cost_usd(tokens, price))
    }
}
