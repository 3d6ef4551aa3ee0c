//! How much may be in the page cache only: over one bound the flusher starts early, over another producers wait, since the
//! kernel would stop them elsewhere, and the reactor with them.
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
    /// More are written out at once, whatever the time.
    begin_bytes: u64,
    /// More stop producers.
    stop_bytes: u64,
    /// Logs with unsynced bytes.
    logs: AtomicI64,
    /// Partitions that the flusher is to look at, each once.
    partitions: Mutex<Vec<Arc<Partition>>>,
    /// Told when there is work for the flusher.
    pub(crate) work: Notify,
    room: Notify,
    stopping: AtomicBool,
}

/// The share of the memory that unsynced bytes may take. The kernel begins to stop writers at about an eighth.
const MEMORY_SHARE: u64 = 16;
/// Where nobody says how much memory there is.
const STOP_BYTES: u64 = 128 << 20;

/// How many unsynced bytes stop producers, where the settings leave it to the machine.
pub(crate) fn stop_bytes_by(memory_bytes: Option<u64>) -> u64 {
    memory_bytes.map_or(STOP_BYTES, |bytes| bytes / MEMORY_SHARE)
}

/// Logs that may wait for the flusher's pace, each with an open file; twice as many stop producers.
const DIRTY_LOGS_MAX: i64 = 1024;

impl DirtyBudget {
    /// `begin_bytes` may wait for the flusher's pace (`klamm.flush.dirty.bytes`), `stop_bytes` for the disk
    /// (`klamm.flush.dirty.max.bytes`).
    pub(crate) fn new(begin_bytes: u64, stop_bytes: u64) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            // The flusher begins early enough for producers not to notice.
            begin_bytes: begin_bytes.min(stop_bytes / 2).max(1),
            stop_bytes: stop_bytes.max(2),
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
        self.bytes() > self.begin_bytes || self.logs.load(Ordering::Relaxed) > DIRTY_LOGS_MAX
    }

    /// A log was appended to; `first` since its last sync. A partition that the flusher does not know of comes with it.
    pub(crate) fn note(&self, bytes: u64, first: bool, unlisted: Option<&Arc<Partition>>) {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.logs.fetch_add(i64::from(first), Ordering::Relaxed);
        if let Some(partition) = unlisted {
            self.partitions.lock().push(Arc::clone(partition));
            self.work.notify_one();
        } else if before <= self.begin_bytes && before + bytes > self.begin_bytes {
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
        self.bytes() > self.stop_bytes || self.logs.load(Ordering::Relaxed) > 2 * DIRTY_LOGS_MAX
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
    fn the_flusher_begins_before_producers_wait() {
        let over = |dirty: &DirtyBudget, bytes| {
            dirty.bytes.store(bytes, Ordering::Relaxed);
            (dirty.is_over(), dirty.is_full())
        };
        let usual = DirtyBudget::new(64, 1_000);
        assert_eq!(over(&usual, 64), (false, false));
        assert_eq!(over(&usual, 65), (true, false));
        assert_eq!(over(&usual, 1_001), (true, true));
        // In a small machine the bound at which it begins is lower than what the settings say.
        let small = DirtyBudget::new(64, stop_bytes_by(Some(320)));
        assert_eq!(over(&small, 11), (true, false));
        assert_eq!(over(&small, 21), (true, true));
    }

    #[test]
    fn room_is_told_of_while_a_sync_is_under_way() {
        let dirty = DirtyBudget::new(10, 20);
        dirty.bytes.store(30, Ordering::Relaxed);
        let mut cx = Context::from_waker(Waker::noop());
        let mut waits = pin!(dirty.wait_for_room());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        dirty.release(8, false);
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        dirty.release(8, false);
        assert_eq!(waits.poll(&mut cx), Poll::Ready(()));
    }

    #[test]
    fn nobody_waits_for_room_while_the_node_stops() {
        let dirty = DirtyBudget::new(10, 20);
        dirty.bytes.store(21, Ordering::Relaxed);
        let mut cx = Context::from_waker(Waker::noop());
        let mut waits = pin!(dirty.wait_for_room());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        dirty.stop();
        assert_eq!(waits.poll(&mut cx), Poll::Ready(()));
        assert!(pin!(dirty.wait_for_room()).poll(&mut cx).is_ready());
    }
}
