//! A request to the API, parsed.

use std::collections::HashMap;

use axum::{
    RequestPartsExt,
    extract::{Path, Query},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::{ApiError, VERSION};
use crate::{Builder, Invocation, MAX_EVENT_BYTES};

/// How the event is to be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// A request for the function.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) invocation_type: InvocationType,
    pub(super) request_id: String,
    payload: Bytes,
    trace_id: Option<String>,
    client_context: Option<String>,
}

impl Request {
    pub(super) async fn read(
        function: &Builder,
        request: axum::extract::Request,
    ) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Path(name) = parts
            .extract::<Path<String>>()
            .await
            .map_err(ApiError::service)?;
        let Query(query) = parts
            .extract::<Query<HashMap<String, String>>>()
            .await
            .map_err(ApiError::service)?;
        check_name(function, &name, query.get("Qualifier").map(String::as_str))?;
        let body = Limited::new(body, MAX_EVENT_BYTES).collect().await;
        let payload = match body {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(ApiError::too_large()),
            Err(_) => return Err(ApiError::unreadable()),
        };
        Ok(Self {
            invocation_type: invocation_type(&parts.headers)?,
            request_id: Uuid::new_v4().to_string(),
            payload: event(payload)?,
            trace_id: text(&parts.headers, "x-amzn-trace-id").map(str::to_owned),
            client_context: client_context(&parts.headers)?,
        })
    }

    pub(super) fn into_event(self) -> (Bytes, Invocation) {
        let invocation = Invocation {
            request_id: Some(self.request_id),
            trace_id: self.trace_id,
            client_context: self.client_context,
            ..Invocation::default()
        };
        (self.payload, invocation)
    }
}

/// Checks that the payload is JSON. An empty one counts as an empty object.
fn event(payload: Bytes) -> Result<Bytes, ApiError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&payload) {
        Ok(_) => Ok(payload),
        Err(error) => Err(ApiError::not_json(&error)),
    }
}

fn invocation_type(headers: &HeaderMap) -> Result<InvocationType, ApiError> {
    match text(headers, "x-amz-invocation-type") {
        None | Some("RequestResponse") => Ok(InvocationType::RequestResponse),
        Some("Event") => Ok(InvocationType::Event),
        Some("DryRun") => Ok(InvocationType::DryRun),
        Some(other) => Err(ApiError::invalid_parameter("X-Amz-Invocation-Type", other)),
    }
}

/// The context travels in Base64 here, and as it is to the function.
fn client_context(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(encoded) = text(headers, "x-amz-client-context") else {
        return Ok(None);
    };
    BASE64_STANDARD
        .decode(encoded)
        .ok()
        .and_then(|context| String::from_utf8(context).ok())
        .map(Some)
        .ok_or_else(|| ApiError::invalid_parameter("X-Amz-Client-Context", encoded))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A name, a partial ARN or a whole one, with or without the version.
fn check_name(function: &Builder, asked: &str, qualifier: Option<&str>) -> Result<(), ApiError> {
    let name = asked
        .rsplit_once("function:")
        .map_or(asked, |(_, name)| name);
    let (name, suffix) = match name.split_once(':') {
        Some((name, suffix)) => (name, Some(suffix)),
        None => (name, None),
    };
    let qualifier = suffix.or(qualifier);
    if name == function.name() && qualifier.is_none_or(|qualifier| qualifier == VERSION) {
        return Ok(());
    }
    let mut arn = function.arn_of(name);
    if let Some(qualifier) = qualifier {
        arn = format!("{arn}:{qualifier}");
    }
    Err(ApiError::not_found(&arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(asked: &str, qualifier: Option<&str>) -> bool {
        let function = Builder::new("bootstrap".into()).function_name("ours");
        check_name(&function, asked, qualifier).is_ok()
    }

    #[test]
    fn a_function_is_named_as_lambda_takes_it() {
        for asked in [
            "ours",
            "ours:$LATEST",
            "123456789012:function:ours",
            "arn:aws:lambda:ap-northeast-1:123456789012:function:ours",
            "arn:aws:lambda:ap-northeast-1:123456789012:function:ours:$LATEST",
        ] {
            assert!(is_found(asked, None), "{asked}");
        }
        assert!(is_found("ours", Some("$LATEST")));
    }

    #[test]
    fn another_name_or_version_is_not_found() {
        for asked in ["theirs", "ours:7", "123456789012:function:theirs"] {
            assert!(!is_found(asked, None), "{asked}");
        }
        assert!(!is_found("ours", Some("live")));
    }
}
