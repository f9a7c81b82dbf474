//! The path from an event to its reply. Every event gets one; the invocation itself never fails.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    admit::admit,
    budget::TimeBudget,
    config::Config,
    doors::{Door, Reply, Usage, Wanted},
    errors::{CallError, Error},
    panic::caught,
    record::{Record, cost_usd, millis},
    text::{Answer, TextModel, TextRequest},
};

/// Answers events with a model.
#[derive(Debug)]
pub struct Handler<M> {
    config: Config,
    models: M,
    is_cold: AtomicBool,
}

/// What Lambda says of an invocation beside its payload.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's id of it.
    pub request_id: String,
    /// When Lambda ends it.
    pub deadline: SystemTime,
}

/// A call of a model, and what came of it.
struct Call {
    model: String,
    took: Duration,
    result: Result<Answered, CallError>,
}

/// An answer and its estimated price in USD, where the model's price is known.
struct Answered {
    answer: Answer,
    cost_usd: Option<f64>,
}

impl<M: TextModel> Handler<M> {
    /// A handler that asks `models`.
    pub fn new(config: Config, models: M) -> Self {
        Self {
            config,
            models,
            is_cold: AtomicBool::new(true),
        }
    }

    /// Answers one event, and writes its log line.
    pub async fn handle(&self, payload: Box<str>, invocation: Invocation) -> Reply {
        let budget = TimeBudget::until(invocation.deadline, SystemTime::now(), self.config.timeout);
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let mut record = Record::new(&invocation.request_id, is_cold, self.config.metrics.clone());
        let opened = caught(async { Door::open(payload) }).await;
        let (door, wanted) = opened.unwrap_or((Door::Direct, Err(Error::Internal)));
        let answered = caught(self.answer(door, wanted, budget, &mut record)).await;
        let reply = answered.unwrap_or(Err(Error::Internal));
        reply.unwrap_or_else(|error| {
            record.failed(&error);
            door.error(&error, &invocation.request_id)
        })
    }

    async fn answer(
        &self,
        door: Door,
        wanted: Result<Wanted, Error>,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<Reply, Error> {
        let wanted = wanted?;
        let wants_usage = wanted.usage;
        let request = admit(wanted, &self.config)?;
        if self.config.log_content {
            record.prompt = Some(request.prompt.clone());
        }
        let call = self.call(request, budget).await;
        record.called(&call.model, call.took);
        match call.result {
            Ok(Answered { answer, cost_usd }) => {
                record.answered(&answer.end, cost_usd);
                if self.config.log_content {
                    record.text = Some(answer.text.clone());
                }
                let usage = wants_usage.then(|| Usage {
                    model: call.model,
                    tokens: answer.end.tokens,
                    cost_usd,
                    latency_ms: millis(call.took),
                });
                door.answer(&answer, usage)
            }
            Err(error) => {
                if self.config.log_content {
                    record.bedrock_message.clone_from(&error.bedrock_message);
                }
                Err(Error::Call {
                    error,
                    model: call.model,
                })
            }
        }
    }

    async fn call(&self, request: TextRequest, budget: TimeBudget) -> Call {
        let model = request.model.to_string();
        let facts = self.config.models.facts(&request.model);
        let price = facts.and_then(|facts| facts.price_per_million_tokens);
        let called = Instant::now();
        let result = async { Answer::collect(self.models.ask(request, budget).await?).await }.await;
        Call {
            model,
            took: called.elapsed(),
            result: result.map(|answer| Answered {
                cost_usd: price.map(|price| cost_usd(answer.end.tokens, price)),
                answer,
            }),
        }
    }
}
