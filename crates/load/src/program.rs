//! The function's program, started as a deployment of it is.

use std::{path::Path, time::Duration};

use bedrock_local::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use lambda_local::Function;

use crate::Violation;

const MODEL: &str = "jp.amazon.nova-2-lite-v1:0";

/// Two hundred processes share the machine's few cores while they start: Lambda's ten seconds are for one.
const INIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts the program against the Bedrock at that URL.
pub(crate) async fn start(program: &Path, bedrock_url: &str) -> Result<Function, Violation> {
    let function = Function::builder(program)
        .credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None)
        .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock_url)
        .env("BEDROCK_MODEL_IDS", MODEL)
        .init_timeout(INIT_TIMEOUT)
        .start()
        .await?;
    Ok(function)
}
