//! HTTP events: Function URL and API Gateway v2 (payload format 2.0), API Gateway v1 (REST proxy).

use aws_smithy_types::base64;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Fields, Kind, boolean, string};
use crate::errors::InvalidRequest;

/// Format 2.0 has the request's method in `requestContext.http`; v1 has `httpMethod`, and the
/// context beside it. A direct event has neither, whatever else is in it.
pub(super) fn is_http(fields: &Fields<'_>) -> bool {
    #[derive(Deserialize)]
    struct Context<'a> {
        #[serde(borrow)]
        http: Option<&'a RawValue>,
    }
    let Some(context) = fields
        .request_context
        .filter(|c| Kind::of(c.get()) == Kind::Object)
    else {
        return false;
    };
    let is_v1 = fields
        .http_method
        .is_some_and(|m| Kind::of(m.get()) == Kind::String);
    let is_v2 =
        || serde_json::from_str::<Context<'_>>(context.get()).is_ok_and(|c| c.http.is_some());
    is_v1 || is_v2()
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
