//! The program: settings from the command line, one line to standard output when it listens, one to standard error
//! for each request.

mod args;

use args::Args;
use bedrock_local::{BedrockLocal, ModelTable, RequestLine, StartError, TlsIdentity, Upstream};
use clap::Parser;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::{OffsetDateTime, macros::format_description};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("Cannot read {path}: {source}. Give the path of a table of models.", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("Cannot write {path}: {source}. Give a path that can be written.", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("Cannot write to standard output: {0}. Use --ready-file.")]
    Stdout(io::Error),
    #[error("Cannot watch for signals: {0}. Free some of this machine's resources and try again.")]
    Signals(io::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bedrock-local: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let bedrock = start(&args).await?;
    announce(&args, &bedrock)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    bedrock.stop().await;
    Ok(())
}

async fn start(args: &Args) -> Result<BedrockLocal, Error> {
    let mut builder = BedrockLocal::builder()
        .host(args.host)
        .port(args.port)
        .region(&args.region)
        .verify_signatures(!args.no_verify_signatures)
        .default_faults(args.faults.clone())
        .on_request(log);
    if args.tls {
        builder = builder.tls(TlsIdentity::localhost().map_err(StartError::from)?);
    }
    if let Some(path) = &args.models {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.clone(),
            source,
        })?;
        builder = builder.models(ModelTable::from_json(&text).map_err(StartError::from)?);
    }
    if let Some(today) = args.today {
        builder = builder.today(today);
    }
    if let Some(pace) = args.tokens_per_second {
        builder = builder.tokens_per_second(pace);
    }
    if let (Some(url), Some(model)) = (&args.upstream, &args.upstream_model) {
        let upstream = Upstream::new(url, model).map_err(StartError::from)?;
        builder = builder.upstream(upstream.timeout(args.upstream_timeout));
    }
    Ok(builder.start().await?)
}

/// Writes the address for the program that started this one. The file appears whole or not at all.
fn announce(args: &Args, bedrock: &BedrockLocal) -> Result<(), Error> {
    if let (Some(path), Some(pem)) = (&args.write_ca, bedrock.certificate_authority_pem()) {
        write(path, pem)?;
    }
    let line = format!(
        "{}\n",
        serde_json::json!({"endpointUrl": bedrock.endpoint_url()})
    );
    let Some(path) = &args.ready_file else {
        return io::stdout()
            .write_all(line.as_bytes())
            .and_then(|()| io::stdout().flush())
            .map_err(Error::Stdout);
    };
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    write(&unfinished, &line)?;
    std::fs::rename(&unfinished, path).map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

fn log(line: &RequestLine) {
    let time = OffsetDateTime::now_utc()
        .format(format_description!("[hour]:[minute]:[second]Z"))
        .unwrap_or_default();
    let operation = line.operation.map_or_else(
        || "unknown operation".to_owned(),
        |operation| operation.to_string(),
    );
    say(format!("{time} {operation} {} {}", line.model_id, line.outcome).trim_end());
}

/// Writes a line to standard error. A reader that is gone is no failure.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
