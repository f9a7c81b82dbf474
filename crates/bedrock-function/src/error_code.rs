//! The codes of error replies, and the status that each has.

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
    /// The answer does not fit into Lambda's reply.
    AnswerTooLarge,
    /// The function has no credentials to sign with.
    CredentialsMissing,
    /// Anything else.
    InternalError,
}

impl ErrorCode {
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
            Self::AnswerTooLarge => "AnswerTooLarge",
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
            Self::ModelErrorException | Self::AnswerTooLarge => 502,
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
        error_type
            .and_then(Self::named)
            .unwrap_or(match http_status {
                403 => Self::AccessDeniedException,
                429 => Self::ThrottlingException,
                500 if error_type.is_none() => Self::InternalServerException,
                502..=504 => Self::ServiceUnavailableException,
                _ => Self::InternalError,
            })
    }

    /// By Bedrock's own names and those of AWS's common errors, which its front door sends:
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>.
    fn named(error_type: &str) -> Option<Self> {
        Some(match error_type {
            "ValidationException" | "ValidationError" => Self::ValidationException,
            "AccessDeniedException" | "AccessDenied" => Self::AccessDeniedException,
            "ExpiredTokenException" | "ExpiredToken" => Self::ExpiredTokenException,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "MissingAuthenticationTokenException"
            | "MissingAuthenticationToken" => Self::UnrecognizedClientException,
            "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignatureException"
            | "IncompleteSignature" => Self::InvalidSignatureException,
            "ResourceNotFoundException" | "FTUFormNotFilled" => Self::ResourceNotFoundException,
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" => {
                Self::ThrottlingException
            }
            "ModelNotReadyException" => Self::ModelNotReadyException,
            "ServiceQuotaExceededException" => Self::ServiceQuotaExceededException,
            "ModelErrorException" => Self::ModelErrorException,
            "InternalServerException" | "InternalFailure" => Self::InternalServerException,
            "ServiceUnavailableException" | "ServiceUnavailable" => {
                Self::ServiceUnavailableException
            }
            "ModelTimeoutException" => Self::ModelTimeoutException,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
