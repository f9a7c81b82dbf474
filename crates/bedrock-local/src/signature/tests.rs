//! A request as the AWS SDK for JavaScript 3.1163 signed and sent it over HTTP/2, and changes to it that are refused.

use super::verify;
use crate::ReceivedRequest;
use crate::bedrock::refusal::Refusal;
use time::macros::datetime;

const AUTHORITY: &str = "127.0.0.1:37211";
const SIGNED_AT: time::OffsetDateTime = datetime!(2026-11-23 15:44:19 UTC);
const HEADERS: [(&str, &str); 9] = [
    ("content-type", "application/json"),
    ("content-length", "112"),
    ("x-amz-user-agent", "aws-sdk-js/3.1163.0"),
    ("user-agent", "aws-sdk-js/3.1163.0 ua/2.1"),
    (
        "amz-sdk-invocation-id",
        "c8c785ab-097b-4018-9bbd-8619c0e02314",
    ),
    ("amz-sdk-request", "attempt=1; max=1"),
    ("x-amz-date", "20261123T154419Z"),
    (
        "x-amz-content-sha256",
        "e2e50be0764cecdcd17e324698442c5515531d446b746c537e4d05502634f7ff",
    ),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=BEDROCKLOCAL0000000/20261123/ap-northeast-1/bedrock/aws4_request, SignedHeaders=:authority;amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=b2af0b4dfc351b8095ad2cb73c540b87d3345c7868249da5ed15ff823b527d42",
    ),
];
const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":4096,"temperature":0}}"#;

fn recorded(authority: &str) -> ReceivedRequest {
    let uri = format!("http://{authority}/model/jp.amazon.nova-2-lite-v1%3A0/converse");
    let builder = http::Request::post(uri).version(http::Version::HTTP_2);
    let request = HEADERS
        .iter()
        .fold(builder, |builder, (name, value)| {
            builder.header(*name, *value)
        })
        .body(())
        .unwrap();
    ReceivedRequest::new(&request.into_parts().0, BODY.into(), 0).unwrap()
}

fn set(request: &mut ReceivedRequest, name: &'static str, value: &str) {
    request.headers.insert(name, value.parse().unwrap());
}

fn assert_refused(request: &ReceivedRequest, expected: &str) {
    let Err(refusal) = verify(request, "ap-northeast-1", SIGNED_AT) else {
        panic!("it was accepted");
    };
    let Refusal { message, .. } = refusal;
    assert!(message.contains(expected), "{message}");
}

#[test]
fn an_authority_is_taken_for_the_host() {
    assert!(verify(&recorded(AUTHORITY), "ap-northeast-1", SIGNED_AT).is_ok());
}

#[test]
fn another_authority_than_the_signed_one_is_refused() {
    assert_refused(&recorded("127.0.0.1:37212"), "does not match");
}

#[test]
fn a_host_header_does_not_replace_the_authority() {
    let mut builder = http::Request::post("http://elsewhere/model/x/converse");
    builder = builder
        .version(http::Version::HTTP_2)
        .header("host", AUTHORITY);
    let request = builder.body(()).unwrap();
    let received = ReceivedRequest::new(&request.into_parts().0, BODY.into(), 0).unwrap();
    assert_eq!(received.authority, "elsewhere");
}

#[test]
fn a_changed_header_is_refused() {
    let mut request = recorded(AUTHORITY);
    set(&mut request, "content-type", "text/plain");
    assert_refused(&request, "does not match");
}

#[test]
fn a_signed_header_that_did_not_arrive_is_refused() {
    let mut request = recorded(AUTHORITY);
    request.headers.remove("amz-sdk-request");
    assert_refused(&request, "does not match");
}

#[test]
fn spaces_count_once_and_at_the_ends_not_at_all() {
    let mut request = recorded(AUTHORITY);
    set(&mut request, "amz-sdk-request", "  attempt=1;   max=1 ");
    assert!(verify(&request, "ap-northeast-1", SIGNED_AT).is_ok());
}

#[test]
fn a_receiver_and_a_time_that_are_not_signed_are_refused() {
    for (left_out, expected) in [
        (
            ":authority;",
            "'Host' or ':authority' must be a 'SignedHeader'",
        ),
        ("x-amz-date;", "'x-amz-date' must be a 'SignedHeader'"),
    ] {
        let mut request = recorded(AUTHORITY);
        let authorization = request.header("authorization").unwrap();
        let authorization = authorization.replace(left_out, "");
        set(&mut request, "authorization", &authorization);
        assert_refused(&request, expected);
    }
}
