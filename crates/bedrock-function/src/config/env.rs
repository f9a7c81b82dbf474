//! Parses single variables. An error names the variable and what it takes.

use std::{fmt, str::FromStr, time::Duration};

use super::Destination;

/// The longest that a Lambda function may run, in seconds: the time-out of a standard function.
const LONGEST_TIMEOUT_SECONDS: u64 = 900;

/// A variable that is missing or wrong: one sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self {
            variable,
            problem: problem.into(),
        }
    }
}

pub(super) fn parsed<T: FromStr<Err = String>>(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<T>, ConfigError> {
    value
        .map(|value| {
            value
                .parse()
                .map_err(|problem: String| ConfigError::new(variable, problem))
        })
        .transpose()
}

pub(super) fn count(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<usize>, ConfigError> {
    let takes = format_args!("a whole number of at least 1");
    read(variable, value, takes, |value| {
        value.parse().ok().filter(|n| *n >= 1)
    })
}

pub(super) fn seconds(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<Duration>, ConfigError> {
    let takes = format_args!("a whole number of seconds from 1 to {LONGEST_TIMEOUT_SECONDS}");
    read(variable, value, takes, |value| {
        let seconds = value.parse().ok();
        seconds
            .filter(|n| (1..=LONGEST_TIMEOUT_SECONDS).contains(n))
            .map(Duration::from_secs)
    })
}

pub(super) fn switch(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<bool>, ConfigError> {
    read(
        variable,
        value,
        format_args!("0 or 1"),
        |value| match value {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        },
    )
}

fn read<T>(
    variable: &'static str,
    value: Option<String>,
    takes: fmt::Arguments<'_>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let wrong = |value| ConfigError::new(variable, format!("must be {takes}, not {value:?}."));
    value
        .map(|value| parse(&value).ok_or_else(|| wrong(value)))
        .transpose()
}

/// CloudWatch's rule for namespaces: 1 to 255 of these characters, and not `AWS/` at the beginning.
pub(super) fn destination(
    namespace: String,
    function_name: Option<String>,
) -> Result<Destination, ConfigError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#:".contains(c);
    if namespace.len() > 255 || !namespace.chars().all(is_allowed) || namespace.starts_with("AWS/")
    {
        return Err(ConfigError::new(
            "BEDROCK_METRICS_NAMESPACE",
            format!("must be a CloudWatch namespace such as BedrockOnLambda, not {namespace:?}."),
        ));
    }
    Ok(Destination {
        namespace,
        function_name: function_name.unwrap_or_default(),
    })
}

pub(super) fn region(value: Option<String>) -> Result<String, ConfigError> {
    let region = value.ok_or_else(|| {
        ConfigError::new(
            "AWS_REGION",
            "is not set: give the region where Bedrock is called, for instance ap-northeast-1.",
        )
    })?;
    // The region becomes part of a host name.
    let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.chars().all(is_label) {
        Ok(region)
    } else {
        Err(ConfigError::new(
            "AWS_REGION",
            format!("must be a region such as ap-northeast-1, not {region:?}."),
        ))
    }
}

fn is_address(authority: &http::uri::Authority) -> bool {
    let host = authority.host();
    let has_no_port = authority.as_str().ends_with(host);
    !host.is_empty() && (has_no_port || authority.port_u16().is_some())
}

pub(super) fn endpoint(value: Option<String>) -> Result<Option<String>, ConfigError> {
    let is_url = |url: &String| {
        url.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some_and(is_address)
        })
    };
    match value {
        // The value is not repeated: a URL can hold a password.
        Some(url) if !is_url(&url) => Err(ConfigError::new(
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
            "must be a URL with a host, that begins with http:// or https://.",
        )),
        other => Ok(other),
    }
}
