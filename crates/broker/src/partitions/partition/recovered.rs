//! What a crash left in the page cache: it may not be on the disk yet.

use super::Partition;
use klamm_storage::{PartitionLog, StorageError, SyncScope};
use std::sync::Arc;

/// Syncs what recovery found in a log that shows synced records only.
///
/// # Errors
/// The disk failed; the directory is offline.
pub(super) fn sync_before_showing(log: &mut PartitionLog) -> Result<(), StorageError> {
    if !is_behind(log) {
        return Ok(());
    }
    log.sync_in_place(SyncScope::Data)
}

fn is_behind(log: &PartitionLog) -> bool {
    log.flushed_end_offset() < log.log_end_offset()
}

impl Partition {
    /// Leaves the rest of what recovery found to the flusher: a second crash, of the machine, must not take what was
    /// acknowledged long before the first one.
    pub(in crate::partitions) fn note_recovered(self: &Arc<Self>) {
        if let Ok(log) = self.log()
            && is_behind(&log)
        {
            // The budget counts appends; this one only has to be in its list.
            self.note_dirty(&log, 1, &self.traits.load());
        }
    }
}
