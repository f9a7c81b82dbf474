//! The command line.

use bedrock_local::{Date, FAULT_KINDS, Fault};
use clap::Parser;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Amazon Bedrock Runtime on loopback: a stand-in for development and tests, which refuses what Bedrock refuses.
///
/// Point a program at it with AWS_ENDPOINT_URL_BEDROCK_RUNTIME, and sign with the access key BEDROCKLOCAL0000000 and
/// the secret bedrock-local-is-a-stand-in-and-no-secret.
#[derive(Parser, Debug)]
#[command(version, after_help = kinds())]
pub(crate) struct Args {
    /// Port to listen on; 0 for any free one
    #[arg(long, default_value_t = 8181)]
    pub(crate) port: u16,

    /// Loopback address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,

    /// Listen over TLS, with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,

    /// Write the certificate authority, as PEM, for the caller to trust (AWS_CA_BUNDLE)
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) write_ca: Option<PathBuf>,

    /// Table of models, in the form of models.json [default: the workspace's]
    #[arg(long, value_name = "FILE")]
    pub(crate) models: Option<PathBuf>,

    /// Region for which requests must be signed
    #[arg(long, default_value = "ap-northeast-1")]
    pub(crate) region: String,

    /// Day by which a model's end of life is judged [default: today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) today: Option<Date>,

    /// Fault, see below; can be given again, and the first that applies and is not used up decides
    #[arg(long = "fault", value_name = "KIND[:ARGUMENT][:TIMES]")]
    pub(crate) faults: Vec<Fault>,

    /// Pace of the stand-in's own text in a stream [default: as fast as it can be sent]
    #[arg(long, value_name = "N")]
    pub(crate) tokens_per_second: Option<NonZeroU32>,

    /// Answer from a server that speaks OpenAI's chat completions, such as http://localhost:11434/v1
    #[arg(long, value_name = "URL", requires = "upstream_model")]
    pub(crate) upstream: Option<String>,

    /// Name of the model there
    #[arg(long, value_name = "NAME", requires = "upstream")]
    pub(crate) upstream_model: Option<String>,

    /// Time to wait for its whole answer
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = humantime::parse_duration)]
    pub(crate) upstream_timeout: Duration,

    /// Take unsigned requests, and those signed with any key
    #[arg(long)]
    pub(crate) no_verify_signatures: bool,

    /// Write {"endpointUrl":"…"} there when listening, instead of to stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "It is not a day. Write it like 2026-11-23.".to_owned())
}

fn kinds() -> String {
    let lines = FAULT_KINDS.map(|(form, meaning)| format!("  {form:<23} {meaning}"));
    format!(
        "Faults (end one with :N for the next N requests only, as in throttle:2):\n{}",
        lines.join("\n")
    )
}
