//! Snapshots: when one is due, writing it beside the engine, trimming what it makes superfluous.

use super::{Engine, EngineError, Snapshots};
use crate::quorum::folder::MetadataFolder;
use crate::quorum::snapshot_file::{self, SnapshotContent};
use klamm_metadata::Image;
use klamm_raft::{Input, SnapshotId, VoterSet};
use klamm_settings::broker;
use std::sync::Arc;
use std::time::Duration;

/// Everything that writing a snapshot needs: an image is a value, nobody waits.
#[derive(Debug)]
pub(in crate::quorum) struct SnapshotJob {
    id: SnapshotId,
    image: Arc<Image>,
    voters: VoterSet,
    kraft_version: i16,
    last_timestamp_ms: i64,
    now_ms: i64,
    folder: MetadataFolder,
}

impl Snapshots {
    /// Notes replayed bytes.
    pub(super) fn note(&mut self, bytes: usize, monotonic: impl FnOnce() -> Duration) {
        self.bytes_since += bytes as u64;
        self.first_since_ms
            .get_or_insert_with(|| i64::try_from(monotonic().as_millis()).unwrap_or(i64::MAX));
    }

    /// Counts from here to the next one, whatever becomes of this.
    const fn begin_anew(&mut self) {
        self.bytes_since = 0;
        self.first_since_ms = None;
    }

    /// When the next one is due by age.
    pub(super) fn due_at(&self) -> Option<i64> {
        if self.running {
            None
        } else {
            self.policy.due_at(self.first_since_ms)
        }
    }
}

impl Engine {
    /// Syncs all of the log if a snapshot is due: the next start reads the log from there.
    pub(super) fn prepare_snapshot(&mut self) -> Result<(), EngineError> {
        let Snapshots { policy, bytes_since, first_since_ms, running, .. } = self.snapshots;
        let due = policy.is_due(bytes_since, first_since_ms, self.now_ms());
        // Half of a metadata transaction is no state.
        if due && !running && !self.applied.replay.in_transaction() {
            self.snapshots.is_ready = self.log.flush_all()?;
            self.snapshots.begin_anew();
        }
        Ok(())
    }

    /// A snapshot to write now, if one is due.
    pub(in crate::quorum) fn snapshot_due(&mut self) -> Option<SnapshotJob> {
        if !std::mem::take(&mut self.snapshots.is_ready) || self.halted {
            return None;
        }
        self.snapshots.running = true;
        Some(self.snapshot_job())
    }

    fn snapshot_job(&self) -> SnapshotJob {
        let id = SnapshotId { end_offset: self.applied.next, epoch: self.applied.epoch };
        let (voters, kraft_version) = self.raft.history().as_of(id.end_offset);
        SnapshotJob {
            id,
            image: self.published.image.load_full(),
            voters: voters.clone(),
            kraft_version,
            last_timestamp_ms: self.applied.timestamp_ms,
            now_ms: self.host.clock.now_ms(),
            folder: self.folder.clone(),
        }
    }

    /// A snapshot is on disk, or could not be written; then the next one is tried when it is due.
    pub(super) fn on_snapshot_written(
        &mut self,
        id: Option<SnapshotId>,
    ) -> Result<(), EngineError> {
        self.snapshots.running = false;
        let Some(id) = id else {
            return Ok(());
        };
        tracing::info!(snapshot = %id, "metadata snapshot written");
        self.step(Input::SnapshotTaken { id })?;
        while let Some((old, next)) = self.superfluous_snapshot()? {
            // The log first: a start without its snapshot would be a hole.
            self.log.trim(next.end_offset, self.host.clock.now_ms())?;
            self.step(Input::LogTrimmed { id: next })?;
            self.folder.remove_snapshot(old)?;
        }
        Ok(())
    }

    /// The oldest snapshot and the one behind it, if the older one is to go: for room, or for age.
    fn superfluous_snapshot(&self) -> Result<Option<(SnapshotId, SnapshotId)>, EngineError> {
        let snapshots = self.folder.snapshots()?;
        let [(old, _), (next, _), ..] = snapshots.as_slice() else {
            return Ok(None);
        };
        let bytes: u64 = snapshots.iter().map(|(_, bytes)| bytes).sum();
        let bytes_max = self.settings.get(&broker::METADATA_MAX_RETENTION_BYTES);
        let too_large =
            u64::try_from(bytes_max).is_ok_and(|max| self.log.size_bytes() + bytes > max);
        let age_max = self.settings.get(&broker::METADATA_MAX_RETENTION_MS);
        let too_old = || {
            let written = self.folder.snapshot_timestamp_ms(*old);
            let age = written.map(|at| self.host.clock.now_ms().saturating_sub(at));
            age_max >= 0 && age.is_none_or(|age| age > age_max)
        };
        Ok((too_large || too_old()).then_some((*old, *next)))
    }
}

impl SnapshotJob {
    /// Writes it; `None` if that failed, which loses nothing but time.
    pub(in crate::quorum) fn write(self) -> Option<SnapshotId> {
        let content = SnapshotContent {
            voters: Some(self.voters),
            kraft_version: self.kraft_version,
            last_timestamp_ms: self.last_timestamp_ms,
            records: self.image.to_records().collect(),
        };
        let parts =
            snapshot_file::encode(self.id, &content, self.image.writing_version(), self.now_ms);
        let written = parts.and_then(|parts| {
            let (disk, path) = (self.folder.disk(), self.folder.path());
            snapshot_file::write(disk, path, &self.id.file_name(), &parts)
        });
        match written {
            Ok(()) => Some(self.id),
            Err(error) => {
                tracing::error!(%error, snapshot = %self.id, "a metadata snapshot could not be written");
                None
            }
        }
    }
}
