//! The path from an event to what its caller gets. Every event gets something. The invocation itself fails
//! for a task alone, where trying again may help: Step Functions does so by the type of that error.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

use crate::{
    admit::admit,
    budget::TimeBudget,
    call::Call,
    config::Config,
    doors::{Delivery, Door, Outcome, Payload, Wanted},
    errors::Error,
    live::LiveAnswer,
    panic::caught,
    record::Record,
    text::{Answer, AnswerStream, TextModel},
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

/// An answer on its way to the caller.
enum Answering {
    Whole(Payload),
    Live(LiveAnswer),
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

    /// Answers one event. Its log line is written when the answer has ended.
    pub async fn handle(&self, payload: Box<str>, invocation: Invocation) -> Outcome {
        let budget = TimeBudget::until(invocation.deadline, SystemTime::now(), self.config.timeout);
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let mut record = Record::new(&invocation.request_id, is_cold, self.config.metrics.clone());
        let opened = caught(async { Door::open(payload) }).await;
        let (door, wanted) = opened.unwrap_or((Door::Direct, Err(Error::Internal)));
        let answering = caught(self.answer(&door, wanted, budget, &mut record)).await;
        match answering.unwrap_or(Err(Error::Internal)) {
            Ok(Answering::Live(answer)) => {
                Outcome::events(answer.into_body(record, invocation.request_id))
            }
            Ok(Answering::Whole(payload)) => door.pass(payload, self.config.stream),
            Err(error) => {
                record.failed(&error);
                door.fail(&error, &invocation.request_id, self.config.stream)
            }
        }
    }

    async fn answer(
        &self,
        door: &Door,
        wanted: Result<Wanted, Error>,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<Answering, Error> {
        let wanted = wanted?;
        let delivery = wanted.delivery;
        let request = admit(wanted, &self.config)?;
        if self.config.log_content {
            record.prompt = Some(request.prompt.clone());
        }
        let call = Call::new(&request, &self.config);
        let parts = match self.models.ask(request, budget).await {
            Ok(parts) => parts,
            Err(error) => return Err(call.failed(error, record)),
        };
        match delivery {
            Delivery::Whole { usage } => whole(&call, parts, record).await.and_then(|answer| {
                let usage = usage.then(|| call.usage(answer.end.tokens));
                door.answer(&answer, usage).map(Answering::Whole)
            }),
            Delivery::Streamed => {
                let answer = LiveAnswer::begin(call, parts, budget, record).await?;
                Ok(Answering::Live(answer))
            }
        }
    }
}

async fn whole(call: &Call, parts: AnswerStream, record: &mut Record) -> Result<Answer, Error> {
    match Answer::collect(parts).await {
        Ok(answer) => {
            call.answered(&answer.end, record);
            record.text = call.logs_content.then(|| answer.text.clone());
            Ok(answer)
        }
        Err(error) => Err(call.failed(error, record)),
    }
}
