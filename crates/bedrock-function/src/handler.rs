//! The path from an event to its reply. Every event gets one; the invocation itself never fails.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Instant, SystemTime},
};

use crate::{
    config::Config,
    deadline::TimeBudget,
    error::Error,
    event::{Event, EventKind, Request},
    model::{TextAnswer, TextModel},
    panic::caught,
    reply::{Reply, Usage},
    usage::{Record, cost_usd, millis},
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
        let started = Instant::now();
        let budget = TimeBudget::until(invocation.deadline, SystemTime::now(), self.config.timeout);
        let mut record = Record {
            cold_start: self.is_cold.swap(false, Ordering::Relaxed),
            ..Record::default()
        };
        let mut kind = EventKind::Direct;
        let answered = caught(async {
            let event = Event::parse(&payload, &self.config);
            // Its text is in the request now: no second copy stands by while the model thinks.
            drop(payload);
            kind = event.kind;
            self.answer(event.request?, budget, &mut record).await
        });
        let reply = match answered.await.unwrap_or(Err(Error::Internal)) {
            Ok((answer, usage)) => Reply::answer(kind, &answer, usage),
            Err(error) => {
                record.failed(&error);
                Reply::error(kind, &error, &invocation.request_id)
            }
        };
        record.request_id = invocation.request_id;
        record.duration_ms = millis(started.elapsed());
        record.write();
        reply
    }

    async fn answer(
        &self,
        request: Request,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<(TextAnswer, Option<Usage>), Error> {
        let Request { text, wants_usage } = request;
        let model = text.model.to_string();
        let price = self
            .config
            .models
            .facts(&text.model)
            .and_then(|f| f.price_per_million_tokens);
        record.model_id = Some(model.clone());
        record.prompt = self.config.log_content.then(|| text.prompt.clone());
        let called = Instant::now();
        let result = self.models.answer(text, budget).await;
        let latency_ms = millis(called.elapsed());
        record.latency_ms = Some(latency_ms);
        let answer = result.map_err(|error| {
            record.bedrock_message = error
                .bedrock_message
                .clone()
                .filter(|_| self.config.log_content);
            Error::Call {
                error,
                model: model.clone(),
            }
        })?;
        record.answered(&answer, price);
        record.text = self.config.log_content.then(|| answer.text.clone());
        let usage = wants_usage.then(|| Usage {
            model,
            usage: answer.tokens,
            cost_usd: price.map(|price| cost_usd(answer.tokens, price)),
            latency_ms,
        });
        if answer.text.is_empty() {
            let stop_reason = answer.stop.reason.filter(|_| !answer.stop.is_ordinary);
            return Err(Error::NoText { stop_reason });
        }
        Ok((answer, usage))
    }
}
