//! The signals that ask a program to end.

use std::{io, time::Duration};

use rustix::process::{Pid, getppid};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often to look for the parent. Systems tell a parent of its child's end, and not the other way round.
const LOOK: Duration = Duration::from_millis(500);

/// SIGINT (Ctrl-C), SIGTERM, SIGHUP (the end of the terminal) and the end of the parent process, from the moment that this is made.
///
/// A program that then drops its [`Function`](crate::Function)s and [`ProcessGroup`](crate::ProcessGroup)s leaves no process and no
/// control group behind.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where the program is to outlive its terminal, as under `nohup`.
    hangup: Option<Hangup>,
}

#[derive(Debug)]
struct Hangup {
    signal: Signal,
    parent: Option<Pid>,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// When the system lets no handler be set.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: match hangup_is_ignored() {
                true => None,
                false => Some(Hangup {
                    signal: signal(SignalKind::hangup())?,
                    parent: getppid(),
                }),
            },
        })
    }

    /// Waits for one of them and gives its number. The end of the parent counts as SIGHUP.
    pub async fn received(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            () = hung_up(&mut self.hangup) => 1,
        }
    }
}

/// Waits for a signal that asks this program to end, and gives its number.
pub async fn stopped() -> u8 {
    match Signals::listen() {
        Ok(mut signals) => signals.received().await,
        // A signal that has no handler ends the program by itself.
        Err(_) => std::future::pending().await,
    }
}

async fn hung_up(hangup: &mut Option<Hangup>) {
    match hangup {
        Some(hangup) => tokio::select! {
            _ = hangup.signal.recv() => (),
            () = ended(hangup.parent) => (),
        },
        None => std::future::pending().await,
    }
}

/// Waits until this process has another parent: the system gives it one when its own has ended.
async fn ended(parent: Option<Pid>) {
    while getppid() == parent {
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether SIGHUP is ignored, as under `nohup`. A handler would undo that.
fn hangup_is_ignored() -> bool {
    #[cfg(target_os = "linux")]
    {
        let status = procfs::process::Process::myself().and_then(|process| process.status());
        // Bit 0 is signal 1 (proc(5)).
        status.is_ok_and(|status| status.sigign & 1 != 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}
