//! The connection to Bedrock: opened during INIT, and known to be alive before a request goes out on it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_sdk_bedrockruntime::config::{
    BehaviorVersion,
    endpoint::{DefaultResolver, Params, ResolveEndpoint},
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpRequest, result::SdkError},
    http::Response,
};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};

use super::{
    ConnectError,
    http::{Http, IDLE_TIMEOUT},
};
use crate::{budget::TimeBudget, config::Config, log};

/// How long `/ping` may take. INIT may take 10 s; a Bedrock that does not answer within a second
/// will not be faster when it is asked.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that was unused for longer is tried before it is used. A busy function has shorter
/// pauses, and would pay for a ping at every call.
const UNPROVEN_AFTER: Duration = Duration::from_secs(10);

/// The connection that calls of Bedrock go out on.
///
/// Lambda freezes a sandbox between invocations, for minutes. The pool's timer runs on the monotonic
/// clock, which stands still meanwhile, so that the pool keeps a connection that the other side has
/// closed long ago. Its age is therefore told by the wall clock, which Lambda sets right when the
/// sandbox thaws.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    http: Http,
    ping: Arc<Operation<(), (), Infallible>>,
    last_used: Arc<Mutex<SystemTime>>,
}

/// How likely the other side still has a connection open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// It was in use a moment ago, and is used as it is.
    Proven,
    /// It may have been lost, and is tried first.
    Unproven,
    /// The other side has closed it by now, and it is replaced.
    Expired,
}

impl Age {
    /// A clock that was set back tells nothing, so the connection counts as expired.
    fn of(last_used: SystemTime, now: SystemTime) -> Self {
        match now.duration_since(last_used) {
            Ok(unused) if unused < UNPROVEN_AFTER => Self::Proven,
            Ok(unused) if unused < IDLE_TIMEOUT => Self::Unproven,
            _ => Self::Expired,
        }
    }
}

impl Connection {
    /// Prepares for connections to Bedrock Runtime in the configured region; opens none.
    ///
    /// # Errors
    ///
    /// When the region has no endpoint.
    pub(super) async fn new(config: &Config, http: Http) -> Result<Self, ConnectError> {
        Ok(Self {
            ping: Arc::new(ping(&endpoint(config).await?, &http)),
            http,
            last_used: Arc::new(Mutex::new(SystemTime::now())),
        })
    }

    /// Opens a connection and leaves it in the pool. A failure is logged and does no harm: the
    /// first call opens a connection of its own.
    pub(super) async fn open(&self) {
        if let Err(error) = self.ping.invoke(()).await {
            let error = reason(&error);
            log::write(log::Level::Warn, "preconnect failed", log::Reason { error });
        }
        self.was_used();
    }

    /// Makes sure that the next request goes out on a connection that is alive. One that may have been
    /// lost is tried first, and replaced where it does not answer within a second.
    pub(super) async fn ready(&self, budget: TimeBudget) {
        let age = Age::of(*self.lock(), SystemTime::now());
        let is_alive = match age {
            Age::Proven => true,
            Age::Unproven => {
                // Boxed, so that calls that need no ping are no larger for it.
                let ping = Box::pin(self.ping.invoke(()));
                matches!(budget.bound(ping).await, Some(Ok(())))
            }
            Age::Expired => false,
        };
        if !is_alive {
            self.http.renew();
        }
    }

    /// Notes that the connection has just been used.
    pub(super) fn was_used(&self) {
        *self.lock() = SystemTime::now();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SystemTime> {
        self.last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /ping`, unsigned: any answer will do. The SDK has no call that only opens a connection.
fn ping(endpoint: &str, http: &Http) -> Operation<(), (), Infallible> {
    Operation::builder()
        .service_name("Bedrock Runtime")
        .operation_name("Ping")
        .behavior_version(BehaviorVersion::latest())
        .http_client(http.clone())
        .endpoint_url(endpoint)
        .no_auth()
        .no_retry()
        .timeout_config(
            TimeoutConfig::builder()
                .operation_timeout(PING_TIMEOUT)
                .build(),
        )
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .serializer(|(): ()| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri("/ping")?;
            Ok(request)
        })
        .deserializer::<(), Infallible>(|_: &Response| Ok(()))
        .build()
}

/// Where Bedrock Runtime answers: the configured address, or the region's by the SDK's own rules.
async fn endpoint(config: &Config) -> Result<String, ConnectError> {
    if let Some(url) = &config.endpoint_url {
        return Ok(url.clone());
    }
    let wrong = |error: String| ConnectError::Endpoint(error);
    let params = Params::builder()
        .region(config.region.clone())
        .build()
        .map_err(|error| wrong(error.to_string()))?;
    let endpoint = DefaultResolver::new()
        .resolve_endpoint(&params)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    Ok(endpoint.url().to_owned())
}

fn reason<E, R>(error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: std::error::Error,
{
    // Display prints only the outermost layer ("dispatch failure").
    let mut source = std::error::Error::source(error);
    let mut reason = error.to_string();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(unused: Duration) -> Age {
        let now = SystemTime::now();
        Age::of(now - unused, now)
    }

    #[test]
    fn a_connection_is_proven_then_unproven_then_expired() {
        assert_eq!(age(Duration::ZERO), Age::Proven);
        assert_eq!(age(UNPROVEN_AFTER), Age::Unproven);
        assert_eq!(age(IDLE_TIMEOUT), Age::Expired);
    }

    #[test]
    fn a_clock_that_was_set_back_proves_nothing() {
        let now = SystemTime::now();
        assert_eq!(Age::of(now + Duration::from_secs(1), now), Age::Expired);
    }

    #[tokio::test]
    async fn each_partition_of_aws_has_the_endpoint_that_the_sdk_gives_it() {
        for (region, domain) in [
            ("ap-northeast-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("us-iso-east-1", "c2s.ic.gov"),
        ] {
            let config = Config::from_lookup(|name| match name {
                "AWS_REGION" => Some(region.to_owned()),
                "BEDROCK_MODEL_IDS" => Some("m".to_owned()),
                _ => None,
            });
            let url = endpoint(&config.unwrap()).await.unwrap();
            assert_eq!(url, format!("https://bedrock-runtime.{region}.{domain}"));
        }
    }
}
