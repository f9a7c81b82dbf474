//! How long a call may take: the time that Lambda leaves, less what the reply needs.

use std::{
    future::Future,
    time::{Duration, Instant, SystemTime},
};

/// Time kept back from the deadline for writing the reply: at 128 MB a function has 7 % of a CPU, and
/// the largest reply (6 MB) then takes some 300 ms to write.
const MARGIN: Duration = Duration::from_millis(500);

/// The longest time-out that a function can have: that of Lambda Managed Instances.
const LONGEST: Duration = Duration::from_secs(5_400);

/// When a call began and when it has to end.
#[derive(Clone, Copy, Debug)]
pub struct TimeBudget {
    started: Instant,
    total: Duration,
}

impl TimeBudget {
    /// The time until `deadline`, or `timeout` where that is shorter, less a margin: a wall clock
    /// that is behind, as it can be after a freeze, makes the deadline look further away than it is.
    ///
    /// It is `timeout` alone where the deadline is no use: where it has passed (cargo-lambda's emulator
    /// sends one of 1970), or is further away than the longest time-out.
    #[must_use]
    pub fn until(deadline: SystemTime, now: SystemTime, timeout: Duration) -> Self {
        let total = match deadline.duration_since(now) {
            Ok(left) if !left.is_zero() && left <= LONGEST => {
                left.min(timeout).saturating_sub(MARGIN)
            }
            _ => timeout,
        };
        Self {
            started: Instant::now(),
            total,
        }
    }

    /// The whole budget.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// The time since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time that is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.total.saturating_sub(self.elapsed())
    }

    /// Awaits the future for the time that is left; `None` when that is over.
    pub async fn bound<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.remaining(), future).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(60);

    fn total(left: Duration) -> Duration {
        let now = SystemTime::now();
        TimeBudget::until(now + left, now, TIMEOUT).total()
    }

    #[test]
    fn a_deadline_ahead_leaves_its_time_less_the_margin() {
        assert_eq!(total(Duration::from_secs(3)), Duration::from_millis(2_500));
        assert_eq!(total(Duration::from_millis(200)), Duration::ZERO);
    }

    #[test]
    fn a_deadline_beyond_the_configured_time_out_leaves_no_more_than_that() {
        assert_eq!(total(Duration::from_secs(360)), TIMEOUT - MARGIN);
    }

    #[test]
    fn a_deadline_in_1970_means_the_configured_time_out() {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_millis(600_000);
        let budget = TimeBudget::until(long_ago, SystemTime::now(), TIMEOUT);
        assert_eq!(budget.total(), TIMEOUT);
    }

    #[test]
    fn a_deadline_that_no_function_can_have_means_the_configured_time_out() {
        assert_eq!(total(LONGEST + Duration::from_secs(1)), TIMEOUT);
    }
}
