//! The errors of Bedrock Runtime.

use crate::Answer;
use crate::bedrock::event_stream::exception;
use crate::serve::body::Step;

/// An error of Bedrock Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceError {
    /// Its type, as in `x-amzn-errortype`.
    pub name: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    message: &'static str,
}

impl From<ServiceError> for Answer {
    fn from(error: ServiceError) -> Self {
        Self::error(error.status, error.name, error.message)
    }
}

impl ServiceError {
    /// The error as an exception in a stream, where its type begins in lower case.
    pub(crate) fn stream_exception(self) -> Step {
        let (first, rest) = self.name.split_at(1);
        exception(&(first.to_lowercase() + rest), self.message)
    }
}

pub(crate) const THROTTLING: ServiceError = ServiceError {
    name: "ThrottlingException",
    status: 429,
    message: "Too many requests, please wait before trying again.",
};

const INTERNAL: ServiceError = ServiceError {
    name: "InternalServerException",
    status: 500,
    message: "The system encountered an unexpected error during processing. Try your request again.",
};

pub(crate) const MODEL_STREAM: ServiceError = ServiceError {
    name: "ModelStreamErrorException",
    status: 424,
    message: "The model encountered an unexpected error while streaming the response. Try your request again.",
};

const UNAVAILABLE: ServiceError = ServiceError {
    name: "ServiceUnavailableException",
    status: 503,
    message: "Bedrock is unable to process your request.",
};

const VALIDATION: ServiceError = ServiceError {
    name: "ValidationException",
    status: 400,
    message: "Input is too long for requested model.",
};

/// The errors of Bedrock Runtime: type, status and message (service model of 2023-09-30; messages as seen in use).
pub(crate) const ERRORS: [ServiceError; 9] = [
    ServiceError {
        name: "AccessDeniedException",
        status: 403,
        message: "You don't have access to the model with the specified model ID.",
    },
    INTERNAL,
    ServiceError {
        name: "ModelErrorException",
        status: 424,
        message: "The model encountered an unexpected error while processing the request. Try your request again.",
    },
    ServiceError {
        name: "ModelNotReadyException",
        status: 429,
        message: "Model is not ready for inference. Wait and try your request again.",
    },
    ServiceError {
        name: "ModelTimeoutException",
        status: 408,
        message: "Model has timed out in processing the request. Try your request again.",
    },
    ServiceError {
        name: "ResourceNotFoundException",
        status: 404,
        message: "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes.",
    },
    UNAVAILABLE,
    THROTTLING,
    VALIDATION,
];

/// The exceptions that `ConverseStream` can send between events.
pub(crate) const STREAM_ERRORS: [ServiceError; 5] =
    [INTERNAL, MODEL_STREAM, UNAVAILABLE, THROTTLING, VALIDATION];
