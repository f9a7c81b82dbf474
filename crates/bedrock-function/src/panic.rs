//! Panics, which are faults of this function. A panic ends its own invocation with an error, and the process
//! goes on.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use serde::Serialize;

use crate::log::{self, Level};

/// The future panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

#[derive(Serialize)]
struct Place {
    place: String,
}

/// Logs panics by their place alone: their message can hold what the caller sent.
pub fn log_places() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, ToString::to_string);
        log::write(Level::Error, "panic", Place { place });
    }));
}

/// Awaits a future that may panic.
///
/// # Errors
///
/// [`Panicked`], when it does. What the future was working on is then in an unknown state.
pub async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(future)
        .catch_unwind()
        .await
        .map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_before_or_after_an_await_is_caught() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        assert_eq!(
            caught(async { panic!("at once") }).await,
            Err::<(), _>(Panicked)
        );
        let later = caught(async {
            tokio::task::yield_now().await;
            panic!("later")
        });
        assert_eq!(later.await, Err::<(), _>(Panicked));
    }
}
