//! Every row of the error table, from a real answer on the wire.

use bedrock_local::Answer;
use serde_json::json;
use tokio::task::JoinSet;

use super::stage::{MODEL, REQUEST_ID, Stage};

/// What Bedrock answers, and what the caller is told: status, code, and words of the sentence.
const ROWS: &[(u16, &str, &str, u64, &str)] = &[
    (
        400,
        "ValidationException",
        "Invocation of model ID x with on-demand throughput isn’t supported.",
        400,
        "inference profile",
    ),
    (
        400,
        "ValidationException",
        "Invocation of model ID x with on-demand throughput isn't supported.",
        400,
        "inference profile",
    ),
    (
        400,
        "ValidationException",
        "The provided model identifier is invalid.",
        400,
        "knows no model",
    ),
    (
        400,
        "ValidationException",
        "Input is too long for requested model.",
        400,
        "longer than",
    ),
    (
        400,
        "ValidationException",
        "Something of 2027.",
        400,
        "as invalid",
    ),
    (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
        403,
        "no access",
    ),
    (
        403,
        "AccessDeniedException",
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
        403,
        "Marketplace agreement",
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action",
        403,
        "role may not call",
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-3::foundation-model/amazon.nova-2-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action",
        403,
        "one of the regions",
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-3::foundation-model/amazon.nova-2-lite-v1:0 with an explicit deny in a service control policy",
        403,
        "organization",
    ),
    (
        404,
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        404,
        "end of life",
    ),
    (
        404,
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock",
        404,
        "legacy",
    ),
    (
        404,
        "ResourceNotFoundException",
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.",
        404,
        "use-case form",
    ),
    (
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
        429,
        "too many requests",
    ),
    (
        429,
        "ThrottlingException",
        "Too many tokens, please wait before trying again.",
        429,
        "too many tokens",
    ),
    (
        429,
        "ModelNotReadyException",
        "The model is not ready.",
        429,
        "not ready",
    ),
    (400, "ServiceQuotaExceededException", "Quota.", 429, "quota"),
    (
        424,
        "ModelErrorException",
        "The model failed.",
        502,
        "failed while it processed",
    ),
    (
        500,
        "InternalServerException",
        "Internal.",
        503,
        "Bedrock failed",
    ),
    (
        503,
        "ServiceUnavailableException",
        "Unavailable.",
        503,
        "no capacity",
    ),
    (
        408,
        "ModelTimeoutException",
        "Timed out.",
        504,
        "longer than Bedrock allows",
    ),
    (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
        403,
        "expired",
    ),
    (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        403,
        "credentials",
    ),
];

/// What Bedrock means by these may pass by itself; they are not billed.
const SENT_AGAIN: [&str; 4] = [
    "ThrottlingException",
    "ModelNotReadyException",
    "InternalServerException",
    "ServiceUnavailableException",
];

#[tokio::test]
async fn every_error_of_bedrock_is_told_by_its_name_with_what_to_do() {
    let mut checks = JoinSet::new();
    for (status, error_type, message, expected, says) in ROWS {
        checks.spawn(async move {
            let stage = Stage::new().await;
            stage
                .bedrock
                .always(Answer::error(*status, error_type, message));
            let reply = stage.invoke(&json!({"prompt": "hi"})).await;
            assert_eq!(
                (reply.status, reply.code()),
                (*expected, *error_type),
                "{}",
                reply.raw
            );
            assert!(reply.message().contains(says), "{says}: {}", reply.raw);
            assert_eq!(reply.body["requestId"], REQUEST_ID);
            for never in ["arn:", "123456789012", "hi\""] {
                assert!(!reply.raw.contains(never), "{}", reply.raw);
            }
            let requests = if SENT_AGAIN.contains(error_type) {
                3
            } else {
                1
            };
            assert_eq!(stage.bedrock.requests().len(), requests, "{error_type}");
            stage.assert_serves_on().await;
        });
    }
    while let Some(result) = checks.join_next().await {
        result.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_error_is_an_internal_one() {
    let stage = Stage::new().await;
    let reply = stage
        .invoke_answered(Answer::error(418, "NoveltyException", "?"))
        .await;
    assert_eq!((reply.status, reply.code()), (500, "InternalError"));
    assert_eq!(reply.message(), "An error occurred");
    stage.assert_serves_on().await;
}

#[tokio::test]
async fn the_model_is_named_in_the_sentence() {
    let stage = Stage::new().await;
    let reply = stage
        .invoke_answered(Answer::error(424, "ModelErrorException", "?"))
        .await;
    assert!(reply.message().starts_with(MODEL), "{}", reply.raw);
}

#[tokio::test]
async fn a_retired_model_is_refused_by_the_stand_in_as_by_aws() {
    let stage = Stage::with(|p| p.env("BEDROCK_MODEL_IDS", super::stage::TITAN)).await;
    let reply = stage.invoke(&json!({"prompt": "hi"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (404, "ResourceNotFoundException")
    );
}
