//! A program and all that it starts, which end together.

use std::{
    io,
    process::{ExitStatus, Output},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

/// How long a program may take to stop of its own accord.
const GRACE: Duration = Duration::from_secs(5);

/// A program at the head of its own process group; the group is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group(Child);

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        command.process_group(0).spawn().map(Self)
    }

    /// Waits until the program has ended.
    pub(crate) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }

    /// Waits until the program has ended and gives all that it wrote.
    pub(crate) async fn output(mut self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        tokio::try_join!(read(out, &mut stdout), read(err, &mut stderr))?;
        Ok(Output {
            status: self.exited().await?,
            stdout,
            stderr,
        })
    }

    /// Asks the program to stop, waits until it has, and kills it when it does not.
    pub(crate) async fn stop(mut self) {
        self.send(Signal::TERM);
        // What is left after that ends when `self` is dropped.
        let _ = tokio::time::timeout(GRACE, self.0.wait()).await;
    }

    fn send(&self, signal: Signal) {
        // The id is there until the child has been collected, and nobody else's for so long.
        let group = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(group) = group {
            // It fails when nobody is left, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.send(Signal::KILL);
    }
}

async fn read(from: Option<impl AsyncRead + Unpin>, to: &mut Vec<u8>) -> io::Result<()> {
    if let Some(mut from) = from {
        from.read_to_end(to).await?;
    }
    Ok(())
}
