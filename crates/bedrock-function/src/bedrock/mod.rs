//! The connection to Bedrock Runtime: HTTP client, trust, credentials, and what can go wrong on it.

mod attempts;
mod client;
mod credentials;
mod failure;
mod http;
mod preconnect;

pub(crate) use attempts::Attempts;
pub use client::{ConnectError, client};
pub use failure::CallError;
pub(crate) use failure::as_logged;
pub use preconnect::preconnect;
