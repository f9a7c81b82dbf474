//! The deployed function's answers while they arrive: a command of the CDK app passes them on from `InvokeWithResponseStream`.

use std::{
    fs::File,
    io::{self, Read, Seek},
    os::fd::OwnedFd,
};

use bytes::Bytes;
use futures_util::stream;
use lambda_local::ProcessGroup;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::unix::pipe,
};

use super::{Deployment, node};
use crate::{
    failure::Failure,
    response::{self, Response},
};

/// The deployed function, called by a program that stays up from one event to the next.
pub(crate) struct DeployedFunction {
    deployment: Deployment,
    /// None where the next event must start it.
    caller: Option<Caller>,
}

impl From<Deployment> for DeployedFunction {
    fn from(deployment: Deployment) -> Self {
        Self {
            deployment,
            caller: None,
        }
    }
}

impl DeployedFunction {
    pub(crate) fn streams(&self) -> bool {
        self.deployment.streams
    }

    /// Sends the function an event, and hands each piece of its answer on as it comes.
    ///
    /// Where the caller stops waiting, the program that calls Lambda is killed. The next event starts another.
    pub(crate) async fn ask(
        &mut self,
        event: Bytes,
        on_text: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<Response, Failure> {
        let mut caller = match self.caller.take() {
            Some(caller) => caller,
            None => Caller::start()?,
        };
        caller.send(&event).await;
        let chunks = stream::unfold(&mut caller, |caller| async {
            let chunk = caller.next().await.transpose()?;
            Some((chunk, caller))
        });
        let response = response::read(Box::pin(chunks), on_text).await?;
        if matches!(response, Response::Whole(_)) || caller.ends().await {
            self.caller = Some(caller);
        }
        Ok(response)
    }
}

/// infra/commands/operate/stream.ts: one event a line goes in. What the function streams comes out as a string of JSON a line, and `null` at
/// the end of each response.
struct Caller {
    process: ProcessGroup,
    events: pipe::Sender,
    lines: Lines<BufReader<pipe::Receiver>>,
    /// What it says in place of a response, before it ends.
    stderr: File,
}

impl Caller {
    fn start() -> Result<Self, Failure> {
        let (stdin, events) = io::pipe()?;
        let (lines, stdout) = io::pipe()?;
        let stderr = tempfile::tempfile()?;
        let mut command = node("commands/operate/stream.ts")?;
        command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr.try_clone()?);
        let process = ProcessGroup::spawn(&mut command).map_err(|_| Failure::InfraMissing)?;
        let lines = pipe::Receiver::from_owned_fd(OwnedFd::from(lines))?;
        Ok(Self {
            process,
            events: pipe::Sender::from_owned_fd(OwnedFd::from(events))?,
            lines: BufReader::new(lines).lines(),
            stderr,
        })
    }

    async fn send(&mut self, event: &[u8]) {
        // It fails where the program has ended. Why it has is told by `next`.
        if self.events.write_all(event).await.is_ok() {
            let _ = self.events.write_all(b"\n").await;
        }
    }

    /// The next chunk; none at the end of a response.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(line) = self.lines.next_line().await? else {
            return Err(self.failure().await);
        };
        let chunk: Option<String> = serde_json::from_str(&line).map_err(io::Error::other)?;
        Ok(chunk.map(Bytes::from))
    }

    /// Reads what follows an answer, and tells whether the program can be sent another event.
    async fn ends(&mut self) -> bool {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    async fn failure(&mut self) -> Failure {
        let status = self.process.exited().await;
        let mut sentence = String::new();
        match self
            .stderr
            .rewind()
            .and_then(|()| self.stderr.read_to_string(&mut sentence))
        {
            Ok(_) => Failure::Deployed {
                code: status.code(),
                sentence: sentence.trim().to_owned(),
            },
            Err(error) => error.into(),
        }
    }
}
