//! A wall clock that follows the runtime's paused time, and can be turned by hand.

use klamm_host::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A node's clocks. Clones are the same clock. Read it only inside a runtime with paused time.
#[derive(Debug, Clone)]
pub struct SimClock {
    start: Instant,
    wall_ms: Arc<AtomicI64>,
}

impl SimClock {
    /// A clock that shows `start_ms` milliseconds since the Unix epoch now.
    #[must_use]
    pub fn new(start_ms: i64) -> Self {
        Self {
            start: Instant::now(),
            wall_ms: Arc::new(AtomicI64::new(start_ms)),
        }
    }

    /// Turns the wall clock forward, or back if negative. Monotonic time goes on.
    pub fn jump_ms(&self, by: i64) {
        self.wall_ms.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        let passed = i64::try_from(self.monotonic().as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.load(Ordering::Relaxed).saturating_add(passed)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_follows_the_runtime_and_jumps_alone() {
        let clock = SimClock::new(1_000);
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(
            (clock.now_ms(), clock.monotonic().as_millis()),
            (1_250, 250)
        );
        clock.jump_ms(-500);
        assert_eq!((clock.now_ms(), clock.monotonic().as_millis()), (750, 250));
    }
}
