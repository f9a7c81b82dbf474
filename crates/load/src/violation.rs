//! What ends a run: the first thing that is not as it must be.

use bedrock_local::StartError as BedrockError;
use lambda_local::StartError as FunctionError;

use crate::case::Case;

/// The first thing that was not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// The stand-in for Bedrock did not start.
    #[error("the stand-in for Bedrock did not start: {0}")]
    Bedrock(#[from] BedrockError),
    /// The function did not start.
    #[error("the function did not start: {0}")]
    Function(#[from] FunctionError),
    /// A reply was not the one that its invocation must get.
    #[error("{0}")]
    Reply(Found),
    /// The process's use of resources cannot be read.
    #[error("the function's memory and descriptors cannot be read: {0}")]
    Unmeasured(#[from] std::io::Error),
    /// Resident memory was not flat.
    #[error(
        "resident memory is not flat: {second:.0} bytes on average over the second quarter of the invocations, {last:.0} over the last, \
         where {most} % apart is allowed"
    )]
    Memory {
        /// The mean over the second quarter of the invocations, in bytes.
        second: f64,
        /// The mean over the last quarter, in bytes.
        last: f64,
        /// How far apart they may be, in per cent.
        most: f64,
    },
    /// Descriptors were left open.
    #[error(
        "descriptors were left open: at most {second} in the second quarter of the invocations, {last} in the last"
    )]
    Descriptors {
        /// The most in the second quarter of the invocations.
        second: usize,
        /// The most in the last quarter.
        last: usize,
    },
    /// A task of the run itself broke.
    #[error("the run itself broke: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// A problem, and the invocation that had it.
#[derive(Debug, thiserror::Error)]
#[error("invocation {} of caller {} (fault: {}): {problem}", case.number, case.caller, case.fault)]
pub struct Found {
    pub(crate) case: Case,
    pub(crate) problem: Problem,
}

/// What is wrong with a reply. Quotes nothing of it but the code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("there is no reply: {0}")]
    NoReply(String),
    #[error("the reply is not well formed: {0}")]
    NotAReply(serde_json::Error),
    #[error("the answer is that of another invocation, or not whole")]
    AnothersAnswer,
    #[error("the error names another invocation's requestId")]
    AnothersError,
    #[error("statusCode is {got} instead of {wanted} (code: {code:?})")]
    Status { wanted: u16, got: u16, code: String },
    #[error("Bedrock got {got} requests instead of {wanted}")]
    Attempts { wanted: u32, got: u32 },
}
