//! The log line of an invocation, of which there is one.

mod cost;
mod metrics;

use std::time::{Duration, Instant, SystemTime};

use serde::{Serialize, Serializer};

pub use cost::cost_usd;

use crate::{
    config::Destination,
    errors::Error,
    log::{self, Level},
    text::{AnswerEnd, CallError, ServiceTier, Tokens},
};
use metrics::{Members, Metrics};

/// The data of an invocation's log line. The line is written once, when this is dropped, however the
/// invocation ends: the daily limit counts the cost that is in the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    request_id: String,
    cold_start: bool,
    outcome: &'static str,
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    /// The tier; left out where it is the standard one.
    #[serde(skip_serializing_if = "ServiceTier::is_default")]
    service_tier: ServiceTier,
    #[serde(flatten)]
    tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<String>,
    /// From the request to the first text of a streamed answer, retries included.
    #[serde(
        rename = "firstTextMs",
        serialize_with = "as_millis",
        skip_serializing_if = "Option::is_none"
    )]
    first_text: Option<Duration>,
    /// From the request to the whole answer, retries included.
    #[serde(
        rename = "latencyMs",
        serialize_with = "as_millis",
        skip_serializing_if = "Option::is_none"
    )]
    call: Option<Duration>,
    attempts: u32,
    duration_ms: u64,
    /// The time of the invocation less that of the call: the function's own.
    overhead_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bedrock_request_id: Option<String>,
    /// With `BEDROCK_LOG_CONTENT` alone, like the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Bedrock's own words on an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bedrock_message: Option<String>,
    #[serde(skip)]
    started: Instant,
    #[serde(skip)]
    destination: Option<Destination>,
}

impl Record {
    /// The record of an invocation that begins now. `request_id` is Lambda's.
    #[must_use]
    pub fn new(request_id: &str, is_cold: bool, destination: Option<Destination>) -> Self {
        Self {
            request_id: request_id.to_owned(),
            cold_start: is_cold,
            outcome: "InternalError",
            status_code: 500,
            model_id: None,
            service_tier: ServiceTier::Default,
            tokens: None,
            cost_usd: None,
            stop_reason: None,
            first_text: None,
            call: None,
            attempts: 0,
            duration_ms: 0,
            overhead_ms: 0.0,
            bedrock_request_id: None,
            prompt: None,
            text: None,
            bedrock_message: None,
            started: Instant::now(),
            destination,
        }
    }

    /// Notes a call of a model, successful or not.
    pub fn called(&mut self, model: &str, tier: ServiceTier, took: Duration) {
        self.model_id = Some(model.to_owned());
        self.service_tier = tier;
        self.call = Some(took);
    }

    /// Notes an answer.
    pub fn answered(&mut self, end: &AnswerEnd, cost_usd: Option<f64>) {
        self.outcome = "Answered";
        self.status_code = 200;
        self.tokens = Some(end.tokens);
        self.cost_usd = cost_usd;
        self.stop_reason.clone_from(&end.stop.reason);
        self.attempts = end.attempts;
        self.bedrock_request_id.clone_from(&end.bedrock_request_id);
    }

    /// Notes that the answer is streamed, `first_text` after the request.
    pub fn streams(&mut self, first_text: Duration) {
        self.first_text = Some(first_text);
    }

    /// Notes tokens, cost and attempts of a failed call.
    pub fn call_failed(&mut self, error: &CallError, cost_usd: Option<f64>) {
        // An earlier answer that did not satisfy the schema has set its own.
        self.stop_reason = None;
        self.tokens = error.tokens;
        self.cost_usd = cost_usd;
        self.attempts = error.attempts;
        self.bedrock_request_id
            .clone_from(&error.bedrock_request_id);
    }

    /// Notes an error.
    pub fn failed(&mut self, error: &Error) {
        self.outcome = error.outcome();
        self.status_code = error.status();
    }

    /// Writes the line. With metrics it is written at any log level, because alarms watch them.
    fn write(&self) {
        let level = match self.status_code {
            0..400 => Level::Info,
            400..500 => Level::Warn,
            _ => Level::Error,
        };
        match &self.destination {
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
            is_streamed: self.first_text.is_some(),
            is_answered: self.tokens.is_some(),
            is_priced: self.cost_usd.is_some(),
            is_failed: self.status_code >= 400,
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let whole = self.started.elapsed();
        self.duration_ms = millis(whole);
        let overhead = whole.saturating_sub(self.call.unwrap_or_default());
        self.overhead_ms = overhead.as_micros() as f64 / 1e3;
        self.write();
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
