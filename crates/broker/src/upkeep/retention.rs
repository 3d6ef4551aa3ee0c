//! Deletes what retention allows, forgets idle producers, and writes checkpoints.

use crate::partitions::Registry;
use klamm_host::Host;
use std::sync::Arc;
use std::time::Duration;

/// How often each kind of upkeep comes round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// `log.retention.check.interval.ms`.
    pub(crate) retention: Duration,
    /// `log.flush.offset.checkpoint.interval.ms`.
    pub(crate) checkpoint: Duration,
}

/// Runs until the node stops.
pub(crate) async fn run(partitions: Arc<Registry>, host: Host, pace: Pace) {
    let mut next_retention = tokio::time::Instant::now() + pace.retention;
    let mut next_checkpoint = tokio::time::Instant::now() + pace.checkpoint;
    loop {
        tokio::time::sleep_until(next_retention.min(next_checkpoint)).await;
        let now = tokio::time::Instant::now();
        let registry = Arc::clone(&partitions);
        let now_ms = host.clock.now_ms();
        if now >= next_retention {
            next_retention = now + pace.retention;
            let work = move || registry.apply_retention(now_ms);
            let _ = klamm_host::run_blocking(&*host.tasks, work).await;
        } else {
            next_checkpoint = now + pace.checkpoint;
            let work = move || registry.advance_recovery_points();
            let _ = klamm_host::run_blocking(&*host.tasks, work).await;
        }
    }
}
