//! The first violation, which ends a run.

/// The first violation of a run.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// The stand-in for Bedrock did not start.
    #[error("The stand-in for Bedrock did not start: {0}")]
    Bedrock(#[from] bedrock_local::StartError),
    /// The stand-in does not know a fault.
    #[error(transparent)]
    Fault(#[from] bedrock_local::ParseFaultError),
    /// The function did not start.
    #[error("The function did not start: {0}")]
    Function(#[from] lambda_local::StartError),
    /// A reply was not the one that its invocation must get.
    #[error("Invocation {number} of process {process} (fault: \"{fault}\"): {problem}.")]
    Reply {
        /// The process, from 0.
        process: u32,
        /// The invocation of the process, from 0.
        number: u32,
        /// The fault that it met, in the stand-in's words.
        fault: &'static str,
        /// What is wrong; quotes nothing of the reply but its code.
        problem: String,
    },
    /// The process's use of resources cannot be read.
    #[error("The function's memory and descriptors cannot be read: {0}")]
    Unmeasured(#[from] std::io::Error),
    /// Resident memory was not flat.
    #[error(
        "Resident memory is not flat: {second:.0} bytes on average over the second quarter of the invocations, {last:.0} over the last, \
         where {most} % apart is allowed."
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
        "Descriptors were left open: at most {second} in the second quarter of the invocations, {last} in the last."
    )]
    Descriptors {
        /// The most in the second quarter of the invocations.
        second: usize,
        /// The most in the last quarter.
        last: usize,
    },
    /// A task of the run itself ended early.
    #[error("A task of the run itself ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}
