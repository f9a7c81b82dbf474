//! The stand-in for Bedrock: what each invocation's requests are answered, and how many they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bedrock_local::{Answer, BedrockLocal, Fault, ReceivedRequest};

use super::{Violation, case::Case};

/// A Bedrock that answers the prompts of the invocations that are under way, and no others.
pub(crate) struct Bedrock {
    local: BedrockLocal,
    expected: Expected,
}

/// The invocations that are under way, by prompt.
#[derive(Clone, Default)]
struct Expected(Arc<Mutex<HashMap<String, Pending>>>);

struct Pending {
    fault: Option<Fault>,
    requests: u32,
}

impl Bedrock {
    /// Starts it; every answer comes after `thinking`.
    pub(crate) async fn start(thinking: Duration) -> Result<Self, Violation> {
        let local = BedrockLocal::builder().start().await?;
        let expected = Expected::default();
        let answers = expected.clone();
        local.respond_with(move |request| answers.answer(request).after(thinking));
        Ok(Self { local, expected })
    }

    pub(crate) fn endpoint_url(&self) -> String {
        self.local.endpoint_url()
    }

    /// Prepares for the requests of an invocation with this prompt.
    pub(crate) fn expect(&self, case: Case, prompt: &str) -> Result<(), Violation> {
        let words = case.fault.words;
        let fault = (!words.is_empty()).then(|| words.parse()).transpose()?;
        let pending = Pending { fault, requests: 0 };
        self.expected.lock().insert(prompt.to_owned(), pending);
        Ok(())
    }

    /// The requests that came with this prompt, which is answered no longer.
    pub(crate) fn take_requests(&self, prompt: &str) -> u32 {
        let taken = self.expected.lock().remove(prompt);
        taken.map_or(0, |pending| pending.requests)
    }
}

impl Expected {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &ReceivedRequest) -> Answer {
        let body = request.json().unwrap_or_default();
        let prompt = &body["messages"][0]["content"][0]["text"];
        let prompt = prompt.as_str().unwrap_or_default();
        let mut expected = self.lock();
        let Some(pending) = expected.get_mut(prompt) else {
            let message = "No invocation of this prompt is under way.";
            return Answer::error(400, "ValidationException", message);
        };
        pending.requests += 1;
        let text = Case::answer(prompt);
        match &pending.fault {
            Some(fault) if fault.times.is_none_or(|times| pending.requests <= times) => {
                fault.kind.answer(&text)
            }
            _ => Answer::converse_text(text),
        }
    }
}
