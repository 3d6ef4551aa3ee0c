//! Leader epochs of a log.

use super::PartitionLog;
use crate::epoch_history::{self, EpochHistory};
use crate::error::StorageError;
use crate::files::{Files, InPlace};
use std::path::PathBuf;
use std::sync::Arc;

impl PartitionLog {
    /// All epochs with their first offsets.
    #[must_use]
    pub fn epoch_history(&self) -> &EpochHistory {
        &self.epochs
    }

    /// The newest epoch.
    #[must_use]
    pub fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest()
    }

    /// The largest epoch not above `epoch`, and the first offset after it (OffsetForLeaderEpoch, KIP-101 and KIP-279).
    /// `None` if the log knows no such epoch.
    #[must_use]
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_of(epoch, self.log_end)
    }

    /// Notes that a leader's epoch begins at an offset: a new leader calls it with the log's end. Durable when it
    /// returns.
    ///
    /// # Errors
    /// The disk; the history is as before.
    pub fn assign_epoch_start(&mut self, epoch: i32, offset: i64) -> Result<(), StorageError> {
        self.note_epoch(epoch, offset)
    }

    pub(super) fn note_epoch(&mut self, epoch: i32, start: i64) -> Result<(), StorageError> {
        // The usual case: the leader of the last batch.
        if self
            .epochs
            .entries()
            .last()
            .is_some_and(|e| e.0 == epoch && e.1 <= start)
        {
            return Ok(());
        }
        self.change_epochs(|epochs| epochs.assign(epoch, start))
    }

    /// Changes the history on disk, then in memory.
    pub(super) fn change_epochs(
        &mut self,
        change: impl FnOnce(&mut EpochHistory) -> bool,
    ) -> Result<(), StorageError> {
        let mut epochs = EpochHistory::clone(&self.epochs);
        if change(&mut epochs) {
            let write = EpochsWrite { epochs: Arc::new(epochs), version: self.epochs_version + 1 };
            let files = Arc::clone(&self.files);
            let mut folder = files.in_place();
            if self.epochs.entries().is_empty() {
                // Nothing is lost with it: recovery finds a first epoch in the batches.
                let content = write.epochs.format();
                files
                    .dir
                    .write_unsynced(&path(&files), content.as_bytes())?;
                folder.epochs_version = write.version;
                self.flush.new_epochs = true;
                self.flush.folder_dirty = true;
            } else {
                write.write(&files, &mut folder)?;
            }
            (self.epochs, self.epochs_version) = (write.epochs, write.version);
        }
        Ok(())
    }

    /// Forgets epochs below an offset. The file follows when segments are removed: what it says too much is about records
    /// that nobody reads.
    pub(super) fn shorten_epochs(&mut self, start: i64) {
        let mut epochs = EpochHistory::clone(&self.epochs);
        if epochs.cut_start(start) {
            self.epochs = Arc::new(epochs);
            self.epochs_version += 1;
        }
    }

    pub(super) fn epochs_write(&self) -> EpochsWrite {
        EpochsWrite {
            epochs: Arc::clone(&self.epochs),
            version: self.epochs_version,
        }
    }
}

/// The epoch history as it was at some moment, for its file.
#[derive(Debug)]
pub(super) struct EpochsWrite {
    epochs: Arc<EpochHistory>,
    version: u64,
}

impl EpochsWrite {
    /// Replaces the file, unless a newer one is there.
    pub(super) fn write(&self, files: &Files, folder: &mut InPlace) -> Result<(), StorageError> {
        if folder.epochs_version < self.version {
            let content = self.epochs.format();
            files.dir.replace(&path(files), content.as_bytes())?;
            folder.epochs_version = self.version;
        }
        Ok(())
    }
}

fn path(files: &Files) -> PathBuf {
    files.folder_path().join(epoch_history::FILE)
}
