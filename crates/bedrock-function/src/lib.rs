//! A Lambda function that answers a prompt with a model of Amazon Bedrock.
//!
//! The way of an event through the crate:
//!
//! 1. [`doors`] decodes the payload, whatever it is, into what the caller wants;
//! 2. [`admit`] checks that against what this deployment allows, and makes a [`text::TextRequest`];
//! 3. [`handler`] asks a [`text::TextModel`] for the answer, within the time that is left;
//! 4. [`doors`] encodes the answer or the error in the shape in which the function was called;
//! 5. [`record`] writes in one log line what it took.
//!
//! [`lambda`] is the way from and to Lambda's runtime, [`config`] is read once, at start, and
//! [`bedrock`] is the [`text::TextModel`] over the network. [`text`] and [`errors`] know neither.

pub mod admit;
pub mod bedrock;
pub mod budget;
mod call;
pub mod config;
pub mod doors;
pub mod errors;
pub mod handler;
pub mod lambda;
mod live;
pub mod log;
pub mod panic;
pub mod record;
pub mod text;
