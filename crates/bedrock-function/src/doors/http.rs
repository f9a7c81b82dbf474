//! HTTP events: Function URL and API Gateway v2 (payload format 2.0), API Gateway v1 (REST proxy).

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::Door;
use super::json::{Fields, Kind, boolean, string};
use crate::errors::InvalidRequest;

/// Format 2.0 has the request's method in `requestContext.http`; v1 has `httpMethod`, and the
/// context beside it. A direct event has neither, whatever else is in it. A Function URL speaks
/// format 2.0 under a host name of its own.
pub(super) fn door(fields: &Fields<'_>) -> Option<Door> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Context<'a> {
        #[serde(borrow)]
        http: Option<&'a RawValue>,
        #[serde(borrow)]
        domain_name: Option<&'a RawValue>,
    }
    let context = fields
        .request_context
        .filter(|c| Kind::of(c.get()) == Kind::Object)?;
    if let Ok(Context {
        http: Some(_),
        domain_name,
    }) = serde_json::from_str(context.get())
    {
        let is_url = domain_name.is_some_and(|name| name.get().contains(".lambda-url."));
        return Some(if is_url {
            Door::FunctionUrl
        } else {
            Door::Http
        });
    }
    let is_v1 = fields
        .http_method
        .is_some_and(|m| Kind::of(m.get()) == Kind::String);
    is_v1.then_some(Door::Http)
}

/// Whether the request's `accept` names Server-Sent Events.
pub(super) fn accepts_events(fields: &Fields<'_>) -> bool {
    const MEDIA_TYPE: &str = "text/event-stream";
    let names_it = |json: &str| {
        let mut parts = json.as_bytes().windows(MEDIA_TYPE.len());
        parts.any(|part| part.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes()))
    };
    // Parsing the headers is skipped for the many requests that do not name it.
    let Some(headers) = fields.headers.filter(|h| names_it(h.get())) else {
        return false;
    };
    let headers: BTreeMap<String, Value> = serde_json::from_str(headers.get()).unwrap_or_default();
    headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("accept"))
        .filter_map(|(_, value)| value.as_str())
        .flat_map(|value| value.split(','))
        .filter_map(|media| media.split(';').next())
        .any(|media| media.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

/// The text of the request's body, if it has one.
pub(super) fn body(fields: &Fields<'_>) -> Result<Option<String>, InvalidRequest> {
    let Some(raw) = fields.body else {
        return Ok(None);
    };
    let body = string("body", raw)?;
    let is_base64 = match fields.is_base64_encoded {
        Some(raw) => boolean("isBase64Encoded", raw)?,
        None => false,
    };
    let text = if is_base64 { decoded(&body)? } else { body };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn decoded(body: &str) -> Result<String, InvalidRequest> {
    let bytes = base64::decode(body).map_err(|_| {
        InvalidRequest::new(
            "The request's body is marked as base64 and is not.",
            "Send a body of valid base64, or as plain text.",
        )
    })?;
    String::from_utf8(bytes).map_err(|_| {
        InvalidRequest::new(
            "The request's body is not UTF-8 text.",
            "Send JSON in UTF-8.",
        )
    })
}
