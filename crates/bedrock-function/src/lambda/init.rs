//! Why INIT ended: one sentence, in the log and to Lambda.

use lambda_runtime_api_client::{Client, body::Body};
use serde::Serialize;

use crate::{
    bedrock::ConnectError,
    config::ConfigError,
    log::{self, Level, Reason},
};

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The program was started by hand.
    #[error(
        "This program is an AWS Lambda function and found no Lambda Runtime API around it: \
         to run it locally, use `make invoke`."
    )]
    NotOnLambda,
    /// A variable of the environment is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The client for Bedrock cannot be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl InitError {
    fn error_type(&self) -> &'static str {
        match self {
            Self::NotOnLambda => "Function.NotOnLambda",
            Self::Config(_) => "Function.ConfigInvalid",
            Self::Connect(_) => "Function.ConnectFailed",
        }
    }
}

/// The variables that `lambda_runtime` needs: it panics where one is missing.
const LAMBDA_VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Checks that Lambda, or an emulator of it, has started this process.
///
/// # Errors
///
/// [`InitError::NotOnLambda`] when a variable is missing that Lambda always sets.
pub fn expect_lambda() -> Result<(), InitError> {
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    if LAMBDA_VARIABLES.iter().all(is_set) {
        Ok(())
    } else {
        Err(InitError::NotOnLambda)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    error_type: &'a str,
    error_message: String,
}

/// Reports why INIT ended: in the log, and to Lambda, which passes it on to the caller.
pub async fn report(error: &InitError) {
    let report = Report {
        error_type: error.error_type(),
        error_message: error.to_string(),
    };
    log::write(Level::Fatal, "INIT failed", &report);
    if matches!(error, InitError::NotOnLambda) {
        return;
    }
    if let Err(error) = send(&report).await {
        let error = error.to_string();
        log::write(
            Level::Error,
            "Lambda did not take INIT's error",
            Reason { error },
        );
    }
}

async fn send(report: &Report<'_>) -> Result<(), lambda_runtime::Error> {
    let request = http::Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", report.error_type)
        .body(Body::from(serde_json::to_string(report)?))?;
    Client::builder().build()?.call(request).await?;
    Ok(())
}
