//! A Lambda function that answers a prompt with a model of Amazon Bedrock.
//!
//! The way of an event through the crate:
//!
//! 1. [`event`] turns the payload, whatever it is, into a [`model::TextRequest`] or an [`error::Error`];
//! 2. [`handler`] asks a [`model::TextModel`] for the answer, within the time that is left;
//! 3. [`reply`] turns the answer or the error into what Lambda returns;
//! 4. [`usage`] says in one log line what it took.
//!
//! [`config`] is read once, at start; [`bedrock`] holds the connection.

pub mod bedrock;
pub mod cause;
pub mod config;
pub mod deadline;
pub mod error;
pub mod error_code;
pub mod event;
pub mod granted;
pub mod handler;
pub mod init;
pub mod log;
pub mod metrics;
pub mod model;
pub mod panic;
pub mod reply;
pub mod serve;
pub mod usage;
