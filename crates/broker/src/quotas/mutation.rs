//! The quota for changes of metadata (KIP-599), as one request uses it.

use super::Quotas;
use super::bucket::Limit;
use super::table::{Kind, Measured};
use std::sync::Arc;
use std::time::Duration;

/// What a request may change. It is asked topic by topic, on the controller.
#[derive(Debug)]
pub(crate) struct MutationQuota {
    quotas: Arc<Quotas>,
    /// Partitions a second.
    limit: f64,
    measured: Measured,
    /// Whether the request's version knows of being refused.
    is_strict: bool,
    wait: Duration,
}

/// The quota is used up, and the client's version can be told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded;

impl MutationQuota {
    pub(super) fn new(
        quotas: Arc<Quotas>,
        limit: f64,
        measured: Measured,
        is_strict: bool,
    ) -> Self {
        Self { quotas, limit, measured, is_strict, wait: Duration::ZERO }
    }

    /// Takes what a change costs: a partition each that comes or goes. The last change may leave a debt.
    ///
    /// # Errors
    /// There is a debt already. Old versions are never refused; they wait instead.
    pub(crate) fn take(&mut self, partitions: usize) -> Result<(), Exceeded> {
        let now_ms = self.quotas.now_ms();
        let limit = Limit {
            per_second: self.limit,
            burst_ms: self.quotas.mutation_windows.all_ms(),
        };
        let mut clients = self.quotas.clients.lock();
        let measured = super::shortened(self.measured.clone());
        let bucket = clients.get((Kind::Mutation, measured), now_ms);
        bucket.fill(limit, now_ms);
        if self.is_strict {
            let debt = bucket.debt(limit);
            if !debt.is_zero() {
                self.wait = debt;
                return Err(Exceeded);
            }
            bucket.take(partitions as f64);
        } else {
            bucket.take(partitions as f64);
            self.wait = bucket.debt(limit);
        }
        Ok(())
    }

    /// How long the client is to wait now, for the answer's field.
    pub(crate) fn throttle_time_ms(&self) -> i32 {
        if !self.wait.is_zero() {
            self.quotas.throttled.mutation.add(1);
        }
        i32::try_from(self.wait.as_millis()).unwrap_or(i32::MAX)
    }
}
