//! The stand-in for Bedrock, in this process.

use bedrock_local::BedrockLocal;

use crate::{cli::Bedrock, failure::Failure};

pub(crate) async fn start(options: &Bedrock) -> Result<BedrockLocal, Failure> {
    let mut builder = BedrockLocal::builder().default_faults(options.faults()?);
    if let Some(upstream) = options.upstream()? {
        builder = builder.upstream(upstream);
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
