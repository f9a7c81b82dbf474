//! A function's reply as an HTTP response.

use std::io;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{InvokeError, Outcome, ResponsePart};

/// The content type of a streamed response that begins with a prelude: a status and headers in JSON.
const WITH_PRELUDE: &str = "application/vnd.awslambda.http-integration-response";

/// The end of the prelude.
const DELIMITER: [u8; 8] = [0; 8];

/// A limit that no prelude of real headers reaches.
const MAX_PRELUDE_BYTES: usize = 1024 * 1024;

/// The function's reply is not an HTTP response.
#[derive(Debug)]
pub(super) struct Unusable;

/// The status line and headers of a reply, and the body of one that is not streamed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response to a reply that came whole. JSON without a `statusCode` is itself the body.
pub(super) fn buffered(payload: &[u8]) -> Result<Response, Unusable> {
    let value: Value = serde_json::from_slice(payload).map_err(|_| Unusable)?;
    if value.get("statusCode").is_none() {
        let body = match value {
            Value::String(text) => Bytes::from(text),
            _ => Bytes::copy_from_slice(payload),
        };
        return json_by_default(StatusCode::OK, HeaderMap::new(), body.into());
    }
    let mut reply = Reply::deserialize(value).map_err(|_| Unusable)?;
    let body = reply.body.take().unwrap_or_default();
    let body = if reply.is_base64_encoded {
        BASE64_STANDARD.decode(body).map_err(|_| Unusable)?
    } else {
        body.into_bytes()
    };
    json_by_default(reply.status()?, reply.into_headers()?, body.into())
}

fn json_by_default(
    status: StatusCode,
    mut headers: HeaderMap,
    body: Body,
) -> Result<Response, Unusable> {
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    Ok((status, headers, body).into_response())
}

/// The response to a reply that is streamed, once its status is known. A stream that ends in an error is cut off, because its status is sent already.
pub(super) async fn streamed(
    headers: &HeaderMap,
    mut parts: mpsc::Receiver<ResponsePart>,
    task: JoinHandle<Result<Outcome, InvokeError>>,
) -> Result<Response, Unusable> {
    let content_type = headers.get(CONTENT_TYPE);
    let is_with_prelude = content_type.is_some_and(|value| value == WITH_PRELUDE);
    let (status, headers, first) = if is_with_prelude {
        let (reply, first) = prelude(&mut parts).await?;
        (reply.status()?, reply.into_headers()?, first)
    } else {
        let content_type = content_type.map(|value| (CONTENT_TYPE, value.clone()));
        (
            StatusCode::OK,
            content_type.into_iter().collect(),
            Bytes::new(),
        )
    };
    let first = stream::iter((!first.is_empty()).then_some(Ok(first)));
    let rest = stream::unfold(parts, |mut parts| async {
        Some((parts.recv().await?, parts))
    })
    .filter_map(|part| async move {
        match part {
            ResponsePart::Chunk(chunk) => Some(Ok(chunk)),
            ResponsePart::Headers(_) => None,
        }
    });
    let end = stream::once(task).filter_map(|ended| async move {
        match ended {
            Ok(Ok(Outcome::Response { .. })) => None,
            _ => Some(Err(io::Error::other(
                "the function did not end its response",
            ))),
        }
    });
    let body = Body::from_stream(first.chain(rest).chain(end));
    Ok((status, headers, body).into_response())
}

/// Reads up to the delimiter; gives what the chunk has behind it.
async fn prelude(parts: &mut mpsc::Receiver<ResponsePart>) -> Result<(Reply, Bytes), Unusable> {
    let mut read = BytesMut::new();
    loop {
        let end = read
            .windows(DELIMITER.len())
            .position(|window| window == DELIMITER);
        if let Some(end) = end {
            let prelude = read.split_to(end);
            let body = read.split_off(DELIMITER.len()).freeze();
            let reply = serde_json::from_slice(&prelude).map_err(|_| Unusable)?;
            return Ok((reply, body));
        }
        match parts.recv().await {
            Some(ResponsePart::Chunk(chunk)) if read.len() < MAX_PRELUDE_BYTES => {
                read.extend_from_slice(&chunk);
            }
            Some(ResponsePart::Headers(_)) => {}
            Some(ResponsePart::Chunk(_)) | None => return Err(Unusable),
        }
    }
}

impl Reply {
    fn status(&self) -> Result<StatusCode, Unusable> {
        StatusCode::from_u16(self.status_code).map_err(|_| Unusable)
    }

    fn into_headers(self) -> Result<HeaderMap, Unusable> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unusable)?;
            // The prelude of lambda_runtime has a list where a header has several values.
            let values = match value {
                Value::Array(values) => values,
                value => vec![value],
            };
            for value in values {
                let value = match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                headers.append(&name, value.parse().map_err(|_| Unusable)?);
            }
        }
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie.parse().map_err(|_| Unusable)?);
        }
        Ok(headers)
    }
}
