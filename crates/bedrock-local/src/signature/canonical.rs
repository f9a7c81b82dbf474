//! The canonical request of AWS Signature Version 4, made from the request that arrived.
//!
//! aws-sigv4 makes one too, but always names the receiver `host`. Over HTTP/2 the AWS SDK for JavaScript signs
//! `:authority` instead. AWS accepts both; aws-sigv4 rejects `:authority` as a header's name.

use crate::ReceivedRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

/// The names under which the receiver can be signed.
pub(crate) const RECEIVER: [&str; 2] = ["host", ":authority"];

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The hash of the canonical request, in hexadecimal; none where a signed header is not text.
pub(crate) fn hash(request: &ReceivedRequest, signed_headers: &[&str]) -> Option<String> {
    let mut names = signed_headers.to_vec();
    names.sort_unstable();
    let mut headers = String::new();
    for name in &names {
        headers += &format!("{name}:{}\n", header(request, name)?);
    }
    let canonical = [
        request.method.as_str(),
        &path(&request.path),
        &query(&request.query),
        &headers,
        &names.join(";"),
        &sha256(&request.body),
    ];
    Some(sha256(canonical.join("\n").as_bytes()))
}

/// The path, encoded a second time as for every service but S3. It needs no normalisation, because a model's id makes
/// no empty segment and none of dots alone.
fn path(path: &str) -> String {
    percent_encode(path.as_bytes(), RESERVED_IN_PATH).to_string()
}

fn query(query: &str) -> String {
    let encoded = |part: &str| {
        let bytes: Vec<u8> = percent_decode_str(part).collect();
        percent_encode(&bytes, RESERVED).to_string()
    };
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let mut pairs: Vec<(String, String)> = parameters
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort_unstable();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

/// Every value of a header, with each run of spaces as one.
fn header(request: &ReceivedRequest, name: &str) -> Option<String> {
    if RECEIVER.contains(&name) {
        return Some(request.authority.clone());
    }
    let mut values = Vec::new();
    for value in request.headers.get_all(name) {
        let words: Vec<&str> = value.to_str().ok()?.split_whitespace().collect();
        values.push(words.join(" "));
    }
    Some(values.join(","))
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
