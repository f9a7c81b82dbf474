//! The attempts of one call: within its time, and none that would pay for a generation twice.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_bedrockruntime::{
    config::{
        self, ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{context::InterceptorContext, dyn_dispatch_hint},
        retries::classifiers::{ClassifyRetry, RetryAction},
    },
};

use super::CallError;
use crate::deadline::TimeBudget;

/// Before an attempt, the SDK waits a random part of this, doubled each time.
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// Counts the attempts of one call, forbids those that could not end in time, and ends the call
/// when its time is over.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    budget: TimeBudget,
    count: Arc<AtomicU32>,
    last_start: Arc<Mutex<Instant>>,
}

impl Attempts {
    pub(crate) fn new(budget: TimeBudget) -> Self {
        Self {
            budget,
            count: Arc::default(),
            last_start: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// How many requests were sent.
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// For the call's `config_override`.
    pub(crate) fn as_config(&self) -> config::Builder {
        config::Config::builder().retry_classifier(self.clone())
    }

    /// Awaits the call, but no longer than its time.
    pub(crate) async fn bound<T, E>(
        &self,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let remaining = self.budget.remaining();
        if remaining.is_zero() {
            // Nothing is sent that could not be answered.
            return Err(CallError::deadline_exceeded(self.budget.elapsed(), 0));
        }
        let result = tokio::time::timeout(remaining, call).await;
        let waited = self.budget.elapsed();
        match result {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => Err(CallError::from_sdk(&error, waited, self.count())),
            Err(_) => Err(CallError::deadline_exceeded(waited, self.count())),
        }
    }

    fn another_fits(&self) -> bool {
        let backoff = INITIAL_BACKOFF * 2_u32.saturating_pow(self.count().saturating_sub(1));
        let last_start = *self
            .last_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        backoff + last_start.elapsed() < self.budget.remaining()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        *self
            .last_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(())
    }
}

impl ClassifyRetry for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    /// Forbids another attempt that could not end in time, and any after Bedrock has begun a good
    /// answer: that generation is on the bill, whatever became of the connection.
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let is_paid = context.response().is_some_and(|r| r.status().is_success());
        if is_paid || !self.another_fits() {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn attempts_with(seconds: u64) -> Attempts {
        let now = SystemTime::now();
        // No deadline ahead: the fallback is the whole budget.
        Attempts::new(TimeBudget::until(now, now, Duration::from_secs(seconds)))
    }

    #[test]
    fn another_attempt_fits_while_the_longest_wait_before_it_does() {
        let attempts = attempts_with(10);
        assert!(attempts.another_fits());
        attempts.count.store(4, Ordering::Relaxed);
        assert!(attempts.another_fits(), "8 s of at most 10");
        attempts.count.store(5, Ordering::Relaxed);
        assert!(!attempts.another_fits(), "16 s of at most 10");
    }

    #[test]
    fn no_attempt_fits_that_would_take_as_long_as_the_last_one_did() {
        let attempts = attempts_with(10);
        let nine_seconds_ago = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
        *attempts.last_start.lock().unwrap() = nine_seconds_ago;
        assert!(!attempts.another_fits());
    }
}
