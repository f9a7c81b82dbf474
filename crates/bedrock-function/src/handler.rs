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
    model::{TextAnswer, TextModel, TextRequest},
    panic::caught,
    reply::{Reply, Usage},
    usage::{Record, millis},
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
            let event = Event::parse(payload, &self.config);
            kind = event.kind;
            let (answer, usage) = self.answer(event.request?, budget, &mut record).await?;
            let reply = Reply::answer(kind, &answer, usage);
            if reply.is_too_large() {
                Err(Error::TooLarge)
            } else {
                Ok(reply)
            }
        });
        let reply = answered
            .await
            .unwrap_or(Err(Error::Internal))
            .unwrap_or_else(|error| {
                record.failed(&error);
                Reply::error(kind, &error, &invocation.request_id)
            });
        record.request_id = invocation.request_id;
        record.took(started.elapsed());
        record.write(self.config.metrics.as_ref());
        reply
    }

    async fn answer(
        &self,
        request: Request,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<(TextAnswer, Option<Usage>), Error> {
        let Request { text, wants_usage } = request;
        let model = text.model.clone();
        let answer = self.call(text, budget, record).await?;
        let usage = wants_usage.then(|| Usage {
            model: model.to_string(),
            usage: answer.tokens,
            cost_usd: record.cost_usd,
            latency_ms: record.call.map_or(0, millis),
        });
        if answer.text.is_empty() {
            let stop_reason = answer.stop.reason.filter(|_| !answer.stop.is_ordinary);
            return Err(Error::NoText { stop_reason });
        }
        Ok((answer, usage))
    }

    /// Asks the model, and notes what that took.
    async fn call(
        &self,
        request: TextRequest,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<TextAnswer, Error> {
        let logs_content = self.config.log_content;
        let model = request.model.to_string();
        let facts = self.config.models.facts(&request.model);
        let price = facts.and_then(|facts| facts.price_per_million_tokens);
        record.model_id = Some(model.clone());
        record.prompt = logs_content.then(|| request.prompt.clone());
        let called = Instant::now();
        let result = self.models.answer(request, budget).await;
        record.call = Some(called.elapsed());
        match result {
            Ok(answer) => {
                record.answered(&answer, price);
                record.text = logs_content.then(|| answer.text.clone());
                Ok(answer)
            }
            Err(error) => {
                record.bedrock_message = error.bedrock_message.clone().filter(|_| logs_content);
                Err(Error::Call { error, model })
            }
        }
    }
}
