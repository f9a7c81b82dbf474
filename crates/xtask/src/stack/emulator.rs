//! cargo-lambda's emulator of Lambda on a free port of loopback.

use std::{
    fs::File,
    io::{self, Read, Seek},
    net::{Ipv4Addr, TcpListener},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, process::Command};

use crate::{failure::Failure, group::Group};

/// What a busy machine needs to start it, many times over.
const START: Duration = Duration::from_secs(30);

/// How often to try again when another program took the free port first.
const ATTEMPTS: usize = 5;

/// A running emulator.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    pub(crate) group: Group,
}

impl Emulator {
    /// Starts `cargo lambda watch` as the command says, on a free port, and waits until it listens.
    ///
    /// Its words go into a file, of which an error shows the last ones, unless the command sends them elsewhere.
    pub(crate) async fn start(
        prefer: Option<u16>,
        command: impl Fn() -> Result<Command, Failure>,
        show: bool,
    ) -> Result<Self, Failure> {
        let mut prefer = prefer.filter(|port| is_free(*port));
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let port = prefer.take().map_or_else(free_port, Ok)?;
            match Self::start_on(port, command()?, show).await {
                // It ends without a word of the reason when its port is taken.
                Err(failure @ Failure::EmulatorEnded { .. }) => last = Some(failure),
                result => return result,
            }
        }
        Err(last.unwrap_or(Failure::ToolMissing("cargo-lambda")))
    }

    async fn start_on(port: u16, mut command: Command, show: bool) -> Result<Self, Failure> {
        let mut words = tempfile::tempfile()?;
        command
            .args([
                "--invoke-address",
                "127.0.0.1",
                "--invoke-port",
                &port.to_string(),
            ])
            .stdin(Stdio::null());
        if show {
            command.stdout(io::stderr()).stderr(io::stderr());
        } else {
            command
                .stdout(words.try_clone()?)
                .stderr(words.try_clone()?);
        }
        let mut group = Group::spawn(&mut command).map_err(|source| Failure::CannotRun {
            program: "cargo lambda watch".into(),
            source,
        })?;
        tokio::select! {
            biased;
            status = group.exited() => Err(ended(status?, &mut words)),
            listens = tokio::time::timeout(START, listens(port)) => match listens {
                Ok(()) => Ok(Self { port, group }),
                Err(_) => Err(Failure::EmulatorSilent { port, after: START, output: read(&mut words) }),
            },
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn ended(status: ExitStatus, words: &mut File) -> Failure {
    Failure::EmulatorEnded {
        status,
        output: read(words),
    }
}

fn read(words: &mut File) -> String {
    let mut text = Vec::new();
    let _ = words.rewind().and_then(|()| words.read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Waits until somebody listens.
async fn listens(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_err()
    {
        // Nothing tells that a port is being listened on; between two looks the machine is the emulator's.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
