//! Syncs dirty partitions at a pace, so that little is lost with the machine and no fsync meets a mountain.

use super::DirtyBudget;
use crate::partitions::flush_together;
use klamm_host::Host;
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Syncs at once; the disk sees several files, the blocking pool is not flooded.
const CONCURRENT_SYNCS_MAX: usize = 8;

/// Runs until the node stops. Without dirty partitions it has no timer.
pub(crate) async fn run(dirty: Arc<DirtyBudget>, host: Host, interval: Duration) {
    while !dirty.is_stopping() {
        while dirty.partitions_waiting() == 0 && !dirty.is_stopping() {
            dirty.work.notified().await;
        }
        // Also if bytes came during the last syncs: small steps, one after the other, cost a commit of the file system's
        // journal each.
        wait_for_pace(&dirty, interval).await;
        if dirty.is_stopping() {
            return;
        }
        let alone = flush_together(&host, &dirty, dirty.take()).await;
        for group in alone.chunks(CONCURRENT_SYNCS_MAX) {
            let mut syncs: Vec<_> = group
                .iter()
                .map(|partition| Box::pin(partition.flush()))
                .collect();
            std::future::poll_fn(|cx| {
                syncs.retain_mut(|sync| sync.as_mut().poll(cx).is_pending());
                if syncs.is_empty() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        }
    }
}

/// Gathers work for one interval, unless the budget is reached before.
async fn wait_for_pace(dirty: &DirtyBudget, interval: Duration) {
    let deadline = tokio::time::Instant::now() + interval;
    while !dirty.is_over() && !dirty.is_stopping() {
        if tokio::time::timeout_at(deadline, dirty.work.notified())
            .await
            .is_err()
        {
            return;
        }
    }
}
