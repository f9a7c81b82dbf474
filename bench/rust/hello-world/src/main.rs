//! The floor of `make bench`: lambda_runtime with its defaults, as `cargo lambda new` writes it, and an answer at once.
//! No SDK, no network, no TLS: no function in Rust that calls anything can be faster.

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(answer)).await
}

async fn answer(_event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({"statusCode": 200, "body": json!({"text": "Hello, world!"}).to_string()}))
}
