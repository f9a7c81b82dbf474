//! The floor of `make bench`: lambda_runtime on one thread, and an answer at once. No log, no SDK, no network, no TLS: no
//! function in Rust that calls anything can start or answer faster.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(_event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({"statusCode": 200, "body": json!({"text": "Hello, world!"}).to_string()}))
}
