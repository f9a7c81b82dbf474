//! The SDK's client, its behaviour set deliberately rather than by default.

use std::time::Duration;

use aws_sdk_bedrockruntime::{
    Client,
    config::{
        BehaviorVersion, Region, StalledStreamProtectionConfig, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
};

use super::{
    attempts::{INITIAL_BACKOFF, MAX_BACKOFF},
    connection::Connection,
    credentials,
    http::Http,
};
use crate::config::Config;

/// Longer than a TCP and TLS handshake within a region takes even when a packet is lost twice.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Attempts in all, the first included: the standard of AWS's SDKs.
const MAX_ATTEMPTS: u32 = 3;

/// Why there is no client: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// `AWS_CA_BUNDLE` cannot be used.
    #[error("AWS_CA_BUNDLE names {path:?}, which {problem}")]
    CaBundle {
        /// The variable's value.
        path: String,
        /// What is wrong with the file, and what to do.
        problem: String,
    },
    /// The HTTP client could not be made.
    #[error("The HTTP client could not be made: {0}.")]
    Http(String),
    /// The region has no endpoint.
    #[error("Bedrock has no endpoint for AWS_REGION: {0}.")]
    Endpoint(String),
}

/// Makes the client and the connection under it. Opens no connection.
///
/// # Errors
///
/// A CA bundle that cannot be read or holds no certificate.
pub(super) async fn client(config: &Config) -> Result<(Client, Connection), ConnectError> {
    let http = Http::new(config.ca_bundle.as_deref())?;
    let mut sdk = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .credentials_provider(credentials::provider(&http).await)
        .http_client(http.clone())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(MAX_ATTEMPTS)
                .with_initial_backoff(INITIAL_BACKOFF)
                .with_max_backoff(MAX_BACKOFF),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .build(),
        )
        // The protection takes a model that sends nothing for some seconds for a stalled stream, ends the
        // call and sends it again, which is paid twice. The time budget bounds the call instead.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    sdk.set_endpoint_url(config.endpoint_url.clone());
    let connection = Connection::new(config, http).await?;
    Ok((Client::from_conf(sdk.build()), connection))
}
