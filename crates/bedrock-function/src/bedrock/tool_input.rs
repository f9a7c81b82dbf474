//! The input of the tool that a model was made to call, as the model wrote it.
//!
//! The SDK gives it as a tree whose members have lost their order, and whose numbers are floats; so it is
//! taken from the answer's bytes.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_bedrockruntime::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::AfterDeserializationInterceptorContextRef,
};
use aws_smithy_runtime_api::{box_error::BoxError, client::interceptors::dyn_dispatch_hint};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Keeps the input that it sees in an answer. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct ToolInput {
    seen: Arc<Mutex<Option<String>>>,
}

impl ToolInput {
    /// The input; empty, where the model called no tool.
    pub(super) fn take(&self) -> String {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.take().unwrap_or_default()
    }
}

#[dyn_dispatch_hint]
impl Intercept for ToolInput {
    fn name(&self) -> &'static str {
        "ToolInput"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.response().body().bytes().and_then(input_in);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = input;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    output: Output<'a>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Vec<Block<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "toolUse")]
    tool_use: Option<ToolUse<'a>>,
}

#[derive(Deserialize)]
struct ToolUse<'a> {
    #[serde(borrow)]
    input: &'a RawValue,
}

fn input_in(body: &[u8]) -> Option<String> {
    let response: Response<'_> = serde_json::from_slice(body).ok()?;
    let mut blocks = response.output.message.content.into_iter();
    let call = blocks.find_map(|block| block.tool_use)?;
    Some(call.input.get().to_owned())
}
