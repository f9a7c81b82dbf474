//! The local stack: the function, in `lambda-local` or reloaded by cargo-lambda's emulator, and a stand-in for Bedrock.

mod bedrock;
mod build;
mod emulator;
mod environment;
mod local;
mod watch;

pub(crate) use local::{LocalFunction, PACE, invoke_once};
pub(crate) use watch::{Running, invoke_running, watch};

use std::{io::Write, time::Duration};

use bytes::Bytes;
use serde::Deserialize;

use crate::{failure::Failure, project};

/// Writes lines about the parts of the stack to stderr.
pub(crate) fn say(lines: &[(&str, String)]) {
    let mut stderr = std::io::stderr().lock();
    for (what, line) in lines {
        let _ = writeln!(stderr, "{what:<9} {line}");
    }
}

/// An error report of the function.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Error {
    error_type: String,
    error_message: String,
}

/// Hands the event to the function that cargo-lambda's emulator reloads, and gives its payload as it came.
///
/// The emulator's own endpoint is used because `cargo lambda invoke` formats JSON anew and waits for ever when no answer comes.
async fn post(port: u16, event: Bytes, timeout: Duration) -> Result<Bytes, Failure> {
    let url = format!(
        "http://127.0.0.1:{port}/2015-03-31/functions/{}/invocations",
        project::FUNCTION
    );
    // A proxy of the caller has no business on loopback.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(timeout)
        .build()
        .map_err(Failure::Connection)?;
    let unanswered = |error: reqwest::Error| {
        if error.is_timeout() {
            Failure::NoReply(timeout)
        } else {
            Failure::Connection(error)
        }
    };
    let response = client
        .post(url)
        .body(event)
        .send()
        .await
        .map_err(unanswered)?;
    let status = response.status();
    let payload = response.bytes().await.map_err(unanswered)?;
    match failure_of(&payload) {
        // An initialisation error comes with the status of a success.
        Some(failure) => Err(failure),
        None if status.is_success() => Ok(payload),
        None => Err(Failure::Refused {
            status: status.as_u16(),
            body: String::from_utf8_lossy(&payload).trim().to_owned(),
        }),
    }
}

/// The failure that a payload tells of, where it does.
fn failure_of(payload: &[u8]) -> Option<Failure> {
    let error: Error = serde_json::from_slice(payload).ok()?;
    Some(error.into())
}

/// The failure of an invocation that the function reported.
fn failed(error_type: &str, body: &[u8]) -> Failure {
    let error = serde_json::from_slice(body).unwrap_or_else(|_| Error {
        error_type: error_type.to_owned(),
        error_message: String::from_utf8_lossy(body).into_owned(),
    });
    error.into()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::FunctionFailed(format!("{}: {}", error.error_type, error.error_message))
    }
}
