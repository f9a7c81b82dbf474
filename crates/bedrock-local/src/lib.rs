//! Amazon Bedrock Runtime on loopback, for development and tests.
//!
//! It is a stand-in and not a model, and its own answers say so. It speaks `Converse`, `ConverseStream` and Titan
//! Text's `InvokeModel` as AWS does, checks signatures, and refuses what Bedrock refuses by the table of models. Tests
//! script its answers and read the requests that it received:
//!
//! ```
//! use bedrock_local::{Answer, BedrockLocal};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), bedrock_local::StartError> {
//! let bedrock = BedrockLocal::builder().start().await?;
//! bedrock.enqueue(Answer::error(429, "ThrottlingException", "Too many requests, please wait before trying again."));
//! bedrock.enqueue(Answer::converse_text("Second try."));
//! // … point a client at bedrock.endpoint_url(), with ACCESS_KEY_ID and SECRET_ACCESS_KEY …
//! assert_eq!(bedrock.requests().len(), 0);
//! # Ok(())
//! # }
//! ```

mod answer;
mod bedrock;
mod builder;
mod fault;
mod generate;
mod options;
mod serve;
mod server;
mod signature;
mod state;
mod upstream;

pub use answer::Answer;
pub use bedrock::event_stream::EventStream;
pub use bedrock::service_error::ServiceError;
pub use builder::{Builder, StartError};
pub use fault::{FAULT_KINDS, Fault, FaultKind, ParseFaultError, Place};
pub use generate::count_tokens;
pub use models::{
    Access, Api, Date, InferenceParameter, Lifecycle, Model, ModelTable, ModelTableError, Price,
    Reach, Status, StructuredOutput,
};
pub use options::{StandInOptions, StandInOptionsError};
pub use serve::request::{Operation, ReceivedRequest};
pub use serve::service::RequestLine;
pub use serve::tls::{TlsError, TlsIdentity};
pub use server::BedrockLocal;
pub use signature::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
pub use upstream::{Upstream, UpstreamError};

pub use bytes::Bytes;
pub use http;

use std::ffi::OsString;

use models::Granted;

/// The environment in which a function of this workspace calls a stand-in at that address.
pub fn function_environment(endpoint_url: &str, granted: &Granted) -> [(&'static str, String); 6] {
    [
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint_url.to_owned()),
        ("AWS_REGION", "ap-northeast-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("BEDROCK_MODEL_IDS", granted.ids.clone()),
        ("BEDROCK_MODEL_TABLE", granted.rows.clone()),
    ]
}

/// What the caller sets of the function, which goes before what is set for it here.
pub fn callers_settings() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BEDROCK_"))
}
