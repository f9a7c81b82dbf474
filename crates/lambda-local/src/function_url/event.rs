//! An HTTP request as an event, in payload format 2.0:
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.

use std::collections::BTreeMap;

use axum::extract::Request;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, Uri,
    header::{CONTENT_TYPE, COOKIE, USER_AGENT},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use crate::{MAX_EVENT_BYTES, invoke_api::ApiError};

/// The id that stands in AWS's own example of a URL.
const URL_ID: &str = "abcdefg";

pub(super) async fn of(request: Request, request_id: &str) -> Result<Bytes, ApiError> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_EVENT_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(ApiError::too_large()),
        Err(_) => return Err(ApiError::unreadable()),
    };
    let text = text_of(&body, &parts.headers);
    let domain = format!("{URL_ID}.lambda-url.ap-northeast-1.on.aws");
    let now = OffsetDateTime::now_utc();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": domain,
            "domainPrefix": URL_ID,
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": format!("{:?}", parts.version),
                "sourceIp": "127.0.0.1",
                "userAgent": header(&parts.headers, USER_AGENT.as_str()),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time(now),
            "timeEpoch": now.unix_timestamp_nanos() / 1_000_000,
        },
        "isBase64Encoded": text.is_none() && !body.is_empty(),
    });
    let cookies: Vec<&str> = header(&parts.headers, COOKIE.as_str())
        .split("; ")
        .filter(|cookie| !cookie.is_empty())
        .collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if let Some(query) = query(&parts.uri) {
        event["queryStringParameters"] = query;
    }
    if !body.is_empty() {
        event["body"] = match text {
            Some(text) => json!(text),
            None => json!(BASE64_STANDARD.encode(&body)),
        };
    }
    Ok(event.to_string().into())
}

/// A body that goes into the event as text, by its content type; any other goes in Base64.
fn text_of<'a>(body: &'a Bytes, headers: &HeaderMap) -> Option<&'a str> {
    let content_type = header(headers, CONTENT_TYPE.as_str()).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = media_type.starts_with("text/")
        || matches!(
            media_type,
            "application/json" | "application/javascript" | "application/xml"
        );
    std::str::from_utf8(body).ok().filter(|_| is_text)
}

/// Values of one name are joined by commas. Cookies have a key of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let names = headers.keys().filter(|name| *name != COOKIE);
    names
        .map(|name| (name.as_str(), header_values(headers, name.as_str())))
        .collect()
}

fn header_values(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    values.join(",")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The parameters, decoded; several values of one name are joined by commas.
fn query(uri: &Uri) -> Option<Value> {
    let axum::extract::Query(pairs) =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        parameters
            .entry(name)
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    (!parameters.is_empty()).then(|| json!(parameters))
}

/// As in an access log: `12/Mar/2020:19:03:58 +0000`.
fn time(now: OffsetDateTime) -> String {
    now.format(format_description!(
        "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000"
    ))
    .unwrap_or_default()
}
