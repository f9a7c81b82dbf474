//! The real SDK's client, pointed at a stand-in.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{
    BehaviorVersion, Builder, Credentials, Region, SharedHttpClient,
};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::operation::invoke_model::{InvokeModelError, InvokeModelOutput};
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_types::timeout::TimeoutConfig;
use bedrock_local::{ACCESS_KEY_ID, BedrockLocal, SECRET_ACCESS_KEY};
use std::time::Duration;

pub(crate) const NOVA: &str = "jp.amazon.nova-2-lite-v1:0";
pub(crate) const MICRO: &str = "apac.amazon.nova-micro-v1:0";
pub(crate) const TITAN: &str = "amazon.titan-text-express-v1";

/// A call on loopback that takes longer hangs.
pub(crate) const TIME_OUT: Duration = Duration::from_secs(10);

pub(crate) type ConverseResult = Result<ConverseOutput, SdkError<ConverseError>>;
pub(crate) type InvokeResult = Result<InvokeModelOutput, SdkError<InvokeModelError>>;

/// A stand-in with the default settings.
pub(crate) async fn stand_in() -> BedrockLocal {
    BedrockLocal::builder().start().await.expect("a free port")
}

/// A configuration with the stand-in's keys, one attempt, and a time-out that only a hanging call meets.
pub(crate) fn configuration(bedrock: &BedrockLocal) -> Builder {
    configuration_for(
        &bedrock.endpoint_url(),
        http_client(bedrock.certificate_authority_pem()),
    )
}

pub(crate) fn configuration_for(endpoint_url: &str, http_client: SharedHttpClient) -> Builder {
    aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("ap-northeast-1"))
        .credentials_provider(keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY))
        .endpoint_url(endpoint_url)
        .http_client(http_client)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(TIME_OUT).build())
}

pub(crate) fn keys(access_key_id: &str, secret_access_key: &str) -> Credentials {
    Credentials::new(access_key_id, secret_access_key, None, None, "test")
}

/// A client over plain HTTP, or one that trusts the certificate authority alone.
pub(crate) fn http_client(certificate_authority: Option<&str>) -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new();
    let Some(pem) = certificate_authority else {
        return builder.build_http();
    };
    let store = TrustStore::empty().with_pem_certificate(pem.as_bytes());
    let context = TlsContext::builder()
        .with_trust_store(store)
        .build()
        .expect("a PEM certificate");
    builder
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https()
}

pub(crate) fn client(bedrock: &BedrockLocal) -> Client {
    Client::from_conf(configuration(bedrock).build())
}

pub(crate) fn message(role: ConversationRole, text: &str) -> Message {
    Message::builder()
        .role(role)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .expect("role and content")
}

pub(crate) async fn converse(client: &Client, model_id: &str, prompt: &str) -> ConverseResult {
    let message = message(ConversationRole::User, prompt);
    client
        .converse()
        .model_id(model_id)
        .messages(message)
        .send()
        .await
}

pub(crate) async fn converse_with(
    bedrock: &BedrockLocal,
    model_id: &str,
    inference: InferenceConfiguration,
) -> ConverseResult {
    let message = message(ConversationRole::User, "Hello");
    client(bedrock)
        .converse()
        .model_id(model_id)
        .messages(message)
        .inference_config(inference)
        .send()
        .await
}

pub(crate) async fn invoke(client: &Client, model_id: &str, body: &str) -> InvokeResult {
    let body = Blob::new(body.as_bytes());
    client
        .invoke_model()
        .model_id(model_id)
        .content_type("application/json")
        .body(body)
        .send()
        .await
}

/// The text of a complete answer.
pub(crate) fn text(output: &ConverseOutput) -> &str {
    let message = output
        .output()
        .expect("output")
        .as_message()
        .expect("a message");
    message
        .content()
        .iter()
        .find_map(|block| block.as_text().ok())
        .expect("a text block")
}

/// Status, error type and message of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String, String) {
    let error = result.expect_err("a refusal");
    let status = error
        .raw_response()
        .expect("an HTTP response")
        .status()
        .as_u16();
    (
        status,
        error.code().unwrap_or_default().to_owned(),
        error.message().unwrap_or_default().to_owned(),
    )
}

/// Waits until the stand-in has closed every connection, and fails where it does not.
pub(crate) async fn closed(bedrock: &BedrockLocal) {
    let closed = bedrock.all_connections_closed();
    tokio::time::timeout(TIME_OUT, closed)
        .await
        .expect("a connection stayed open");
}
