//! The codes of error replies, and the status that each has.

/// One row to a code: the status of a reply with it, and the other names by which AWS sends it.
/// Those are Bedrock's own and AWS's common errors, which its front door sends:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident: $status:literal $(, $($alias:literal)|+)?;)*) => {
        /// The `code` of an error reply, and with it the `statusCode`.
        ///
        /// Names that end in `Exception` are Bedrock's and AWS's own; the rest are this function's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $code,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// As it stands in the reply.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// The reply's `statusCode`.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }

            /// The code for an error type as AWS names it. The function's own codes are not among AWS's types.
            fn named(error_type: &str) -> Option<Self> {
                $(
                    let is_own = !stringify!($code).ends_with("Exception");
                    if (!is_own && error_type == stringify!($code)) $($(|| error_type == $alias)+)? {
                        return Some(Self::$code);
                    }
                )*
                None
            }
        }
    };
}

codes! {
    /// The event is wrong; nothing was sent.
    InvalidRequest: 400;
    /// Bedrock found the request wrong.
    ValidationException: 400, "ValidationError";
    /// Bedrock denied the caller.
    AccessDeniedException: 403, "AccessDenied";
    /// The temporary credentials have expired.
    ExpiredTokenException: 403, "ExpiredToken";
    /// The access key is unknown to AWS.
    UnrecognizedClientException: 403, "InvalidClientTokenId" | "MissingAuthenticationTokenException" | "MissingAuthenticationToken";
    /// The signature does not fit the request.
    InvalidSignatureException: 403, "SignatureDoesNotMatch" | "IncompleteSignatureException" | "IncompleteSignature";
    /// The model does not exist, has ended, or is closed to this account.
    ResourceNotFoundException: 404, "FTUFormNotFilled";
    /// Too many requests or tokens.
    ThrottlingException: 429, "Throttling" | "TooManyRequestsException";
    /// The model is being loaded.
    ModelNotReadyException: 429;
    /// A quota of the account is used up.
    ServiceQuotaExceededException: 429;
    /// The model itself failed.
    ModelErrorException: 502;
    /// The model failed while it streamed its answer.
    ModelStreamErrorException: 502;
    /// Bedrock failed.
    InternalServerException: 503, "InternalFailure";
    /// Bedrock has no capacity.
    ServiceUnavailableException: 503, "ServiceUnavailable";
    /// Bedrock was not reached, or the connection broke.
    ConnectionFailed: 503;
    /// The model took longer than Bedrock allows.
    ModelTimeoutException: 504;
    /// No answer came in the time that was left.
    DeadlineExceeded: 504;
    /// The answer does not satisfy the schema of the event.
    SchemaNotSatisfied: 502;
    /// The answer does not fit into Lambda's reply.
    AnswerTooLarge: 502;
    /// The function has no credentials to sign with.
    CredentialsMissing: 500;
    /// Anything else.
    InternalError: 500;
}

impl ErrorCode {
    /// Whether the same event may well be answered a little later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self.status(), 429 | 503 | 504)
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
