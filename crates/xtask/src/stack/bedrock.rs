//! The stand-in for Bedrock, in this process.

use std::num::NonZeroU32;

use bedrock_local::{BedrockLocal, StandInOptions};

use crate::failure::Failure;

/// Starts it. `pace` is that of its own text in a stream, in tokens a second; as fast as can be where there is none.
pub(crate) async fn start(
    options: &StandInOptions,
    pace: Option<NonZeroU32>,
) -> Result<BedrockLocal, Failure> {
    let mut builder = options.builder()?;
    if let Some(pace) = pace {
        builder = builder.tokens_per_second(pace);
    }
    builder.start().await.map_err(Failure::Bedrock)
}

/// The line that describes the stand-in.
pub(crate) fn described(bedrock: &BedrockLocal, options: &StandInOptions) -> String {
    let url = bedrock.endpoint_url();
    format!("a stand-in at {url}, {}", options.who_answers())
}
