//! Handles an event: from its payload to the outcome that the caller gets. Every event gets one. The
//! invocation itself fails for a task alone, where trying again may help: Step Functions retries by the
//! type of that error.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::SystemTime,
};

use serde_json::value::RawValue;

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
    text::{Answer, AnswerEnd, CallError, TextModel, TextRequest, Tokens},
};

/// Answers events with a model.
#[derive(Debug)]
pub struct Handler<M> {
    config: Config,
    models: M,
    is_cold: AtomicBool,
}

/// Lambda's data about an invocation, beside the payload.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// When Lambda ends the invocation.
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
        match delivery {
            Delivery::Whole { usage } => {
                let (answer, json) = self.whole(&call, request, budget, record).await?;
                let usage = usage.then(|| call.usage(answer.end.tokens));
                door.answer(&answer, json.as_deref(), usage)
                    .map(Answering::Whole)
            }
            Delivery::Streamed => {
                let parts = match self.models.ask(request, budget).await {
                    Ok(parts) => parts,
                    Err(error) => return Err(call.failed(error, record)),
                };
                let answer = LiveAnswer::begin(call, parts, budget, record).await?;
                Ok(Answering::Live(answer))
            }
        }
    }

    /// The whole answer, and its JSON where the caller asked for that. A model whose answer does not
    /// satisfy the schema is asked again, as often as the caller and the time allow. The tokens and
    /// attempts of all answers are counted in the last one's end.
    async fn whole(
        &self,
        call: &Call,
        request: TextRequest,
        budget: TimeBudget,
        record: &mut Record,
    ) -> Result<(Answer, Option<Box<RawValue>>), Error> {
        let mut retries = call.retries();
        let (mut request, mut before) = (request, Spent::default());
        loop {
            let began = budget.elapsed();
            let again = (retries > 0).then(|| request.clone());
            let collected = match self.models.ask(request, budget).await {
                Ok(parts) => Answer::collect(parts).await,
                Err(error) => Err(error),
            };
            let mut answer = match collected {
                Ok(answer) => answer,
                Err(error) => return Err(call.failed(before.with_error(error), record)),
            };
            before.add_to(&mut answer.end);
            record.text = call.logs_content.then(|| answer.text.clone());
            let why = match call.answered(&answer.text, &answer.end, record) {
                Ok(json) => return Ok((answer, json)),
                Err(why) => why,
            };
            let took = budget.elapsed().saturating_sub(began);
            let fits = why.is_worth_another_call() && took < budget.remaining();
            match again.filter(|_| fits) {
                Some(again) => {
                    (request, before) = (again, Spent::on(&answer.end));
                    retries -= 1;
                }
                None => return Err(call.unsatisfied(why)),
            }
        }
    }
}

/// The tokens and attempts of answers that did not satisfy the schema.
#[derive(Default)]
struct Spent {
    tokens: Option<Tokens>,
    attempts: u32,
}

impl Spent {
    fn on(end: &AnswerEnd) -> Self {
        Self {
            tokens: Some(end.tokens),
            attempts: end.attempts,
        }
    }

    fn add_to(&self, end: &mut AnswerEnd) {
        end.attempts += self.attempts;
        if let Some(tokens) = self.tokens {
            end.tokens += tokens;
        }
    }

    fn with_error(self, error: CallError) -> CallError {
        let Some(mut tokens) = self.tokens else {
            return error;
        };
        if let Some(more) = error.tokens {
            tokens += more;
        }
        CallError {
            tokens: Some(tokens),
            attempts: error.attempts + self.attempts,
            ..error
        }
    }
}
