//! Amazon Bedrock Runtime on loopback, for development and tests.
//!
//! It is a stand-in and no model: its own answers say so. It speaks `Converse` and Titan Text's `InvokeModel` as AWS
//! does, checks signatures, and refuses what Bedrock refuses by the table of models. Tests script its answers and
//! read what it received:
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
mod body;
mod builder;
mod canonical;
mod choose;
mod connection;
mod converse;
mod converse_stream;
mod error;
mod event_stream;
mod fault;
mod fault_words;
mod generate;
mod inference;
mod listen;
mod refusal;
mod refuse;
mod request;
mod server;
mod service;
mod service_error;
mod signature;
mod state;
mod stream_fault;
mod titan;
mod tls;
mod tokens;
mod upstream;

pub use answer::Answer;
pub use builder::Builder;
pub use error::StartError;
pub use event_stream::EventStream;
pub use fault::{Fault, FaultKind};
pub use fault_words::{FAULT_KINDS, ParseFaultError};
pub use models::{
    Access, Api, Date, InferenceParameter, Lifecycle, Model, ModelTable, ModelTableError, Price,
    Reach, Status,
};
pub use request::{Operation, ReceivedRequest};
pub use server::BedrockLocal;
pub use service::RequestLine;
pub use service_error::ServiceError;
pub use signature::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
pub use stream_fault::Place;
pub use tls::{TlsError, TlsIdentity};
pub use tokens::count_tokens;
pub use upstream::{Upstream, UpstreamError};

pub use bytes::Bytes;
pub use http;
