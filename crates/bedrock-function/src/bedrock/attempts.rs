//! The attempts of one call. They end within the call's time, and none is made that could be billed a second
//! time for the same answer.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_bedrockruntime::{
    Client,
    config::{
        self, ConfigBag, Intercept, Region, RuntimeComponents,
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

use crate::{budget::TimeBudget, text::CallError};

/// Before an attempt, the SDK waits a random part of this, doubled each time: its own default.
pub(super) const INITIAL_BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait before an attempt, also where Bedrock asks for a longer one: the SDK's default.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(20);

/// How long Bedrock asks to wait, in milliseconds.
const RETRY_AFTER: &str = "x-amz-retry-after";

/// A pooled connection that has gone stale breaks as soon as it is used. One that breaks later may
/// have carried the request, and then its generation goes on and is billed.
const STALE: Duration = Duration::from_millis(500);

/// Counts the attempts of one call, and forbids further ones that could not end in time.
#[derive(Debug, Clone)]
pub(super) struct Attempts {
    budget: TimeBudget,
    region: Option<Region>,
    count: Arc<AtomicU32>,
    last_start: Arc<Mutex<Instant>>,
}

impl Attempts {
    /// The attempts of a call of `client`.
    pub(super) fn new(budget: TimeBudget, client: &Client) -> Self {
        Self {
            budget,
            region: client.config().region().cloned(),
            count: Arc::default(),
            last_start: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// How many requests were sent.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// How long the call has taken by now.
    pub(super) fn elapsed(&self) -> Duration {
        self.budget.elapsed()
    }

    /// Where the call is sent.
    pub(super) fn region(&self) -> &str {
        self.region.as_ref().map_or("", AsRef::as_ref)
    }

    /// For the call's `config_override`.
    pub(super) fn as_config(&self) -> config::Builder {
        config::Config::builder().retry_classifier(self.clone())
    }

    /// Awaits the call, but no longer than its time.
    pub(super) async fn bound<T, E>(
        &self,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if self.budget.remaining().is_zero() {
            // A request that could not be answered in time is not sent.
            return Err(self.no_time_left());
        }
        match self.budget.bound(call).await {
            Some(result) => result.map_err(|error| self.call_error(&error)),
            None => Err(self.deadline_exceeded()),
        }
    }

    /// Awaits the next event of a stream that the call has opened; `None` when the time is over.
    pub(super) async fn bound_receive<T>(&self, receive: impl Future<Output = T>) -> Option<T> {
        self.budget.bound(receive).await
    }

    fn last_took(&self) -> Duration {
        self.last_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// Whether an attempt as long as the last one would end in time, after the longest wait.
    fn another_fits(&self, asked_to_wait: Duration) -> bool {
        let doublings = self.count().saturating_sub(1);
        let backoff = INITIAL_BACKOFF * 2_u32.saturating_pow(doublings);
        let wait = backoff.max(asked_to_wait).min(MAX_BACKOFF);
        wait + self.last_took() < self.budget.remaining()
    }

    /// Whether the answer may be billed: Bedrock has begun one with a status of success, or the
    /// connection broke while the model could have been at work.
    fn may_be_paid(&self, context: &InterceptorContext) -> bool {
        let has_begun = context.response().is_some_and(|r| r.status().is_success());
        let error = context.output_or_error().and_then(Result::err);
        let broke = error
            .and_then(|error| error.as_connector_error())
            // A time-out of a connector is one of connecting: nothing was sent.
            .is_some_and(|error| !error.is_timeout());
        has_begun || (broke && self.last_took() > STALE)
    }
}

/// The wait that Bedrock asks for in a header of its answer; zero where it asks for none.
fn asked_to_wait(context: &InterceptorContext) -> Duration {
    let header = context
        .response()
        .and_then(|r| r.headers().get(RETRY_AFTER));
    let millis = header.and_then(|value| value.parse().ok());
    millis.map_or(Duration::ZERO, Duration::from_millis)
}

#[dyn_dispatch_hint]
impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    // After signing: a call without credentials sends nothing.
    fn read_before_transmit(
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

    /// Forbids another attempt that could not end in time, or that could be billed twice.
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if self.may_be_paid(context) || !self.another_fits(asked_to_wait(context)) {
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
        let budget = TimeBudget::until(now, now, Duration::from_secs(seconds));
        let config = config::Config::builder().behavior_version(config::BehaviorVersion::latest());
        Attempts::new(budget, &Client::from_conf(config.build()))
    }

    #[test]
    fn another_attempt_fits_while_the_longest_wait_before_it_does() {
        let attempts = attempts_with(10);
        assert!(attempts.another_fits(Duration::ZERO));
        attempts.count.store(4, Ordering::Relaxed);
        assert!(attempts.another_fits(Duration::ZERO), "8 s of at most 10");
        attempts.count.store(5, Ordering::Relaxed);
        assert!(!attempts.another_fits(Duration::ZERO), "16 s of at most 10");
    }

    #[test]
    fn no_attempt_fits_that_bedrock_wants_to_come_too_late() {
        assert!(attempts_with(10).another_fits(Duration::from_secs(9)));
        assert!(!attempts_with(10).another_fits(Duration::from_secs(11)));
    }

    #[test]
    fn no_attempt_fits_that_would_take_as_long_as_the_last_one_did() {
        let attempts = attempts_with(10);
        let nine_seconds_ago = Instant::now().checked_sub(Duration::from_secs(9)).unwrap();
        *attempts.last_start.lock().unwrap() = nine_seconds_ago;
        assert!(!attempts.another_fits(Duration::ZERO));
    }
}
