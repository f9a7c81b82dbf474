//! The requests, refusals and answers of Bedrock Runtime.

pub(crate) mod converse;
pub(crate) mod converse_stream;
pub(crate) mod event_stream;
mod format;
mod inference;
pub(crate) mod refusal;
pub(crate) mod respond;
pub(crate) mod service_error;
pub(crate) mod tier;
mod titan;
