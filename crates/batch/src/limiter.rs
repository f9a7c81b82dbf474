//! How many rows are asked at once: fewer while Bedrock throttles, and more again after that.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// Replies that were under way together are throttled together: they halve the number once.
const CALM: Duration = Duration::from_secs(1);

/// The rows that may be asked at once. It is halved by a throttled one, and grows by one for as many answers as it
/// lets through (additive increase, multiplicative decrease).
#[derive(Debug)]
pub(crate) struct Limiter {
    permits: Semaphore,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    allowed: f64,
    /// Permits that exist, used ones included.
    permits: usize,
    halved_at: Option<Instant>,
}

impl Limiter {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            permits: Semaphore::new(most),
            most,
            state: Mutex::new(State {
                allowed: most as f64,
                permits: most,
                halved_at: None,
            }),
        }
    }

    /// Waits for a place. There is an error only where the semaphore is closed, which nothing does.
    pub(crate) async fn place(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire().await
    }

    /// Gives a place back, and takes notice of what the row met.
    pub(crate) fn end(&self, place: SemaphorePermit<'_>, is_throttled: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_throttled {
            state.allowed = (state.allowed + 1.0 / state.allowed).min(self.most as f64);
        } else if state.halved_at.is_none_or(|at| at.elapsed() >= CALM) {
            state.allowed = (state.allowed / 2.0).max(1.0);
            state.halved_at = Some(Instant::now());
        }
        let allowed = state.allowed as usize;
        if state.permits > allowed {
            place.forget();
            state.permits -= 1;
        }
        if state.permits < allowed {
            self.permits.add_permits(allowed - state.permits);
            state.permits = allowed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn at_once(limiter: &Limiter) -> usize {
        let mut places = Vec::new();
        while let Ok(place) = limiter.permits.try_acquire() {
            places.push(place);
        }
        places.len()
    }

    async fn end(limiter: &Limiter, is_throttled: bool) {
        let place = limiter.place().await.unwrap();
        limiter.end(place, is_throttled);
    }

    #[tokio::test]
    async fn a_throttled_burst_halves_the_number_once_and_answers_bring_it_back() {
        let limiter = Limiter::new(8);
        let burst: Vec<_> = [(); 8]
            .map(|()| limiter.permits.try_acquire().unwrap())
            .into();
        for place in burst {
            limiter.end(place, true);
        }
        assert_eq!(at_once(&limiter).await, 4);
        for _ in 0..5 {
            end(&limiter, false).await;
        }
        assert_eq!(at_once(&limiter).await, 5);
        for _ in 0..100 {
            end(&limiter, false).await;
        }
        assert_eq!(at_once(&limiter).await, 8);
    }

    #[tokio::test]
    async fn one_row_is_always_let_through() {
        let limiter = Limiter::new(1);
        for _ in 0..3 {
            end(&limiter, true).await;
        }
        assert_eq!(at_once(&limiter).await, 1);
    }
}
