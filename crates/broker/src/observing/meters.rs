//! Counters and latency histograms: atomics that a scrape reads.

use crate::node::Node;
use klamm_coordinator::groups::GroupKind;
use klamm_wire::{ApiKey, ErrorCode, Response};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

/// One of those that a gauge counts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Present<'a>(&'a Gauge);

impl Gauge {
    /// Counts one more.
    pub(crate) fn enter(&self) -> Present<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// Shows a value that was measured.
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Durations in buckets whose upper bounds double: 64 µs, 128 µs, … 67 s, and beyond.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; Self::BUCKETS],
    sum_us: AtomicU64,
}

impl Histogram {
    pub(crate) const BUCKETS: usize = 22;

    pub(crate) fn record(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = (us >> 6).checked_ilog2().map_or(0, |log| log as usize + 1);
        if let Some(bucket) = self.buckets.get(index.min(Self::BUCKETS - 1)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Upper bound of each bucket in seconds (none for the last) with its count.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        self.buckets.iter().enumerate().map(|(i, count)| {
            let bound = (i + 1 < Self::BUCKETS).then(|| 64e-6 * f64::from(1u32 << i));
            (bound, count.load(Ordering::Relaxed))
        })
    }

    /// The sum of all durations in seconds.
    pub(crate) fn sum_seconds(&self) -> f64 {
        Duration::from_micros(self.sum_us.load(Ordering::Relaxed)).as_secs_f64()
    }
}

/// How long members' assignments moved, by the protocol of their group.
#[derive(Debug, Default)]
pub(crate) struct PauseMeters {
    classic: Histogram,
    consumer: Histogram,
}

impl PauseMeters {
    pub(crate) fn of(&self, kind: GroupKind) -> &Histogram {
        match kind {
            GroupKind::Classic => &self.classic,
            GroupKind::Consumer => &self.consumer,
        }
    }
}

/// What is counted for one API.
#[derive(Debug, Default)]
pub(crate) struct ApiMeter {
    pub(crate) requests: Counter,
    /// Error codes in answers. Touched by failures only.
    errors: Mutex<BTreeMap<ErrorCode, u64>>,
    pub(crate) latency: Histogram,
}

impl ApiMeter {
    /// Each error code that was answered, and how often.
    pub(crate) fn errors(&self) -> Vec<(ErrorCode, u64)> {
        let errors = self.errors.lock();
        errors.iter().map(|(code, count)| (*code, *count)).collect()
    }
}

/// All counters of a node.
#[derive(Debug)]
pub(crate) struct Meters {
    apis: Vec<ApiMeter>,
    pub(crate) connections_refused: Counter,
    pub(crate) accepts_delayed: Counter,
    pub(crate) malformed_requests: Counter,
    pub(crate) produced_bytes: Counter,
    pub(crate) produced_batches: Counter,
    pub(crate) fetched_bytes: Counter,
    /// Fetches that wait for bytes.
    pub(crate) fetches_waiting: Gauge,
}

const API_KEYS: usize = 96;

impl Default for Meters {
    fn default() -> Self {
        Self {
            apis: (0..API_KEYS).map(|_| ApiMeter::default()).collect(),
            connections_refused: Counter::default(),
            accepts_delayed: Counter::default(),
            malformed_requests: Counter::default(),
            produced_bytes: Counter::default(),
            produced_batches: Counter::default(),
            fetched_bytes: Counter::default(),
            fetches_waiting: Gauge::default(),
        }
    }
}

impl Meters {
    /// What is counted for an API.
    pub(crate) fn api(&self, key: ApiKey) -> Option<&ApiMeter> {
        self.apis.get(usize::try_from(key.key()).ok()?)
    }

    /// Counts the error codes of an answer, each part of it by itself.
    pub(crate) fn count_errors(&self, key: ApiKey, response: &impl Response) {
        response.visit_errors(&mut |code| {
            if let Some(api) = self.api(key) {
                *api.errors.lock().entry(code).or_insert(0) += 1;
            }
        });
    }

    /// Counts a request that was answered.
    pub(crate) fn served(&self, key: ApiKey, started: Duration, node: &Node) {
        if let Some(api) = self.api(key) {
            api.requests.add(1);
            api.latency
                .record(node.host.clock.monotonic().saturating_sub(started));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for us in [0, 63, 64, 127, 128, u64::MAX] {
            histogram.record(Duration::from_micros(us));
        }
        let counts: Vec<_> = histogram.counts().map(|(_, count)| count).collect();
        assert_eq!(counts[..3], [2, 2, 1]);
        assert_eq!(counts[Histogram::BUCKETS - 1], 1);
    }
}
