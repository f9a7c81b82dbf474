//! A function that streams its response, for the tests of this crate.

use lambda_runtime::{
    Error, LambdaEvent, service_fn,
    streaming::{Body, Response, channel},
};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(stream)).await
}

async fn stream(_event: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for chunk in ["one ", "two ", "three"] {
            sender.send_data(chunk.into()).await?;
        }
        Ok::<_, Error>(())
    });
    Ok(Response::from(body))
}
