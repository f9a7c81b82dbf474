//! Where the credentials come from.

use aws_credential_types::provider::SharedCredentialsProvider;

use super::http::Http;

/// On Lambda, the environment has them for the sandbox's life; nothing else is looked at.
#[cfg(not(feature = "credential-chain"))]
pub(super) async fn provider(_: &Http) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(
        aws_config::environment::EnvironmentVariableCredentialsProvider::new(),
    )
}

/// For local runs against real Bedrock: profiles, SSO and the rest of the chain of AWS's tools.
#[cfg(feature = "credential-chain")]
pub(super) async fn provider(http: &Http) -> SharedCredentialsProvider {
    let chain = aws_config::default_provider::credentials::DefaultCredentialsChain::builder()
        .configure(
            aws_config::provider_config::ProviderConfig::default().with_http_client(http.clone()),
        )
        .build()
        .await;
    SharedCredentialsProvider::new(chain)
}
