//! Why a benchmark gave no result.

use std::{io, path::PathBuf};

/// Why a benchmark gave no result, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file could not be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} is not what `tools/bench` or an earlier run writes: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// A document has no place for the results.
    #[error("{} has no block between {marker} and {end}", path.display(), end = crate::document::END)]
    NoBlock {
        /// The document.
        path: PathBuf,
        /// The beginning of the block.
        marker: String,
    },
    /// A package could not be zipped.
    #[error("cannot zip {}: {source}", path.display())]
    Zip {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        source: zip::result::ZipError,
    },
    /// One of the functions did not start.
    #[error("{subject} did not start: {source}")]
    Start {
        /// The function.
        subject: String,
        /// Why.
        source: lambda_local::StartError,
    },
    /// One of the functions did not give the answer that was measured; the reply itself is not for a terminal.
    #[error("{subject} gave no answer: {reason}")]
    NoAnswer {
        /// The function.
        subject: String,
        /// What it gave instead.
        reason: String,
    },
    /// Numbers that were measured with all the CPU would pass for those of a small function.
    #[error(
        "nothing was published, for what is to be measured at 128 MB had all the CPU: {0}. `make bench-short` measures all the same, and publishes nothing"
    )]
    Unthrottled(String),
    /// The system does not tell what a process used.
    #[error(
        "the system does not tell what {subject} used: either it has ended, or this is not Linux"
    )]
    NoUsage {
        /// The function.
        subject: String,
    },
    /// The stand-in for Bedrock did not start.
    #[error(transparent)]
    Bedrock(#[from] bedrock_local::StartError),
    /// The table of models is not what the stand-in reads.
    #[error(transparent)]
    Models(#[from] bedrock_local::ModelTableError),
    /// The stand-in's certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] bedrock_local::TlsError),
}

impl BenchError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn json(path: impl Into<PathBuf>) -> impl FnOnce(serde_json::Error) -> Self {
        let path = path.into();
        move |source| Self::Json { path, source }
    }
}
