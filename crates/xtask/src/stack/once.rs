//! One invocation: the stack is started for it and stopped after it.

use bytes::Bytes;
use lambda_local::{Function, Outcome};

use super::{bedrock, build, environment, failed, say};
use crate::{cli::Bedrock, failure::Failure, models, project::FUNCTION};

/// Builds the function, runs it as Lambda would with a stand-in for Bedrock, and gives its payload.
pub(crate) async fn invoke_once(event: Bytes, options: &Bedrock) -> Result<Bytes, Failure> {
    let granted = models::granted()?;
    let stand_in = bedrock::start(options).await?;
    let executable = build::function().await?;
    say(&[
        ("function", format!("{FUNCTION}, debug build")),
        ("bedrock", bedrock::described(&stand_in, options)),
        ("model", environment::default_model(&granted)),
    ]);
    let timeout = environment::timeout();
    let function = Function::builder(executable)
        .envs(environment::settings(&granted, &stand_in.endpoint_url()))
        .timeout(timeout)
        .inherit_output()
        .start()
        .await?;
    match function.invoke(event).await {
        Outcome::Response { body, .. } => Ok(body),
        Outcome::Error { error_type, body } => Err(failed(&error_type, &body)),
        Outcome::Exited { status } => Err(Failure::FunctionEnded(status)),
        Outcome::TimedOut => Err(Failure::TimedOut(timeout)),
    }
}
