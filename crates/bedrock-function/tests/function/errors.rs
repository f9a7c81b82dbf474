//! Every row of the error table, from a real answer on the wire.

use std::collections::HashSet;

use bedrock_function::errors::{
    Cause::{self, *},
    Details,
};
use bedrock_local::Answer;
use serde_json::json;
use tokio::task::JoinSet;

use super::stage::{MODEL, REQUEST_ID, Stage, all};

/// What Bedrock answers: status, type and message; and what the caller is told: status and cause.
const ROWS: &[(u16, &str, &str, u64, Cause)] = &[
    (
        400,
        "ValidationException",
        "Invocation of model ID x with on-demand throughput isn’t supported.",
        400,
        ProfileRequired,
    ),
    (
        400,
        "ValidationException",
        "Invocation of model ID x with on-demand throughput isn't supported.",
        400,
        ProfileRequired,
    ),
    (
        400,
        "ValidationException",
        "The provided model identifier is invalid.",
        400,
        UnknownModel,
    ),
    (
        400,
        "ValidationException",
        "Input is too long for requested model.",
        400,
        InputTooLong,
    ),
    (
        400,
        "ValidationException",
        "The model returned the following errors: output_config.format.schema: For 'integer' type, properties maximum, minimum are not supported",
        400,
        SchemaRefused,
    ),
    (
        400,
        "ValidationException",
        "The model returned the following errors: Malformed input request: #/toolConfig/tools/0/toolSpec/inputSchema/json: extraneous key [definitions] is not permitted, please reformat your input and try again.",
        400,
        SchemaRefused,
    ),
    (
        400,
        "ValidationException",
        "The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
        400,
        SchemaRefused,
    ),
    (
        400,
        "ValidationException",
        "The provided service tier is not supported for this model.",
        400,
        TierRefused,
    ),
    (
        400,
        "ValidationException",
        "Something of 2027.",
        400,
        RequestRefused,
    ),
    (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
        403,
        ModelAccess,
    ),
    (
        403,
        "AccessDeniedException",
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
        403,
        MarketplaceAgreement,
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action",
        403,
        RoleLacksModel,
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-3::foundation-model/amazon.nova-2-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action",
        403,
        RoleLacksDestinationRegion,
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-3::foundation-model/amazon.nova-2-lite-v1:0 with an explicit deny in a service control policy",
        403,
        OrganizationPolicy,
    ),
    (
        404,
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        404,
        EndOfLife,
    ),
    (
        404,
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock",
        404,
        LegacyAndIdle,
    ),
    (
        404,
        "ResourceNotFoundException",
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.",
        404,
        UseCaseForm,
    ),
    (
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
        429,
        TooManyRequests,
    ),
    (
        429,
        "ThrottlingException",
        "Too many tokens, please wait before trying again.",
        429,
        TooManyTokens,
    ),
    (
        429,
        "ModelNotReadyException",
        "The model is not ready.",
        429,
        ModelNotReady,
    ),
    (
        400,
        "ServiceQuotaExceededException",
        "Quota.",
        429,
        QuotaUsedUp,
    ),
    (
        424,
        "ModelErrorException",
        "The model failed.",
        502,
        ModelFailed,
    ),
    (
        500,
        "InternalServerException",
        "Internal.",
        503,
        ServiceFailed,
    ),
    (
        503,
        "ServiceUnavailableException",
        "Unavailable.",
        503,
        NoCapacity,
    ),
    (
        408,
        "ModelTimeoutException",
        "Timed out.",
        504,
        ModelTimedOut,
    ),
    (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
        403,
        CredentialsExpired,
    ),
    (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        403,
        CredentialsRefused,
    ),
    (
        400,
        "ValidationException",
        "The maximum tokens you requested exceeds the model limit of 10000. Try again with a maximum tokens value that is lower than 10000.",
        400,
        TooManyTokensWanted,
    ),
    (
        400,
        "ValidationException",
        "max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens",
        400,
        TooManyTokensWanted,
    ),
    (
        400,
        "ValidationException",
        "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        400,
        ParameterRefused,
    ),
    (
        400,
        "ValidationException",
        "stop_sequences: each stop sequence must contain non-whitespace",
        400,
        ParameterRefused,
    ),
    (
        400,
        "ValidationException",
        "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the text field, and try again.",
        400,
        BlankText,
    ),
    (
        400,
        "ValidationException",
        "Access to Anthropic models is not allowed for this account.",
        400,
        ProviderBlocked,
    ),
    (
        400,
        "ValidationException",
        "Operation not allowed",
        400,
        OperationNotAllowed,
    ),
    (
        400,
        "ValidationException",
        "Model access is denied: aws-marketplace:Subscribe is missing.",
        400,
        MarketplaceAgreement,
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0 with an explicit deny in an identity-based policy",
        403,
        AccessDenied,
    ),
    (
        403,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0 because no VPC endpoint policy allows the bedrock:InvokeModel action",
        403,
        AccessDenied,
    ),
    (
        403,
        "AccessDeniedException",
        "Denied, in words of 2027.",
        403,
        AccessDenied,
    ),
    (
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
        403,
        CredentialsRefused,
    ),
    (
        404,
        "ResourceNotFoundException",
        "Not found, in words of 2027.",
        404,
        ModelNotFound,
    ),
    (429, "ThrottlingException", "Slow down.", 429, Throttled),
];

/// Proved by the network's faults instead, in `faults.rs` and `config.rs`, by answers, in `schema.rs`, or by a
/// task's, in `tasks.rs`.
const PROVED_ELSEWHERE: [Cause; 14] = [
    CredentialsMissing,
    HostNotFound,
    CertificateRefused,
    ConnectionRefused,
    ConnectionBroken,
    DeadlineExceeded,
    NoTimeLeft,
    AnswerViolatesSchema,
    AnswerNotJson,
    AnswerCut,
    AnswerCutByTime,
    AnswerTooLarge,
    TaskAnswerTooLarge,
    Unknown,
];

fn sentences(cause: Cause) -> String {
    cause.message(&Details {
        model: MODEL,
        ..Details::default()
    })
}

#[test]
fn every_cause_has_its_row() {
    let proved = ROWS.iter().map(|row| row.4).chain(PROVED_ELSEWHERE);
    let proved: HashSet<Cause> = proved.collect();
    let missing: Vec<_> = Cause::ALL
        .iter()
        .filter(|cause| !proved.contains(cause))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn aws_s_other_names_of_the_same_errors_are_known() {
    let stage = Stage::new().await;
    for (status, error_type, code) in [
        (404, "FTUFormNotFilled", "ResourceNotFoundException"),
        (
            403,
            "MissingAuthenticationTokenException",
            "UnrecognizedClientException",
        ),
        (
            403,
            "IncompleteSignatureException",
            "InvalidSignatureException",
        ),
    ] {
        let reply = stage
            .invoke_answered(Answer::error(status, error_type, "?"))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (u64::from(status), code),
            "{}",
            reply.raw
        );
    }
}

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
    for (status, error_type, message, expected, cause) in ROWS {
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
            assert_eq!(reply.message(), sentences(*cause), "{message}");
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
    all(checks).await;
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
