//! Why a call failed, told apart as far as Bedrock's answers allow, and what each cause's reader
//! is told. The one source of the sentences in replies and of the table in the documentation.

use std::time::Duration;

/// The `code` of an error reply, and with it the `statusCode`.
///
/// Names that end in `Exception` are Bedrock's and AWS's own; the rest are this function's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The event is wrong; nothing was sent.
    InvalidRequest,
    /// Bedrock found the request wrong.
    ValidationException,
    /// Bedrock denied the caller.
    AccessDeniedException,
    /// The temporary credentials have expired.
    ExpiredTokenException,
    /// The access key is unknown to AWS.
    UnrecognizedClientException,
    /// The signature does not fit the request.
    InvalidSignatureException,
    /// The model is not there, or not any more, or not for this account.
    ResourceNotFoundException,
    /// Too many requests or tokens.
    ThrottlingException,
    /// The model is being loaded.
    ModelNotReadyException,
    /// A quota of the account is used up.
    ServiceQuotaExceededException,
    /// The model itself failed.
    ModelErrorException,
    /// Bedrock failed.
    InternalServerException,
    /// Bedrock has no capacity.
    ServiceUnavailableException,
    /// Bedrock was not reached, or the connection broke.
    ConnectionFailed,
    /// The model took longer than Bedrock allows.
    ModelTimeoutException,
    /// No answer came in the time that was left.
    DeadlineExceeded,
    /// The function has no credentials to sign with.
    CredentialsMissing,
    /// Anything else.
    InternalError,
}

impl ErrorCode {
    /// Every code that Bedrock or AWS's front door sends, and none of this function's own.
    const OF_AWS: [Self; 13] = [
        Self::ValidationException,
        Self::AccessDeniedException,
        Self::ExpiredTokenException,
        Self::UnrecognizedClientException,
        Self::InvalidSignatureException,
        Self::ResourceNotFoundException,
        Self::ThrottlingException,
        Self::ModelNotReadyException,
        Self::ServiceQuotaExceededException,
        Self::ModelErrorException,
        Self::InternalServerException,
        Self::ServiceUnavailableException,
        Self::ModelTimeoutException,
    ];

    /// As it stands in the reply.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "InvalidRequest",
            Self::ValidationException => "ValidationException",
            Self::AccessDeniedException => "AccessDeniedException",
            Self::ExpiredTokenException => "ExpiredTokenException",
            Self::UnrecognizedClientException => "UnrecognizedClientException",
            Self::InvalidSignatureException => "InvalidSignatureException",
            Self::ResourceNotFoundException => "ResourceNotFoundException",
            Self::ThrottlingException => "ThrottlingException",
            Self::ModelNotReadyException => "ModelNotReadyException",
            Self::ServiceQuotaExceededException => "ServiceQuotaExceededException",
            Self::ModelErrorException => "ModelErrorException",
            Self::InternalServerException => "InternalServerException",
            Self::ServiceUnavailableException => "ServiceUnavailableException",
            Self::ConnectionFailed => "ConnectionFailed",
            Self::ModelTimeoutException => "ModelTimeoutException",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::CredentialsMissing => "CredentialsMissing",
            Self::InternalError => "InternalError",
        }
    }

    /// The reply's `statusCode`.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::ValidationException => 400,
            Self::AccessDeniedException
            | Self::ExpiredTokenException
            | Self::UnrecognizedClientException
            | Self::InvalidSignatureException => 403,
            Self::ResourceNotFoundException => 404,
            Self::ThrottlingException
            | Self::ModelNotReadyException
            | Self::ServiceQuotaExceededException => 429,
            Self::ModelErrorException => 502,
            Self::InternalServerException
            | Self::ServiceUnavailableException
            | Self::ConnectionFailed => 503,
            Self::ModelTimeoutException | Self::DeadlineExceeded => 504,
            Self::CredentialsMissing | Self::InternalError => 500,
        }
    }

    /// The code for an error type as AWS names it, or, where the answer names none that is known
    /// here (a proxy's HTML page, an empty body), for its HTTP status.
    #[must_use]
    pub fn from_aws(error_type: Option<&str>, http_status: u16) -> Self {
        let named = Self::OF_AWS
            .into_iter()
            .find(|code| error_type == Some(code.as_str()));
        named.unwrap_or(match http_status {
            403 => Self::AccessDeniedException,
            429 => Self::ThrottlingException,
            500 if error_type.is_none() => Self::InternalServerException,
            502..=504 => Self::ServiceUnavailableException,
            _ => Self::InternalError,
        })
    }
}

/// Why a call failed. Several causes share a code: Bedrock's messages tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the sentences of each cause stand in `Cause::sentences`"
)]
pub enum Cause {
    ProfileRequired,
    UnknownModel,
    InputTooLong,
    TooManyTokensWanted,
    ParameterRefused,
    ProviderBlocked,
    OperationNotAllowed,
    RequestRefused,
    RoleLacksModel,
    RoleLacksDestinationRegion,
    OrganizationPolicy,
    MarketplaceAgreement,
    ModelAccess,
    AccessDenied,
    CredentialsExpired,
    CredentialsRefused,
    CredentialsMissing,
    EndOfLife,
    LegacyAndIdle,
    UseCaseForm,
    ModelNotFound,
    TooManyRequests,
    TooManyTokens,
    Throttled,
    ModelNotReady,
    QuotaUsedUp,
    ModelFailed,
    ServiceFailed,
    NoCapacity,
    HostNotFound,
    CertificateRefused,
    ConnectionRefused,
    ConnectionBroken,
    ModelTimedOut,
    DeadlineExceeded,
    Unknown,
}

/// What is filled into the sentences of a cause.
#[derive(Clone, Debug)]
pub struct Details<'a> {
    /// The model that was asked.
    pub model: &'a str,
    /// How long the call had taken when it failed.
    pub waited: Duration,
}

impl Cause {
    /// Every cause, in the order of the documentation's table.
    pub const ALL: [Self; 36] = [
        Self::ProfileRequired,
        Self::UnknownModel,
        Self::InputTooLong,
        Self::TooManyTokensWanted,
        Self::ParameterRefused,
        Self::ProviderBlocked,
        Self::OperationNotAllowed,
        Self::RequestRefused,
        Self::RoleLacksModel,
        Self::RoleLacksDestinationRegion,
        Self::OrganizationPolicy,
        Self::MarketplaceAgreement,
        Self::ModelAccess,
        Self::AccessDenied,
        Self::CredentialsExpired,
        Self::CredentialsRefused,
        Self::CredentialsMissing,
        Self::EndOfLife,
        Self::LegacyAndIdle,
        Self::UseCaseForm,
        Self::ModelNotFound,
        Self::TooManyRequests,
        Self::TooManyTokens,
        Self::Throttled,
        Self::ModelNotReady,
        Self::QuotaUsedUp,
        Self::ModelFailed,
        Self::ServiceFailed,
        Self::NoCapacity,
        Self::HostNotFound,
        Self::CertificateRefused,
        Self::ConnectionRefused,
        Self::ConnectionBroken,
        Self::ModelTimedOut,
        Self::DeadlineExceeded,
        Self::Unknown,
    ];

    /// The code that it is reported under, but for agreements and forms, which AWS also reports
    /// under codes that are not theirs.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::ProfileRequired
            | Self::UnknownModel
            | Self::InputTooLong
            | Self::TooManyTokensWanted
            | Self::ParameterRefused
            | Self::ProviderBlocked
            | Self::OperationNotAllowed
            | Self::RequestRefused => ErrorCode::ValidationException,
            Self::RoleLacksModel
            | Self::RoleLacksDestinationRegion
            | Self::OrganizationPolicy
            | Self::MarketplaceAgreement
            | Self::ModelAccess
            | Self::AccessDenied => ErrorCode::AccessDeniedException,
            Self::CredentialsExpired => ErrorCode::ExpiredTokenException,
            Self::CredentialsRefused => ErrorCode::UnrecognizedClientException,
            Self::CredentialsMissing => ErrorCode::CredentialsMissing,
            Self::EndOfLife | Self::LegacyAndIdle | Self::UseCaseForm | Self::ModelNotFound => {
                ErrorCode::ResourceNotFoundException
            }
            Self::TooManyRequests | Self::TooManyTokens | Self::Throttled => {
                ErrorCode::ThrottlingException
            }
            Self::ModelNotReady => ErrorCode::ModelNotReadyException,
            Self::QuotaUsedUp => ErrorCode::ServiceQuotaExceededException,
            Self::ModelFailed => ErrorCode::ModelErrorException,
            Self::ServiceFailed => ErrorCode::InternalServerException,
            Self::NoCapacity => ErrorCode::ServiceUnavailableException,
            Self::HostNotFound
            | Self::CertificateRefused
            | Self::ConnectionRefused
            | Self::ConnectionBroken => ErrorCode::ConnectionFailed,
            Self::ModelTimedOut => ErrorCode::ModelTimeoutException,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::Unknown => ErrorCode::InternalError,
        }
    }

    /// What the reply says: what happened, and what to do.
    #[must_use]
    pub fn message(self, details: &Details<'_>) -> String {
        let (happened, remedy) = self.sentences();
        let text = match remedy {
            "" => happened.to_owned(),
            remedy => format!("{happened} {remedy}"),
        };
        text.replace("{model}", details.model)
            .replace("{waited}", &format!("{:.1}", details.waited.as_secs_f64()))
    }

    /// What happened, and what to do; `{model}` and `{waited}` (seconds) are filled in.
    #[must_use]
    pub fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::ProfileRequired => (
                "Bedrock does not serve {model} by its bare id.",
                "Use the id of an inference profile that contains it, for instance one that begins with jp., apac. or global.",
            ),
            Self::UnknownModel => (
                "Bedrock knows no model {model} in this region.",
                "Check the id and the region, and deploy with one that models.json lists: make deploy MODEL=…",
            ),
            Self::InputTooLong => (
                "The prompt is longer than {model} takes.",
                "Shorten the prompt, the system prompt or the earlier messages.",
            ),
            Self::TooManyTokensWanted => (
                "maxTokens is more than {model} can answer with.",
                "Ask for fewer; models.json has each model's maximum.",
            ),
            Self::ParameterRefused => (
                "{model} does not take one of temperature, topP and stopSequences, or not in this combination.",
                "Leave it out of the event.",
            ),
            Self::ProviderBlocked => (
                "The provider of {model} does not serve this AWS account.",
                "Choose a model of another provider, or ask AWS Support why.",
            ),
            Self::OperationNotAllowed => (
                "Bedrock does not allow this AWS account to call {model}.",
                "Have someone with AWS Marketplace permissions call the model once, or ask AWS Support; new accounts are often restricted for a time.",
            ),
            Self::RequestRefused => (
                "Bedrock refused the request for {model} as invalid.",
                "Check the parameters of the event; to see Bedrock's own words, run it locally with BEDROCK_LOG_CONTENT=1.",
            ),
            Self::RoleLacksModel => (
                "The function's role may not call {model}.",
                "Deploy again with this model among those granted: make deploy MODEL=…",
            ),
            Self::RoleLacksDestinationRegion => (
                "The function's role may not call {model} in one of the regions that its inference profile routes to.",
                "Compare destinationRegions in models.json with what `aws bedrock get-inference-profile` lists, and deploy again: make deploy MODEL=…",
            ),
            Self::OrganizationPolicy => (
                "A policy of your AWS organization denies the call of {model}.",
                "Ask whoever keeps its service control policies to allow bedrock:InvokeModel in every region that the model routes to.",
            ),
            Self::MarketplaceAgreement => (
                "This AWS account has no AWS Marketplace agreement for {model}.",
                "Have someone with the permissions aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions call the model once; it takes effect within minutes.",
            ),
            Self::ModelAccess => (
                "This AWS account has no access to {model}.",
                "Have an administrator call the model once in the Bedrock console's playground, or choose another model.",
            ),
            Self::AccessDenied => (
                "Bedrock denied the call of {model}.",
                "Check that the function's role was deployed for this model and that no policy of the account or organization denies it.",
            ),
            Self::CredentialsExpired => (
                "The function's temporary credentials have expired.",
                "On AWS, call again; on your own machine, sign in again (`aws sso login`).",
            ),
            Self::CredentialsRefused => (
                "AWS did not accept the function's credentials.",
                "Check the access key, its secret, the region and the machine's clock.",
            ),
            Self::CredentialsMissing => (
                "The function found no AWS credentials in its environment.",
                "On AWS they come from the function's role; on your own machine set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            ),
            Self::EndOfLife => (
                "{model} has reached its end of life; Bedrock answers no call of it.",
                "Deploy with one that models.json lists as active: make deploy MODEL=…",
            ),
            Self::LegacyAndIdle => (
                "{model} is a legacy model, closed to accounts that have not used it lately.",
                "Deploy with one that models.json lists as active: make deploy MODEL=…",
            ),
            Self::UseCaseForm => (
                "The provider's use-case form for {model} has not been submitted for this AWS account.",
                "Fill it out once in the Bedrock console (open the model in the model catalog), and try again after 15 minutes.",
            ),
            Self::ModelNotFound => (
                "Bedrock did not find {model} for this account and region.",
                "Check the id and the region, and choose a model that models.json lists as active.",
            ),
            Self::TooManyRequests => (
                "Bedrock throttled the call of {model}: too many requests.",
                "Try again later and send fewer at a time, or ask for a higher quota of requests per minute.",
            ),
            Self::TooManyTokens => (
                "Bedrock throttled the call of {model}: too many tokens.",
                "Try again later, lower maxTokens, or ask for a higher quota of tokens.",
            ),
            Self::Throttled => (
                "Bedrock throttled the call of {model}.",
                "Try again later, or ask for a higher quota.",
            ),
            Self::ModelNotReady => ("{model} is not ready yet.", "Try again in a minute."),
            Self::QuotaUsedUp => (
                "A Bedrock quota of this account is used up for {model}.",
                "Try again later, or ask for a higher quota in the Service Quotas console.",
            ),
            Self::ModelFailed => (
                "{model} failed while it processed the request.",
                "Try again; if it fails each time, change the prompt or the model.",
            ),
            Self::ServiceFailed => (
                "Bedrock failed while it processed the request for {model}.",
                "Try again later.",
            ),
            Self::NoCapacity => (
                "Bedrock has no capacity for {model} right now.",
                "Try again later, or choose a model that routes to more regions.",
            ),
            Self::HostNotFound => (
                "The host name of Bedrock was not found.",
                "Check the region and AWS_ENDPOINT_URL_BEDROCK_RUNTIME, and in a VPC its DNS settings.",
            ),
            Self::CertificateRefused => (
                "The TLS certificate of Bedrock's endpoint was not accepted.",
                "Check AWS_ENDPOINT_URL_BEDROCK_RUNTIME; behind a proxy that inspects TLS, set AWS_CA_BUNDLE to its certificates.",
            ),
            Self::ConnectionRefused => (
                "The connection to Bedrock could not be opened.",
                "Check AWS_ENDPOINT_URL_BEDROCK_RUNTIME, and in a VPC that the function has a route to Bedrock (NAT or VPC endpoint).",
            ),
            Self::ConnectionBroken => (
                "The connection to Bedrock broke before the answer of {model} was whole.",
                "Try again.",
            ),
            Self::ModelTimedOut => (
                "{model} took longer than Bedrock allows.",
                "Shorten the prompt or lower maxTokens.",
            ),
            Self::DeadlineExceeded => (
                "{model} had not answered after {waited} seconds, when the time for this invocation was over.",
                "Raise the function's time-out, lower maxTokens, or choose a faster model.",
            ),
            Self::Unknown => ("An error occurred", ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_cause_has_sentences_of_its_own() {
        let sentences: HashSet<_> = Cause::ALL.iter().map(|cause| cause.sentences()).collect();
        assert_eq!(sentences.len(), Cause::ALL.len());
    }

    #[test]
    fn every_cause_but_the_unknown_says_what_happened_and_what_to_do_in_a_sentence_each() {
        for cause in Cause::ALL.into_iter().filter(|c| *c != Cause::Unknown) {
            let (happened, remedy) = cause.sentences();
            assert!(
                happened.ends_with('.') && remedy.ends_with(['.', '…']),
                "{cause:?}"
            );
        }
    }

    #[test]
    fn details_are_filled_in() {
        let details = Details {
            model: "a.b-1:0",
            waited: Duration::from_millis(2_540),
        };
        let message = Cause::DeadlineExceeded.message(&details);
        assert!(
            message.starts_with("a.b-1:0 had not answered after 2.5 seconds"),
            "{message}"
        );
    }

    #[test]
    fn an_answer_without_a_type_is_told_by_its_status() {
        assert_eq!(
            ErrorCode::from_aws(None, 503),
            ErrorCode::ServiceUnavailableException
        );
        assert_eq!(
            ErrorCode::from_aws(Some("Odd"), 403),
            ErrorCode::AccessDeniedException
        );
        assert_eq!(
            ErrorCode::from_aws(Some("OddException"), 500),
            ErrorCode::InternalError
        );
        assert_eq!(ErrorCode::from_aws(None, 418), ErrorCode::InternalError);
    }
}
