//! The function with a fault of its own, for tests of what finds one: `FAULT` is `memory`, `descriptors` or `answers`.

use std::{env, fs::File, mem, sync::Arc};

use bedrock_function::{
    bedrock::BedrockModels,
    config::Config,
    doors::{Outcome, Payload},
    handler::{Handler, Invocation},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tokio::sync::Mutex;

/// Lost at every invocation: small beside the process, and far too much after some hundred invocations.
const LOST_BYTES: usize = 64 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let fault: Arc<str> = env::var("FAULT").unwrap_or_default().into();
    let config = Config::from_env()?;
    let models = BedrockModels::new(&config).await?;
    let handler = Arc::new(Handler::new(config, models));
    let last_reply = Arc::new(Mutex::new(None));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (handler, fault, last_reply) = (
            Arc::clone(&handler),
            Arc::clone(&fault),
            Arc::clone(&last_reply),
        );
        async move {
            let invocation = Invocation {
                deadline: event.context.deadline(),
                request_id: event.context.request_id,
            };
            let outcome = handler.handle(event.payload.into(), invocation).await;
            let Outcome::Whole(reply) = outcome else {
                return Err(Error::from("no whole reply"));
            };
            let mut last_reply = last_reply.lock().await;
            Ok::<_, Error>(reply_with_fault(&fault, reply, &mut last_reply)?)
        }
    });
    lambda_runtime::run(service).await
}

fn reply_with_fault(
    fault: &str,
    reply: Payload,
    last_reply: &mut Option<Payload>,
) -> Result<Payload, std::io::Error> {
    match fault {
        // Of ones: pages of zeros would not be resident.
        "memory" => mem::forget(vec![1_u8; LOST_BYTES]),
        "descriptors" => mem::forget(File::open("/dev/null")?),
        "answers" => return Ok(last_reply.replace(reply.clone()).unwrap_or(reply)),
        _ => {}
    }
    Ok(reply)
}
