//! The connection, opened while INIT has a whole CPU, so that the first invocation finds it open.

use std::{convert::Infallible, time::Duration};

use aws_sdk_bedrockruntime::config::BehaviorVersion;
use aws_smithy_http_client::pool;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpRequest, result::SdkError},
    http::Response,
};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};

use crate::{config::Config, log};

/// INIT may take 10 s; a Bedrock that does not answer within one will not be faster when asked.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Opens a connection to Bedrock and leaves it in the pool. The SDK has no call for that: this
/// asks for `/ping`, unsigned, and takes any answer. A failure is logged and does no harm: the
/// first call opens a connection of its own.
pub async fn preconnect(config: &Config, http_client: &pool::Client) {
    if !config.preconnect {
        return;
    }
    let operation = Operation::builder()
        .service_name("Bedrock Runtime")
        .operation_name("Preconnect")
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client.clone())
        .endpoint_url(&endpoint(config))
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::builder().operation_timeout(TIMEOUT).build())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .serializer(|(): ()| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri("/ping")?;
            Ok(request)
        })
        .deserializer::<(), Infallible>(|_: &Response| Ok(()))
        .build();
    if let Err(error) = operation.invoke(()).await {
        let error = reason(&error);
        log::write(log::Level::Warn, "preconnect failed", log::Reason { error });
    }
}

/// Where Bedrock Runtime answers in the region, unless another address is set.
fn endpoint(config: &Config) -> String {
    config.endpoint_url.clone().unwrap_or_else(|| {
        // By the endpoint rules of the service: China has a domain of its own.
        let domain = if config.region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        format!("https://bedrock-runtime.{}.{domain}", config.region)
    })
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
