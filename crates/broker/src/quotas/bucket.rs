//! The arithmetic of quotas: tokens that come at the rate of a limit. Time comes as an argument.
//!
//! A bucket never holds more than a *burst*, and a client may take more than there is: that is a debt, and the client
//! rests until it is paid. So the rate holds over any longer time, whatever the size of requests. Kafka measures over
//! windows instead, and lets ten seconds' worth pass at once, every eleven seconds anew.

use std::time::Duration;

/// The lengths of time behind the quotas of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    /// `quota.window.num`; at least 1.
    pub(crate) count: u32,
    /// `quota.window.size.seconds`, in milliseconds; at least 1.
    pub(crate) size_ms: i64,
}

impl Windows {
    /// All windows.
    pub(crate) fn all_ms(self) -> i64 {
        i64::from(self.count).saturating_mul(self.size_ms)
    }

    /// All windows but the one that is filled now, and no less than one.
    pub(crate) fn past_ms(self) -> i64 {
        i64::from(self.count.saturating_sub(1).max(1)).saturating_mul(self.size_ms)
    }
}

/// A limit, and how much of it an idle client may save up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) per_second: f64,
    pub(crate) burst_ms: i64,
}

/// Tokens of one client. The limit may change between two calls.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    tokens: f64,
    /// When the tokens were counted; `None` before the first use, when it is full.
    counted_ms: Option<i64>,
}

impl Bucket {
    /// Lets the tokens come that are due.
    pub(crate) fn fill(&mut self, limit: Limit, now_ms: i64) {
        let of_time = |ms: i64| limit.per_second * (ms.max(0) as f64) / 1000.0;
        let full = of_time(limit.burst_ms);
        self.tokens = match self.counted_ms {
            None => full,
            Some(counted_ms) => full.min(self.tokens + of_time(now_ms.saturating_sub(counted_ms))),
        };
        self.counted_ms = Some(now_ms);
    }

    /// Takes tokens, whether they are there or not.
    pub(crate) fn take(&mut self, tokens: f64) {
        self.tokens -= tokens;
    }

    /// Whether so many are there.
    pub(crate) fn holds(&self, tokens: f64) -> bool {
        self.tokens >= tokens
    }

    /// How long until there is no debt, in whole milliseconds that fit an answer's field; zero without one.
    pub(crate) fn debt(&self, limit: Limit) -> Duration {
        let ms = -self.tokens * 1000.0 / limit.per_second;
        let ms = ms.round().clamp(0.0, f64::from(i32::MAX));
        Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn limit(per_second: f64, burst_ms: i64) -> Limit {
        Limit { per_second, burst_ms }
    }

    #[test]
    fn windows_are_counted_as_kafka_does() {
        let kafkas = Windows { count: 11, size_ms: 1000 };
        assert_eq!((kafkas.all_ms(), kafkas.past_ms()), (11_000, 10_000));
        let one = Windows { count: 1, size_ms: 1000 };
        assert_eq!((one.all_ms(), one.past_ms()), (1000, 1000));
    }

    #[test]
    fn tokens_come_at_their_rate_and_a_debt_is_waited_for() {
        let two = limit(2.0, 11_000);
        let mut bucket = Bucket::default();
        bucket.fill(two, 0);
        assert!(bucket.holds(22.0) && !bucket.holds(22.1));
        bucket.take(22.0);
        assert_eq!(bucket.debt(two), Duration::ZERO, "the last one is no debt");
        bucket.take(5.0);
        assert_eq!(bucket.debt(two), Duration::from_millis(2500));
        bucket.fill(two, 1000);
        assert_eq!(bucket.debt(two), Duration::from_millis(1500));
        bucket.fill(two, 2500);
        assert_eq!(bucket.debt(two), Duration::ZERO);
        bucket.fill(two, 1_000_000);
        bucket.take(23.0);
        assert_eq!(
            bucket.debt(two),
            Duration::from_millis(500),
            "no more than a full bucket"
        );
    }

    #[test]
    fn a_limit_that_changes_holds_from_now_on() {
        let mut bucket = Bucket::default();
        bucket.fill(limit(1000.0, 1000), 0);
        bucket.take(3000.0);
        assert_eq!(bucket.debt(limit(100.0, 1000)), Duration::from_secs(20));
        bucket.fill(limit(100.0, 1000), 60_000);
        assert!(
            !bucket.holds(101.0),
            "what was saved under the old limit is gone"
        );
    }

    #[test]
    fn an_eager_client_gets_its_rate_within_a_tenth_over_30_seconds() {
        for per_second in [10_000.0, 1e6, 50e6] {
            for request in [per_second / 50.0, per_second / 7.0, per_second] {
                let limit = limit(per_second, 1000);
                let mut bucket = Bucket::default();
                let (mut now_ms, mut sent) = (0, 0.0);
                while now_ms < 30_000 {
                    bucket.fill(limit, now_ms);
                    bucket.take(request);
                    sent += request;
                    let rest = i64::try_from(bucket.debt(limit).as_millis()).unwrap();
                    now_ms += 1 + rest;
                }
                let share = sent / (30.0 * per_second);
                assert!(
                    (0.9..=1.1).contains(&share),
                    "{per_second} by {request}: {share}"
                );
            }
        }
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let mut bucket = Bucket::default();
        bucket.fill(limit(1e-300, 1000), 0);
        bucket.take(f64::MAX);
        let longest = Duration::from_millis(i32::MAX as u64);
        assert_eq!(bucket.debt(limit(1e-300, 1000)), longest);
        bucket.fill(limit(f64::MAX, i64::MAX), i64::MAX);
        assert_eq!(bucket.debt(limit(f64::MAX, i64::MAX)), Duration::ZERO);
    }
}
