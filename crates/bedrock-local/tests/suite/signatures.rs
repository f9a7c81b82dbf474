//! Signatures: the known key, for Bedrock, in the Region, at this time.

use crate::support::{
    ConverseResult, NOVA, client, configuration, converse, keys, refusal, stand_in, text,
};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::{Credentials, Region};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bedrock_local::{ACCESS_KEY_ID, Answer, BedrockLocal, SECRET_ACCESS_KEY};
use std::time::{Duration, SystemTime};

const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#;

async fn converse_as(bedrock: &BedrockLocal, credentials: Credentials) -> ConverseResult {
    let configuration = configuration(bedrock)
        .credentials_provider(credentials)
        .build();
    converse(&Client::from_conf(configuration), NOVA, "Hello").await
}

fn assert_refused(actual: (u16, String, String), error_type: &str, message: &str) {
    assert_eq!(actual, (403, error_type.to_owned(), message.to_owned()));
}

#[tokio::test]
async fn another_secret_is_refused() {
    let bedrock = stand_in().await;
    let expected = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    let actual = refusal(converse_as(&bedrock, keys(ACCESS_KEY_ID, "another secret")).await);
    assert_refused(actual, "InvalidSignatureException", expected);
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let bedrock = stand_in().await;
    let actual = refusal(converse_as(&bedrock, keys("AKIAUNKNOWN", SECRET_ACCESS_KEY)).await);
    assert_refused(
        actual,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    );
}

#[tokio::test]
async fn a_session_token_is_part_of_what_is_signed() {
    let bedrock = stand_in().await;
    let session = Credentials::new(
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
        Some("a token".to_owned()),
        None,
        "test",
    );
    converse_as(&bedrock, session).await.unwrap();
    let request = &bedrock.requests()[0];
    assert_eq!(request.header("x-amz-security-token"), Some("a token"));
    assert!(
        request
            .header("authorization")
            .unwrap()
            .contains("x-amz-security-token")
    );
}

#[tokio::test]
async fn another_region_is_refused() {
    let bedrock = stand_in().await;
    let configuration = configuration(&bedrock)
        .region(Region::from_static("us-east-1"))
        .build();
    let actual = refusal(converse(&Client::from_conf(configuration), NOVA, "Hello").await);
    assert_refused(
        actual,
        "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'us-east-1'.",
    );
}

#[tokio::test]
async fn the_region_is_a_setting() {
    let bedrock = BedrockLocal::builder()
        .region("us-east-1")
        .start()
        .await
        .unwrap();
    let configuration = configuration(&bedrock)
        .region(Region::from_static("us-east-1"))
        .build();
    converse(&Client::from_conf(configuration), NOVA, "Hello")
        .await
        .unwrap();
    assert_eq!(
        refusal(converse(&client(&bedrock), NOVA, "Hello").await).0,
        403
    );
}

#[tokio::test]
async fn a_refused_request_takes_no_scripted_answer() {
    let bedrock = stand_in().await;
    bedrock.enqueue(Answer::converse_text("scripted"));
    converse_as(&bedrock, keys(ACCESS_KEY_ID, "another secret"))
        .await
        .unwrap_err();
    assert_eq!(
        text(&converse(&client(&bedrock), NOVA, "Hello").await.unwrap()),
        "scripted"
    );
    assert_eq!(bedrock.requests().len(), 2);
}

#[tokio::test]
async fn an_unsigned_request_is_refused() {
    let bedrock = stand_in().await;
    let actual = send(&bedrock, BODY, &[]).await;
    assert_refused(
        actual,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    );
}

#[tokio::test]
async fn a_bearer_token_is_refused_with_what_to_do() {
    let bedrock = stand_in().await;
    let (status, error_type, message) = send(
        &bedrock,
        BODY,
        &[("authorization".into(), "Bearer key".into())],
    )
    .await;
    assert_eq!(
        (status, error_type.as_str()),
        (403, "AccessDeniedException")
    );
    assert!(
        message.contains("Signature Version 4 only")
            && message.contains("AWS_BEARER_TOKEN_BEDROCK"),
        "{message}"
    );
}

#[tokio::test]
async fn a_signature_by_hand_is_accepted() {
    let bedrock = stand_in().await;
    let headers = signed(&bedrock, "bedrock", SystemTime::now());
    assert_eq!(send(&bedrock, BODY, &headers).await.0, 200);
}

#[tokio::test]
async fn a_query_is_part_of_what_is_signed() {
    let bedrock = stand_in().await;
    let target = format!("{}?b=2&a=x%20y&a-b&a=%2F", path());
    let headers = signed_for(&bedrock, &target, "bedrock", SystemTime::now());
    assert_eq!(send_to(&bedrock, &target, BODY, &headers).await.0, 200);
    let changed = target.replace("b=2", "b=3");
    let (status, error_type, _) = send_to(&bedrock, &changed, BODY, &headers).await;
    assert_eq!(
        (status, error_type.as_str()),
        (403, "InvalidSignatureException")
    );
}

#[tokio::test]
async fn another_service_is_refused() {
    let bedrock = stand_in().await;
    let headers = signed(&bedrock, "lambda", SystemTime::now());
    let actual = send(&bedrock, BODY, &headers).await;
    assert_refused(
        actual,
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'bedrock'.",
    );
}

#[tokio::test]
async fn a_body_changed_after_signing_is_refused() {
    let bedrock = stand_in().await;
    let headers = signed(&bedrock, "bedrock", SystemTime::now());
    let (status, error_type, message) =
        send(&bedrock, &BODY.replace("Hello", "Goodbye"), &headers).await;
    assert_eq!(
        (status, error_type.as_str()),
        (403, "InvalidSignatureException")
    );
    assert!(message.contains("does not match"), "{message}");
}

#[tokio::test]
async fn a_session_token_added_after_signing_is_refused() {
    let bedrock = stand_in().await;
    let mut headers = signed(&bedrock, "bedrock", SystemTime::now());
    headers.push(("x-amz-security-token".to_owned(), "a token".to_owned()));
    let (status, error_type, message) = send(&bedrock, BODY, &headers).await;
    assert_eq!(
        (status, error_type.as_str()),
        (403, "InvalidSignatureException")
    );
    assert!(
        message.contains("'x-amz-security-token' must be a 'SignedHeader'"),
        "{message}"
    );
}

#[tokio::test]
async fn a_signature_older_or_newer_than_five_minutes_is_refused() {
    let bedrock = stand_in().await;
    let (six, four) = (Duration::from_secs(360), Duration::from_secs(240));
    let now = SystemTime::now();
    for (at, expected) in [
        (now - six, "Signature expired: "),
        (now + six, "Signature not yet current: "),
    ] {
        let (status, error_type, message) =
            send(&bedrock, BODY, &signed(&bedrock, "bedrock", at)).await;
        assert_eq!(
            (status, error_type.as_str()),
            (403, "InvalidSignatureException")
        );
        assert!(message.starts_with(expected), "{message}");
    }
    assert_eq!(
        send(&bedrock, BODY, &signed(&bedrock, "bedrock", now - four))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn an_authorization_without_its_parts_is_incomplete() {
    let bedrock = stand_in().await;
    let header = (
        "authorization".to_owned(),
        "AWS4-HMAC-SHA256 Credential=nobody".to_owned(),
    );
    let (status, error_type, _) = send(&bedrock, BODY, &[header]).await;
    assert_eq!(
        (status, error_type.as_str()),
        (400, "IncompleteSignatureException")
    );
}

#[tokio::test]
async fn signatures_can_be_left_unchecked() {
    let bedrock = BedrockLocal::builder()
        .verify_signatures(false)
        .start()
        .await
        .unwrap();
    assert_eq!(send(&bedrock, BODY, &[]).await.0, 200);
}

fn path() -> String {
    format!("/model/{}/converse", NOVA.replace(':', "%3A"))
}

/// The headers that sign `BODY`.
fn signed(bedrock: &BedrockLocal, service: &str, at: SystemTime) -> Vec<(String, String)> {
    signed_for(bedrock, &path(), service, at)
}

fn signed_for(
    bedrock: &BedrockLocal,
    target: &str,
    service: &str,
    at: SystemTime,
) -> Vec<(String, String)> {
    let identity = keys(ACCESS_KEY_ID, SECRET_ACCESS_KEY).into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("ap-northeast-1")
        .name(service)
        .time(at);
    let parameters = parameters
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let url = format!("{}{target}", bedrock.endpoint_url());
    let request = SignableRequest::new(
        "POST",
        url,
        std::iter::empty(),
        SignableBody::Bytes(BODY.as_bytes()),
    )
    .unwrap();
    let instructions = sign(request, &parameters).unwrap().into_parts().0;
    instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Status, error type and message.
async fn send(
    bedrock: &BedrockLocal,
    body: &str,
    headers: &[(String, String)],
) -> (u16, String, String) {
    send_to(bedrock, &path(), body, headers).await
}

async fn send_to(
    bedrock: &BedrockLocal,
    target: &str,
    body: &str,
    headers: &[(String, String)],
) -> (u16, String, String) {
    let request = reqwest::Client::new()
        .post(format!("{}{target}", bedrock.endpoint_url()))
        .body(body.to_owned());
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    let response = request.send().await.unwrap();
    let error_type = response
        .headers()
        .get("x-amzn-errortype")
        .map(|value| value.to_str().unwrap().to_owned());
    let error_type = error_type
        .unwrap_or_default()
        .split(':')
        .next()
        .unwrap()
        .to_owned();
    let status = response.status().as_u16();
    let body: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    (
        status,
        error_type,
        body["message"].as_str().unwrap_or_default().to_owned(),
    )
}
