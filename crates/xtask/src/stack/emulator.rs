//! cargo-lambda's emulator of Lambda on a port of loopback.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    time::Duration,
};

use lambda_local::ProcessGroup;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// How long it may take to start; a busy machine needs a fraction of it.
const START: Duration = Duration::from_secs(30);

/// How often to try again when another program took the free port first.
const ATTEMPTS: usize = 5;

/// A running emulator.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    pub(crate) group: ProcessGroup,
}

impl Emulator {
    /// Starts `cargo lambda watch` as the command says, on this port or else on a free one, and waits until it listens. What it writes
    /// goes to stderr.
    pub(crate) async fn start(
        port: u16,
        command: impl Fn() -> Result<Command, Failure>,
    ) -> Result<Self, Failure> {
        let mut port = if is_free(port) { port } else { free_port()? };
        let mut attempt = 1;
        loop {
            match Self::start_on(port, command()?).await {
                // It ends without giving a reason when its port is taken.
                Err(Failure::EmulatorEnded(_)) if attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
            port = free_port()?;
        }
    }

    async fn start_on(port: u16, mut command: Command) -> Result<Self, Failure> {
        command
            .args([
                "--invoke-address",
                "127.0.0.1",
                "--invoke-port",
                &port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .stderr(io::stderr());
        let group = ProcessGroup::spawn(&mut command).map_err(|source| Failure::CannotRun {
            program: "cargo lambda watch".into(),
            source,
        })?;
        tokio::select! {
            biased;
            status = group.exited() => Err(Failure::EmulatorEnded(status)),
            listens = tokio::time::timeout(START, listens(port)) => match listens {
                Ok(()) => Ok(Self { port, group }),
                Err(_) => Err(Failure::EmulatorSilent { port, after: START }),
            },
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Waits until the port is listened on.
async fn listens(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_err()
    {
        // There is no notice of a port that begins to be listened on, so this looks again and again.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
