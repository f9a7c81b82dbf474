//! Maps the SDK's errors to causes that a person can act on.

use std::{error::Error, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::error::ConverseStreamOutputError,
};
use aws_smithy_types::event_stream::RawMessage;

use super::Attempts;
use crate::{
    errors::{Cause, ErrorCode},
    text::CallError,
};

impl Attempts {
    /// So little time was left that nothing was sent.
    pub(super) fn no_time_left(&self) -> CallError {
        CallError::new(Cause::NoTimeLeft, Duration::ZERO, 0)
    }

    /// The time was over before the answer.
    pub(super) fn deadline_exceeded(&self) -> CallError {
        self.failed(Cause::DeadlineExceeded)
    }

    /// The answer could not be read as one of this operation, or the request could not be written.
    pub(super) fn unreadable(&self) -> CallError {
        self.failed(Cause::Unknown)
    }

    fn failed(&self, cause: Cause) -> CallError {
        CallError::new(cause, self.elapsed(), self.count())
    }

    /// From what the SDK reports of a call.
    pub(super) fn call_error<E>(&self, error: &SdkError<E>) -> CallError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let failure = match error {
            SdkError::ServiceError(_) => self.refused(error),
            SdkError::TimeoutError(_) => self.failed(Cause::ConnectionRefused),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                self.failed(Cause::ConnectionRefused)
            }
            SdkError::DispatchFailure(_) => self.failed(not_connected(error)),
            SdkError::ResponseError(_) => self.failed(broken(error)),
            _ => self.failed(not_sent(error)),
        };
        CallError {
            bedrock_request_id: error.request_id().and_then(as_logged),
            bedrock_message: error.message().map(str::to_owned),
            ..failure
        }
    }

    /// Bedrock answered, with an error.
    fn refused<E: ProvideErrorMetadata>(&self, error: &SdkError<E>) -> CallError {
        let status = error.raw_response().map_or(0, |r| r.status().as_u16());
        if status == 200 {
            // The answer could not be read as one; `error` is the parser's.
            return self.unreadable();
        }
        let code = ErrorCode::from_aws(error.code(), status);
        let cause = cause_of(code, error.message().unwrap_or_default(), self.region());
        // Bedrock's own code is passed on, also where it is not the cause's usual one.
        CallError {
            code,
            ..self.failed(cause)
        }
    }
}

impl Attempts {
    /// An error in the middle of an event stream.
    pub(super) fn stream_error(
        &self,
        error: &SdkError<ConverseStreamOutputError, RawMessage>,
    ) -> CallError {
        use ConverseStreamOutputError as Exception;
        let code = match error.as_service_error() {
            Some(Exception::InternalServerException(_)) => ErrorCode::InternalServerException,
            Some(Exception::ModelStreamErrorException(_)) => ErrorCode::ModelStreamErrorException,
            Some(Exception::ValidationException(_)) => ErrorCode::ValidationException,
            Some(Exception::ThrottlingException(_)) => ErrorCode::ThrottlingException,
            Some(Exception::ServiceUnavailableException(_)) => {
                ErrorCode::ServiceUnavailableException
            }
            Some(_) => return self.unreadable(),
            None if has_source::<std::io::Error>(error)
                || matches!(error, SdkError::DispatchFailure(_)) =>
            {
                return self.stream_broke();
            }
            None => return self.unreadable(),
        };
        let message = error.as_service_error().and_then(|error| error.message());
        let cause = cause_of(code, message.unwrap_or_default(), self.region());
        CallError {
            code,
            bedrock_message: message.map(str::to_owned),
            ..self.failed(cause)
        }
    }

    /// The stream ended before the answer was whole.
    pub(super) fn stream_broke(&self) -> CallError {
        self.failed(Cause::ConnectionBroken)
    }
}

/// Tells causes of one code apart by Bedrock's message. Matches on the few words that have not
/// changed between the wordings seen: AWS documents none of them.
fn cause_of(code: ErrorCode, message: &str, region: &str) -> Cause {
    let says = |words: &str| message.contains(words);
    match code {
        // The agreement and the form are also reported under codes that are not theirs.
        _ if says("aws-marketplace") => Cause::MarketplaceAgreement,
        _ if says("use case details") => Cause::UseCaseForm,
        ErrorCode::ValidationException => invalid(says),
        ErrorCode::AccessDeniedException => denied(says, message, region),
        ErrorCode::ResourceNotFoundException if says("end of its life") => Cause::EndOfLife,
        ErrorCode::ResourceNotFoundException if says("Legacy") => Cause::LegacyAndIdle,
        ErrorCode::ResourceNotFoundException => Cause::ModelNotFound,
        ErrorCode::ThrottlingException if says("tokens") => Cause::TooManyTokens,
        ErrorCode::ThrottlingException if says("request") => Cause::TooManyRequests,
        ErrorCode::ThrottlingException => Cause::Throttled,
        ErrorCode::ExpiredTokenException => Cause::CredentialsExpired,
        ErrorCode::UnrecognizedClientException | ErrorCode::InvalidSignatureException => {
            Cause::CredentialsRefused
        }
        ErrorCode::ModelNotReadyException => Cause::ModelNotReady,
        ErrorCode::ServiceQuotaExceededException => Cause::QuotaUsedUp,
        ErrorCode::ModelErrorException | ErrorCode::ModelStreamErrorException => Cause::ModelFailed,
        ErrorCode::ModelTimeoutException => Cause::ModelTimedOut,
        ErrorCode::InternalServerException => Cause::ServiceFailed,
        ErrorCode::ServiceUnavailableException => Cause::NoCapacity,
        _ => Cause::Unknown,
    }
}

/// Words that refusals of a schema contain: its place in the request, or the grammar that it is compiled to.
const SCHEMA: [&str; 6] = [
    "output_config.format",
    "outputConfig",
    "inputSchema",
    "tools.0.",
    "toolConfig",
    "grammar",
];

fn invalid(says: impl Fn(&str) -> bool) -> Cause {
    // Both "isn’t supported" and "isn't supported" occur after these words.
    if says("on-demand throughput") {
        Cause::ProfileRequired
    } else if says("model identifier is invalid") {
        Cause::UnknownModel
    } else if says("too long") {
        Cause::InputTooLong
    } else if says("is blank") {
        Cause::BlankText
    } else if says("service tier") {
        Cause::TierRefused
    } else if SCHEMA.iter().any(|words| says(words)) {
        Cause::SchemaRefused
    } else if says("maximum tokens") || says("max_tokens") {
        Cause::TooManyTokensWanted
    } else if [
        "temperature",
        "top_p",
        "topP",
        "stop sequence",
        "stop_sequences",
    ]
    .iter()
    .any(|name| says(name))
    {
        Cause::ParameterRefused
    } else if says("not allowed for this account") {
        Cause::ProviderBlocked
    } else if says("Operation not allowed") {
        Cause::OperationNotAllowed
    } else {
        Cause::RequestRefused
    }
}

fn denied(says: impl Fn(&str) -> bool, message: &str, region: &str) -> Cause {
    if says("service control policy") || says("resource control policy") {
        Cause::OrganizationPolicy
    } else if says("explicit deny") || says("VPC endpoint policy") {
        // A policy that grants more would not help.
        Cause::AccessDenied
    } else if says("is not authorized to perform") {
        role_lacks(message, region)
    } else if says("have access to the model") {
        Cause::ModelAccess
    } else {
        Cause::AccessDenied
    }
}

/// IAM names the resource that was denied. A foundation model in a region other than where the
/// function runs is a destination of a profile whose own ARN was allowed.
fn role_lacks(message: &str, region: &str) -> Cause {
    let denied_region = message
        .split_once("arn:aws:bedrock:")
        .filter(|(_, arn)| arn.contains("::foundation-model/"))
        .and_then(|(_, arn)| arn.split_once(':'))
        .map(|(region, _)| region);
    match denied_region {
        Some(denied) if denied != region => Cause::RoleLacksDestinationRegion,
        _ => Cause::RoleLacksModel,
    }
}

/// Without an answer: the connection could not be opened, or broke.
fn not_connected(error: &dyn Error) -> Cause {
    if has_source::<CredentialsError>(error) {
        return Cause::CredentialsMissing;
    }
    // The layers between the SDK and the socket have no public types to tell these apart by.
    let words = format!("{error:?}");
    let says = |needle: &str| words.contains(needle);
    if says("dns error") || says("failed to lookup address") {
        Cause::HostNotFound
    } else if says("certificate") || says("InvalidCertificate") {
        Cause::CertificateRefused
    } else if says("ConnectionRefused") || says("tcp connect error") {
        Cause::ConnectionRefused
    } else {
        Cause::ConnectionBroken
    }
}

/// The answer could not be read to its end, or not at all.
fn broken(error: &dyn Error) -> Cause {
    if has_source::<std::io::Error>(error) || format!("{error:?}").contains("Body") {
        Cause::ConnectionBroken
    } else {
        Cause::Unknown
    }
}

fn not_sent(error: &dyn Error) -> Cause {
    if has_source::<CredentialsError>(error) {
        Cause::CredentialsMissing
    } else {
        Cause::Unknown
    }
}

/// A word of Bedrock's that may stand in a log and a reply: short, and of letters, digits, `_` and `-`.
/// The endpoint can be anybody's, so its words are checked.
pub(super) fn as_logged(word: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let is_fit = (1..=64).contains(&word.len()) && word.chars().all(is_allowed);
    is_fit.then(|| word.to_owned())
}

/// Whether there is an error of type `T` below this one.
fn has_source<T: Error + 'static>(error: &dyn Error) -> bool {
    std::iter::successors(error.source(), |error| (*error).source()).any(|error| error.is::<T>())
}
