//! The stand-in for Bedrock, and how often it was asked for each invocation.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bedrock_local::{Answer, BedrockLocal, ReceivedRequest};

use crate::{Violation, case::Case};

/// A Bedrock that treats every prompt as its [`Case`] says.
pub(crate) struct Bedrock {
    local: BedrockLocal,
    attempts: Attempts,
}

/// Attempts of the invocations that are under way.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<HashMap<(u32, u32), u32>>>);

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, HashMap<(u32, u32), u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more, and says how many that makes.
    fn count(&self, case: Case) -> u32 {
        let mut attempts = self.lock();
        let count = attempts.entry((case.caller, case.number)).or_default();
        *count += 1;
        *count
    }
}

impl Bedrock {
    /// Starts it; every answer comes after `thinking`.
    pub(crate) async fn start(thinking: Duration) -> Result<Self, Violation> {
        let local = BedrockLocal::builder().start().await?;
        let attempts = Attempts::default();
        let counter = attempts.clone();
        local.respond_with(move |request| answer(request, &counter).after(thinking));
        Ok(Self { local, attempts })
    }

    pub(crate) fn endpoint_url(&self) -> String {
        self.local.endpoint_url()
    }

    /// The requests that came for an invocation; it is forgotten with this.
    pub(crate) fn take_attempts(&self, case: Case) -> u32 {
        self.attempts
            .lock()
            .remove(&(case.caller, case.number))
            .unwrap_or_default()
    }
}

fn answer(request: &ReceivedRequest, attempts: &Attempts) -> Answer {
    let body = request.json().unwrap_or_default();
    let prompt = body["messages"][0]["content"][0]["text"]
        .as_str()
        .unwrap_or_default();
    match Case::of(prompt) {
        Some(case) => case
            .fault
            .answer(attempts.count(case), &Case::answer(prompt)),
        None => Answer::error(
            400,
            "ValidationException",
            "The prompt is none of this run's.",
        ),
    }
}
