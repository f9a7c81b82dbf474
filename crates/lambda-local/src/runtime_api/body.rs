//! The bodies that the function posts, read whole or passed on chunk by chunk.

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use tokio::sync::mpsc;

/// Lambda's limit for a streamed response: 200 MB.
const MAX_STREAMED_BYTES: usize = 200 * 1024 * 1024;

const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// Why a body could not be read.
pub(super) enum Unread {
    TooLarge,
    Broken,
}

/// Reads a whole body. A body that is too large is read to its end all the same: a function that is still writing would miss the refusal.
pub(super) async fn collect(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let collected = Limited::new(body, MAX_STREAMED_BYTES)
        .collect()
        .await
        .map_err(unread)?;
    let body = collected.to_bytes();
    if body.len() > limit {
        Err(Unread::TooLarge)
    } else {
        Ok(body)
    }
}

/// Passes a body on as it comes, and gives its trailers. The body is read to its end also when its receiver is gone.
pub(super) async fn pass_on(body: Body, to: mpsc::Sender<Bytes>) -> Result<HeaderMap, Unread> {
    let mut body = Limited::new(body, MAX_STREAMED_BYTES);
    let mut trailers = HeaderMap::new();
    while let Some(frame) = body.frame().await {
        match frame.map_err(unread)?.into_data() {
            Ok(chunk) => drop(to.send(chunk).await),
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok(trailers)
}

fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> Unread {
    if error.is::<LengthLimitError>() {
        Unread::TooLarge
    } else {
        Unread::Broken
    }
}

/// Whether the headers of a response announce a streamed one.
pub(super) fn is_streaming(headers: &HeaderMap) -> bool {
    headers
        .get(RESPONSE_MODE)
        .is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"))
}

/// The members of an error report that are read here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Report {
    error_type: String,
    pub(super) error_message: String,
}

impl Report {
    /// A body of any other shape gives an empty report.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The body's type, or else the header's: runtimes may put no more than "unhandled" there.
    pub(super) fn error_type(&self, headers: &HeaderMap) -> String {
        match self.error_type.as_str() {
            "" => text(headers, ERROR_TYPE).unwrap_or_default(),
            error_type => error_type.to_owned(),
        }
    }
}

/// The error that the trailers of a streamed response tell of: its type, and its body, which travels in Base64.
pub(super) fn error_of(trailers: &HeaderMap) -> Option<(String, Bytes)> {
    let error_type = text(trailers, ERROR_TYPE)?;
    let body = trailers
        .get(ERROR_BODY)
        .and_then(|value| BASE64_STANDARD.decode(value.as_bytes()).ok())
        .unwrap_or_default();
    Some((error_type, body.into()))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
