//! The connection to Bedrock Runtime: HTTP client, trust, credentials, and what can go wrong on it.

mod attempts;
mod client;
mod connection;
mod credentials;
mod failure;
mod http;

pub(crate) use attempts::Attempts;
pub use client::{ConnectError, client};
pub use connection::Connection;
pub use failure::CallError;
pub(crate) use failure::as_logged;
