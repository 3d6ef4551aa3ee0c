//! How much may be in the page cache only: over the budget the flusher starts early, far over it producers wait.
//!
//! Bytes count, and files: a file with unsynced writes can't be closed, since a failed write-back is told to its handle.

use crate::partitions::Partition;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use tokio::sync::Notify;

/// Bytes appended and not yet synced, over all partitions of the node.
#[derive(Debug)]
pub(crate) struct DirtyBudget {
    bytes: AtomicU64,
    budget: u64,
    /// Logs with unsynced bytes. May be one below what it is for a moment.
    logs: AtomicI64,
    /// Partitions with unsynced bytes, each once.
    partitions: Mutex<Vec<Arc<Partition>>>,
    /// Told when there is work for the flusher.
    pub(crate) work: Notify,
    room: Notify,
    stopping: AtomicBool,
}

/// Logs that may wait for the flusher's pace, each with an open file; twice as many stop producers.
const DIRTY_LOGS_MAX: i64 = 1024;

impl DirtyBudget {
    /// `budget` bytes may wait for the flusher's pace (`klamm.flush.dirty.bytes`); twice that stops producers.
    pub(crate) fn new(budget: u64) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            budget: budget.max(1),
            logs: AtomicI64::new(0),
            partitions: Mutex::default(),
            work: Notify::new(),
            room: Notify::new(),
            stopping: AtomicBool::new(false),
        }
    }

    /// The node stops: the flusher ends when what it has begun is done.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// The node stops.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Bytes that are in the page cache only.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the flusher should not wait for its next turn.
    pub(crate) fn is_over(&self) -> bool {
        self.bytes() > self.budget || self.logs.load(Ordering::Relaxed) > DIRTY_LOGS_MAX
    }

    /// A partition was appended to; `first` since its last sync.
    pub(crate) fn note(&self, partition: &Arc<Partition>, bytes: u64, first: bool) {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if first {
            self.logs.fetch_add(1, Ordering::Relaxed);
            self.partitions.lock().push(Arc::clone(partition));
            self.work.notify_one();
        } else if before <= self.budget && before + bytes > self.budget {
            self.work.notify_one();
        }
    }

    /// Partitions that became dirty since the last call.
    pub(crate) fn take(&self) -> Vec<Arc<Partition>> {
        std::mem::take(&mut *self.partitions.lock())
    }

    /// Partitions that wait for the flusher.
    pub(crate) fn partitions_waiting(&self) -> usize {
        self.partitions.lock().len()
    }

    /// Bytes of a log were synced, or are gone with it; `last` if it has no others.
    pub(crate) fn release(&self, bytes: u64, last: bool) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.logs.fetch_sub(i64::from(last), Ordering::Relaxed);
        if (bytes > 0 || last) && !self.is_full() {
            self.room.notify_waiters();
        }
    }

    fn is_full(&self) -> bool {
        self.bytes() > self.budget.saturating_mul(2)
            || self.logs.load(Ordering::Relaxed) > 2 * DIRTY_LOGS_MAX
    }

    /// Holds a producer back while far too much is unsynced. Not while the node stops: the flusher makes no room then, and
    /// what is under way must come to its end.
    pub(crate) async fn wait_for_room(&self) {
        while self.is_full() && !self.is_stopping() {
            let mut room = std::pin::pin!(self.room.notified());
            // Registered before the look, so that neither room nor the stop is missed.
            room.as_mut().enable();
            if !self.is_full() || self.is_stopping() {
                return;
            }
            self.work.notify_one();
            room.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn nobody_waits_for_room_while_the_node_stops() {
        let dirty = DirtyBudget::new(10);
        dirty.bytes.store(21, Ordering::Relaxed);
        let mut cx = Context::from_waker(Waker::noop());
        let mut waits = pin!(dirty.wait_for_room());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        dirty.stop();
        assert_eq!(waits.poll(&mut cx), Poll::Ready(()));
        assert!(pin!(dirty.wait_for_room()).poll(&mut cx).is_ready());
    }
}
