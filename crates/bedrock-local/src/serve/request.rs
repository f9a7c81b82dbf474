//! A request for a model, as it arrived.

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use percent_encoding::percent_decode_str;
use std::fmt;

/// An operation of Bedrock Runtime that addresses a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Answered.
    Converse,
    /// Answered.
    ConverseStream,
    /// Answered for Titan Text.
    InvokeModel,
    /// Refused.
    InvokeModelWithResponseStream,
    /// Refused.
    CountTokens,
}

impl Operation {
    fn of(last_segment: &str) -> Option<Self> {
        match last_segment {
            "converse" => Some(Self::Converse),
            "converse-stream" => Some(Self::ConverseStream),
            "invoke" => Some(Self::InvokeModel),
            "invoke-with-response-stream" => Some(Self::InvokeModelWithResponseStream),
            "count-tokens" => Some(Self::CountTokens),
            _ => None,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// A request for a model, refused ones included.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The method.
    pub method: Method,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// The model's id or ARN, decoded.
    pub model_id: String,
    /// The operation.
    pub operation: Operation,
    /// `HTTP_11` or `HTTP_2`.
    pub version: Version,
    /// Names in lower case.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
    /// The caller's port, which requests over one connection share.
    pub peer_port: u16,
    /// The authority that the request was sent to, from `:authority` or `Host`.
    pub authority: String,
    /// The query, or nothing.
    pub query: String,
}

impl ReceivedRequest {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }

    /// A header's value, if it is there and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The request; none for a path that is not an operation on a model.
    pub(crate) fn new(head: &http::request::Parts, body: Bytes, peer_port: u16) -> Option<Self> {
        let path = head.uri.path();
        let (encoded_id, last) = path.strip_prefix("/model/")?.rsplit_once('/')?;
        let operation = Operation::of(last).filter(|_| head.method == Method::POST)?;
        let host = head
            .headers
            .get(http::header::HOST)
            .and_then(|value| value.to_str().ok());
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        Some(Self {
            method: head.method.clone(),
            path: path.to_owned(),
            model_id: percent_decode_str(encoded_id)
                .decode_utf8()
                .ok()?
                .into_owned(),
            operation,
            version: head.version,
            headers: head.headers.clone(),
            body,
            peer_port,
            // The target's authority precedes the header's (RFC 9112, 3.2.2). Over HTTP/2 it is `:authority`.
            authority: authority.or(host).unwrap_or_default().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
        })
    }

    /// The model's id as a log may show it: an ARN holds an account number, so its last part alone.
    pub(crate) fn loggable_model_id(&self) -> String {
        let last = self.model_id.rsplit('/').next().unwrap_or_default();
        last.chars()
            .filter(|character| character.is_ascii_graphic())
            .take(100)
            .collect()
    }
}
