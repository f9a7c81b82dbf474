//! The stand-in for Bedrock, in this process.

use std::num::NonZeroU32;

use bedrock_local::BedrockLocal;

use crate::{cli::Bedrock, failure::Failure};

/// Starts it. `pace` is that of its own text in a stream, in tokens a second; as fast as can be where there is none.
pub(crate) async fn start(
    options: &Bedrock,
    pace: Option<NonZeroU32>,
) -> Result<BedrockLocal, Failure> {
    let mut builder = BedrockLocal::builder().default_faults(options.faults()?);
    if let Some(upstream) = options.upstream()? {
        builder = builder.upstream(upstream);
    }
    if let Some(pace) = pace {
        builder = builder.tokens_per_second(pace);
    }
    builder.start().await.map_err(Failure::Bedrock)
}

/// The line that says who answers.
pub(crate) fn described(bedrock: &BedrockLocal, options: &Bedrock) -> String {
    let url = bedrock.endpoint_url();
    match options.upstream.as_str() {
        "" => format!("a stand-in at {url}, which is no model"),
        upstream => format!(
            "a stand-in at {url}, answering with {} at {upstream}",
            options.upstream_model
        ),
    }
}
