//! Producers of a log: snapshots, expiry, and what DescribeProducers shows.

use super::PartitionLog;
use crate::error::StorageError;
use crate::layout::FileKind;
use crate::producer_state::{FirstBatch, ProducerEntry, VerificationGuard, snapshot};
use klamm_host::OpenMode;
use std::io::IoSlice;

/// A producer with state in this log (DescribeProducers, KIP-664).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerInfo {
    /// The producer.
    pub producer_id: i64,
    /// Its newest epoch.
    pub epoch: i16,
    /// Its last sequence number, -1 for none.
    pub last_sequence: i32,
    /// Timestamp of its last batch or marker.
    pub last_timestamp_ms: i64,
    /// The coordinator that ended its last transaction, -1 for none.
    pub coordinator_epoch: i32,
    /// First offset of its open transaction, -1 for none.
    pub current_txn_start_offset: i64,
}

impl PartitionLog {
    /// All producers with state, by id.
    pub fn producers(&self) -> impl ExactSizeIterator<Item = ProducerInfo> {
        self.producers
            .entries()
            .map(|entry: &ProducerEntry| ProducerInfo {
                producer_id: entry.producer_id,
                epoch: entry.epoch,
                last_sequence: entry.last_sequence(),
                last_timestamp_ms: entry.last_timestamp_ms,
                coordinator_epoch: entry.coordinator_epoch,
                current_txn_start_offset: entry.txn_first_offset.unwrap_or(-1),
            })
    }

    /// Whether the producer has an open transaction here.
    #[must_use]
    pub fn has_open_transaction(&self, producer_id: i64) -> bool {
        self.producers
            .entry(producer_id)
            .is_some_and(|e| e.txn_first_offset.is_some())
    }

    /// The guard under which the coordinator is to be asked whether a first transactional batch may be appended; `None`
    /// if the producer's transaction is open here already.
    pub fn begin_verification(
        &mut self,
        first: FirstBatch,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        self.producers.begin_verification(first, now_ms)
    }

    /// Whether nothing happened to the producer here since the guard was given: no append, no marker.
    #[must_use]
    pub fn is_under_verification(&self, producer_id: i64, guard: VerificationGuard) -> bool {
        self.producers.is_under_verification(producer_id, guard)
    }

    /// Forgets producers that were silent for `producer.id.expiration.ms`.
    pub fn expire_producers(&mut self, now_ms: i64) {
        self.producers
            .expire(now_ms, self.config.producer_id_expiration_ms);
    }

    /// Writes the producers' state at the log's end, unless it is there. Synced with the next full sync; a torn file is
    /// seen by its CRC.
    pub(super) fn take_snapshot(&mut self) -> Result<(), StorageError> {
        let offset = self.log_end;
        if self.snapshots.last() == Some(&offset) {
            return Ok(());
        }
        let path = self.files.path(FileKind::Snapshot, offset);
        let bytes = snapshot::format(self.producers.entries());
        let write = self
            .files
            .disk()
            .open(&path, OpenMode::Overwrite)
            .and_then(|file| file.write_all_at(&[IoSlice::new(&bytes)], 0));
        write.map_err(|e| self.files.write_failed(FileKind::Snapshot, offset, &e))?;
        self.snapshots.push(offset);
        self.flush.new_snapshots.push(offset);
        self.flush.folder_dirty = true;
        Ok(())
    }

    /// Removes snapshots that no segment begins with, but for the newest: each orderly stop leaves one.
    pub(super) fn drop_stray_snapshots(&mut self) -> Result<(), StorageError> {
        let Some(newest) = self.snapshots.last().copied() else {
            return Ok(());
        };
        let begins = |o: i64| self.segments[self.segments.index_of(o)].base == o;
        let strays = self.snapshots.iter().copied();
        let strays: Vec<_> = strays.filter(|o| *o != newest && !begins(*o)).collect();
        for offset in &strays {
            self.files
                .remove(&self.files.path(FileKind::Snapshot, *offset))?;
        }
        self.snapshots.retain(|o| !strays.contains(o));
        Ok(())
    }

    /// Removes snapshots outside of `[from, to]`.
    pub(super) fn keep_snapshots(&mut self, from: i64, to: i64) -> Result<(), StorageError> {
        let (keep, drop): (Vec<_>, _) = self
            .snapshots
            .iter()
            .copied()
            .partition(|o| (from..=to).contains(o));
        for offset in drop {
            self.files
                .remove(&self.files.path(FileKind::Snapshot, offset))?;
            self.flush.folder_dirty = true;
        }
        self.flush.new_snapshots.retain(|o| keep.contains(o));
        self.snapshots = keep;
        Ok(())
    }
}
