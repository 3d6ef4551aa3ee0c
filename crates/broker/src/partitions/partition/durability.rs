//! When a partition's bytes reach the disk: the flusher's pace, group commit, recovery points, and the end.

use super::{Gone, Partition};
use crate::partitions::{AppendFailure, TopicTraits};
use crate::waiting::SyncFailed;
use klamm_host::Host;
use klamm_storage::{PartitionLog, StorageError, SyncDone, SyncScope, SyncWork};
use klamm_wire::ErrorCode;
use parking_lot::MappedMutexGuard;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What of the dirty budget a sync is to give back.
#[derive(Debug, Clone, Copy)]
pub(in crate::partitions) struct TakenDirty {
    bytes: u64,
    was_dirty: bool,
}

impl Partition {
    /// Counts what was appended. Under the log's lock, as `take_dirty` is: else a sync could cover an append before it is
    /// counted, and nothing would ever give its bytes back.
    pub(super) fn note_dirty(
        self: &Arc<Self>,
        _log: &MappedMutexGuard<'_, PartitionLog>,
        bytes: usize,
        traits: &TopicTraits,
    ) {
        let bytes = bytes as u64;
        if bytes == 0 {
            return;
        }
        self.dirty_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.note_moved();
        let first = !self.is_dirty.swap(true, Ordering::AcqRel);
        let unlisted = !self.is_listed.swap(true, Ordering::AcqRel);
        self.shared
            .dirty
            .note(bytes, first, unlisted.then_some(self));
        if first && traits.log.flush_ms < self.shared.flush_interval_ms {
            self.sync_after(traits.log.flush_ms);
        }
    }

    /// `flush.ms` is shorter than the flusher's pace: this partition has a timer of its own while it is dirty.
    fn sync_after(self: &Arc<Self>, flush_ms: i64) {
        let partition = Arc::clone(self);
        let wait = crate::config::millis(flush_ms);
        self.shared.host.tasks.spawn(Box::pin(async move {
            tokio::time::sleep(wait).await;
            partition.flush().await;
        }));
    }

    /// Waits until all offsets below `end` are on the disk.
    ///
    /// # Errors
    /// The disk failed; nothing that waits may be acknowledged.
    pub(crate) async fn wait_until_synced(self: &Arc<Self>, end: i64) -> Result<(), AppendFailure> {
        let synced = self.syncs.wait(end, || self.start_sync()).await;
        synced.map_err(|_: SyncFailed| {
            AppendFailure::new(
                ErrorCode::KAFKA_STORAGE_ERROR,
                "the log directory failed before the batch was on the disk",
            )
        })
    }

    /// The flusher has taken it from its list; what is appended from now on puts it there again.
    pub(in crate::partitions) fn leave_list(&self) {
        self.is_listed.store(false, Ordering::Release);
    }

    /// Syncs what was appended so far. What never will be, in a deleted log or on a disk that failed, is forgotten: the
    /// budget must not count it for ever.
    pub(crate) async fn flush(self: &Arc<Self>) {
        let mut others = 0;
        while self.is_dirty.load(Ordering::Acquire) {
            let next = self.syncs.ended() + 1;
            if self.syncs.try_begin() {
                self.start_sync();
                self.syncs.until_ended(next).await;
                // What came meanwhile has put the partition into the flusher's list again.
                return;
            }
            if self.syncs.has_failed() {
                // The first failure took the directory offline and was reported there.
                self.release(&self.take_dirty());
                return;
            }
            self.syncs.until_ended(next).await;
            others += 1;
            // The second began after the first had ended: what is unsynced now came meanwhile.
            if others > 1 && self.is_listed.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Begins what `flush` does, for whoever syncs many logs at once. `None`: it has to go its own way, since another sync
    /// is under way, or none can be.
    pub(in crate::partitions) fn begin_flush(&self) -> Option<(TakenDirty, SyncWork)> {
        if !self.syncs.try_begin() {
            return None;
        }
        match self.take_sync() {
            (taken, Ok(Some(work))) => Some((taken, work)),
            (taken, Ok(None)) => {
                self.finish_sync(&taken, self.show_synced());
                None
            }
            (taken, Err(failed)) => {
                self.finish_sync(&taken, Err(failed));
                None
            }
        }
    }

    /// So much is unsynced that its sync is one of many steps.
    pub(in crate::partitions) fn is_synced_in_steps(&self) -> bool {
        self.log().is_ok_and(|log| log.is_synced_in_steps())
    }

    /// Writes back what a sync is to make durable; each step makes room for those who wait to append. Blocks.
    fn write_back(&self, work: &SyncWork, taken: &mut TakenDirty) -> Result<(), StorageError> {
        work.write_back(|bytes| {
            let bytes = bytes.min(taken.bytes);
            taken.bytes -= bytes;
            self.shared.dirty.release(bytes, false);
        })
    }

    /// The sync of a flush that was begun has ended.
    pub(in crate::partitions) fn end_flush(
        &self,
        taken: &TakenDirty,
        done: Result<SyncDone, StorageError>,
    ) {
        self.finish_sync(taken, self.take_in(done));
    }

    /// Waits until no sync runs that somebody waits for.
    pub(in crate::partitions) async fn until_no_sync(&self) {
        self.syncs.until_idle().await;
    }

    fn take_dirty(&self) -> TakenDirty {
        let was_dirty = self.is_dirty.swap(false, Ordering::AcqRel);
        TakenDirty { bytes: self.dirty_bytes.swap(0, Ordering::AcqRel), was_dirty }
    }

    fn release(&self, taken: &TakenDirty) {
        self.shared.dirty.release(taken.bytes, taken.was_dirty);
    }

    fn finish_sync(&self, taken: &TakenDirty, result: Result<i64, SyncFailed>) {
        self.release(taken);
        self.syncs.finished(result);
        self.watchers.wake();
    }

    fn start_sync(self: &Arc<Self>) {
        let (partition, host) = (Arc::clone(self), self.shared.host.clone());
        // A task of its own: the writer that began it may leave before it ends.
        self.shared.host.tasks.spawn(Box::pin(async move {
            // Those who wait hear of a failure from the gate.
            let _ = partition.sync(&host).await;
        }));
    }

    async fn sync(self: &Arc<Self>, host: &Host) -> Result<(), SyncFailed> {
        let (mut taken, work) = self.take_sync();
        let result = match work {
            Ok(None) => self.show_synced(),
            Ok(Some(work)) => {
                let partition = Arc::clone(self);
                let mut left = taken;
                let run = move || {
                    let written = partition.write_back(&work, &mut left);
                    (left, written.and_then(|()| work.run()))
                };
                match klamm_host::run_blocking(&*host.tasks, run).await {
                    Ok((left, done)) => {
                        taken = left;
                        self.take_in(done)
                    }
                    // The pool is shutting down: nothing was synced, nothing is acknowledged.
                    Err(_) => Err(SyncFailed),
                }
            }
            Err(SyncFailed) => Err(SyncFailed),
        };
        self.finish_sync(&taken, result);
        result.map(|_| ())
    }

    /// What is to be synced now, and what it gives back to the budget.
    fn take_sync(&self) -> (TakenDirty, Result<Option<SyncWork>, SyncFailed>) {
        // A log that is gone counts nothing any more.
        let Ok(mut log) = self.log() else {
            return (self.take_dirty(), Err(SyncFailed));
        };
        let work = log.sync_work(SyncScope::Data);
        let taken = self.take_dirty();
        drop(log);
        (taken, work.map_err(|error| self.report_sync(&error)))
    }

    /// Tells the log how a sync ended, and shows consumers what they may see now. Returns the flushed end.
    fn take_in(&self, done: Result<SyncDone, StorageError>) -> Result<i64, SyncFailed> {
        let mut log = self.log().map_err(|Gone| SyncFailed)?;
        let failed = done.as_ref().err().map(|error| self.report_sync(error));
        log.synced(done);
        match failed {
            // The directory that failed may be one that the log has left meanwhile.
            Some(failed) if !log.dir().is_online() => Err(failed),
            _ => Ok(self.show_flushed(&mut log)),
        }
    }

    /// Nothing was left to sync: the log may have moved, and what took over was synced on its way.
    fn show_synced(&self) -> Result<i64, SyncFailed> {
        let mut log = self.log().map_err(|Gone| SyncFailed)?;
        Ok(self.show_flushed(&mut log))
    }

    /// Shows consumers what they may see of what is synced. Returns the flushed end.
    fn show_flushed(&self, log: &mut PartitionLog) -> i64 {
        let flushed = log.flushed_end_offset();
        let visible = if self.traits.load().log.flush_messages == 1 {
            log.high_watermark().max(flushed)
        } else {
            log.log_end_offset()
        };
        log.set_high_watermark(visible);
        self.note_moved();
        flushed
    }

    fn report_sync(&self, error: &StorageError) -> SyncFailed {
        tracing::error!(partition = %self.name, %error, "syncing the log");
        SyncFailed
    }

    /// One of the offsets in the checkpoint files moved.
    pub(super) fn note_moved(&self) {
        // Looked at first: a store would take the line from the other cores at each append.
        if !self.shared.checkpoints_due.load(Ordering::Relaxed) {
            self.shared.checkpoints_due.store(true, Ordering::Release);
        }
    }

    /// What has to be synced, indexes and snapshots too, so that a restart reads nothing below. `None` as well while
    /// another sync is under way. The others wait until `note_synced` tells its end.
    pub(in crate::partitions) fn full_sync(&self) -> Option<SyncWork> {
        if !self.syncs.try_begin() {
            return None;
        }
        let Ok(mut log) = self.log() else {
            self.syncs.finished(Err(SyncFailed));
            return None;
        };
        let work = log.sync_work(SyncScope::All);
        let (flushed, is_online) = (log.flushed_end_offset(), log.dir().is_online());
        drop(log);
        let failed = match work {
            Ok(Some(work)) => return Some(work),
            Ok(None) => None,
            Err(error) => Some(self.report_sync(&error)),
        };
        // A full volume has no room for an index's entries; the directory lives, and records can be synced.
        let ended = failed.filter(|_| !is_online).map_or(Ok(flushed), Err);
        self.syncs.finished(ended);
        None
    }

    /// Does what `full_sync` gives. Blocks.
    pub(super) fn sync_in_full(&self) {
        if let Some(work) = self.full_sync() {
            let written = work.write_back(|_| {});
            self.note_synced(written.and_then(|()| work.run()));
        }
    }

    /// Completes the files for the end, and gives what is left to sync. Blocks.
    pub(in crate::partitions) fn begin_close(&self) -> Option<SyncWork> {
        let work = self.log().ok()?.prepare_close();
        work.unwrap_or_else(|error| {
            tracing::error!(partition = %self.name, %error, "closing the log");
            None
        })
    }

    /// Tells the log, and whoever waits meanwhile, how a sync ended that nobody asked for.
    pub(in crate::partitions) fn note_synced(&self, done: Result<SyncDone, StorageError>) {
        self.syncs.finished(self.take_in(done));
        self.watchers.wake();
    }

    /// Nothing is left for a restart to read, or the disk failed.
    pub(in crate::partitions) fn is_settled(&self) -> bool {
        self.log().map_or(true, |log| {
            log.recovery_point() >= log.log_end_offset() || !log.dir().is_online()
        })
    }
}
