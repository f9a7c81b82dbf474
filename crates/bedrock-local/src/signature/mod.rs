//! The check of AWS Signature Version 4, with AWS's rules and messages.

mod canonical;

use crate::ReceivedRequest;
use crate::bedrock::refusal::Refusal;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem};

/// The only access key that the stand-in knows. It is valid nowhere else.
pub const ACCESS_KEY_ID: &str = "BEDROCKLOCAL0000000";
/// The secret of [`ACCESS_KEY_ID`]. It is valid nowhere else.
pub const SECRET_ACCESS_KEY: &str = "bedrock-local-is-a-stand-in-and-no-secret";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "bedrock";
/// AWS accepts a signature whose time is up to five minutes off.
const SKEW: Duration = Duration::minutes(5);
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Checks the signature's key, scope and time, and that the request was not changed after it was signed.
pub(crate) fn verify(
    request: &ReceivedRequest,
    region: &str,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    let header = request.header("authorization").ok_or_else(missing)?;
    if header.starts_with("Bearer ") {
        return Err(bearer());
    }
    let authorization = Authorization::parse(header).ok_or_else(incomplete)?;
    let timestamp = request.header("x-amz-date").ok_or_else(incomplete)?;
    let signed_at = PrimitiveDateTime::parse(timestamp, TIMESTAMP)
        .map_err(|_| incomplete())?
        .assume_utc();
    authorization.check_key()?;
    authorization.check_scope(region, timestamp)?;
    check_clock(signed_at, now)?;
    authorization.check_signed_headers(request)?;
    match authorization.recompute(request, timestamp, signed_at) {
        // The comparison need not take constant time, because the secret is public.
        Some(expected) if expected == authorization.signature => Ok(()),
        _ => Err(mismatch()),
    }
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else {
            return None;
        };
        let signed_headers = field("SignedHeaders")?.split(';').collect();
        Some(Self {
            access_key,
            date,
            region,
            service,
            signed_headers,
            signature: field("Signature")?,
        })
    }

    fn check_key(&self) -> Result<(), Refusal> {
        if self.access_key == ACCESS_KEY_ID {
            return Ok(());
        }
        let message = "The security token included in the request is invalid.";
        Err(Refusal::new(403, "UnrecognizedClientException", message))
    }

    fn check_scope(&self, region: &str, timestamp: &str) -> Result<(), Refusal> {
        if self.region != region {
            return Err(invalid(format!(
                "Credential should be scoped to a valid region, not '{}'.",
                self.region
            )));
        }
        if self.service != SERVICE {
            return Err(invalid(format!(
                "Credential should be scoped to correct service: '{SERVICE}'."
            )));
        }
        if timestamp.split('T').next() != Some(self.date) {
            return Err(invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{timestamp}'.",
                self.date
            )));
        }
        Ok(())
    }

    /// The headers that name the receiver, the time and the session must be signed.
    fn check_signed_headers(&self, request: &ReceivedRequest) -> Result<(), Refusal> {
        let signed = |name: &&str| self.signed_headers.contains(name);
        if !canonical::RECEIVER.iter().any(signed) {
            return Err(not_signed("'Host' or ':authority'"));
        }
        let required = ["x-amz-date", "x-amz-security-token"];
        match required
            .iter()
            .find(|name| request.headers.contains_key(**name) && !signed(name))
        {
            Some(name) => Err(not_signed(&format!("'{name}'"))),
            None => Ok(()),
        }
    }

    /// The signature of the request as it arrived, by the known secret; none for a request that cannot be signed.
    fn recompute(
        &self,
        request: &ReceivedRequest,
        timestamp: &str,
        signed_at: OffsetDateTime,
    ) -> Option<String> {
        let (date, region, service) = (self.date, self.region, self.service);
        let hash = canonical::hash(request, &self.signed_headers)?;
        let signed =
            format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{hash}");
        let key = generate_signing_key(SECRET_ACCESS_KEY, signed_at.into(), region, service);
        Some(calculate_signature(key, signed.as_bytes()))
    }
}

fn check_clock(signed_at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Refusal> {
    let (signed, here) = (stamp(signed_at), stamp(now));
    if signed_at < now - SKEW {
        let limit = stamp(now - SKEW);
        return Err(invalid(format!(
            "Signature expired: {signed} is now earlier than {limit} ({here} - 5 min.)"
        )));
    }
    if signed_at > now + SKEW {
        let limit = stamp(now + SKEW);
        return Err(invalid(format!(
            "Signature not yet current: {signed} is still later than {limit} ({here} + 5 min.)"
        )));
    }
    Ok(())
}

fn stamp(at: OffsetDateTime) -> String {
    at.format(TIMESTAMP).unwrap_or_default()
}

fn missing() -> Refusal {
    Refusal::new(
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )
}

fn bearer() -> Refusal {
    let message = "bedrock-local takes requests signed with AWS Signature Version 4 only, and no bearer token. Unset AWS_BEARER_TOKEN_BEDROCK and give the caller the stand-in's access key.";
    Refusal::new(403, "AccessDeniedException", message)
}

fn incomplete() -> Refusal {
    let message = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    Refusal::new(400, "IncompleteSignatureException", message)
}

fn mismatch() -> Refusal {
    invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    )
}

fn not_signed(what: &str) -> Refusal {
    invalid(format!(
        "{what} must be a 'SignedHeader' in the AWS Authorization."
    ))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(403, "InvalidSignatureException", message)
}

#[cfg(test)]
mod tests;
