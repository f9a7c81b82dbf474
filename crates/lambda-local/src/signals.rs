//! The signals that ask a program to end.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for a signal that asks this program to end, and gives its number. A program that then drops its
/// [`Function`](crate::Function)s leaves no process and no control group behind.
pub async fn stopped() -> u8 {
    let received = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signal) => signal.recv().await,
            // A signal that cannot be listened for ends the program by itself.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = received(SignalKind::interrupt()) => 2,
        _ = received(SignalKind::terminate()) => 15,
        _ = received(SignalKind::hangup()), if !hangup_is_ignored() => 1,
    }
}

/// Whether the caller wants the program to outlive its terminal, as `nohup` does: to listen would undo that.
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
