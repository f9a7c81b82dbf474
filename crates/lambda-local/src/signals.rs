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
        _ = received(SignalKind::hangup()) => 1,
    }
}
