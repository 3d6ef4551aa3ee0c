//! So many bytes a second, shared by all passes.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// When the bytes moved so far are paid for.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    paid_at: Mutex<Option<Instant>>,
}

const STEP_BYTES_MAX: u64 = 4 << 20;
const STEP_BYTES_MIN: u64 = 64 << 10;
/// Nothing waits for longer at once, however slow the rate is.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// What a step may move: a tenth of a second's worth.
pub(super) fn step_bytes(bytes_per_second: f64) -> u64 {
    // A float beyond the integers becomes the largest one.
    ((bytes_per_second / 10.0) as u64).clamp(STEP_BYTES_MIN, STEP_BYTES_MAX)
}

impl Throttle {
    /// Notes bytes that were moved; gives how long to wait before more are.
    pub(super) fn spend(&self, bytes: u64, bytes_per_second: f64) -> Duration {
        let cost = bytes as f64 / bytes_per_second.max(1.0);
        let cost = Duration::try_from_secs_f64(cost).unwrap_or(WAIT_MAX);
        let now = Instant::now();
        let mut paid_at = self.paid_at.lock();
        let from = paid_at.map_or(now, |at| at.max(now));
        let until = from + cost.min(WAIT_MAX);
        *paid_at = Some(until);
        until - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_together_keep_to_the_rate() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let throttle = Throttle::default();
            assert_eq!(throttle.spend(500, 1000.0), Duration::from_millis(500));
            assert_eq!(throttle.spend(500, 1000.0), Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(throttle.spend(100, 1000.0), Duration::from_millis(100));
            assert_eq!(
                throttle.spend(1 << 30, f64::MAX),
                Duration::from_millis(100)
            );
            assert_eq!(
                throttle.spend(u64::MAX, 0.0),
                Duration::from_millis(100) + WAIT_MAX
            );
        });
        assert_eq!(step_bytes(f64::MAX), STEP_BYTES_MAX);
        assert_eq!(step_bytes(1e6), 100_000);
        assert_eq!(step_bytes(1.0), STEP_BYTES_MIN);
    }
}
