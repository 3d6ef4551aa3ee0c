//! The metadata log on disk: one partition's log, in the storage's own format, that only the engine touches.

use super::engine::EngineError;
use bytes::Bytes;
use klamm_model::{LeaderEpoch, Offset, TopicName, TopicPartition, Uuid};
use klamm_raft::{EpochStart, LogState, SnapshotId};
use klamm_records::{BatchView, batches};
use klamm_settings::{Settings, broker};
use klamm_storage::{
    AppendContext, HandleCache, LastOffsets, LogConfig, Origin, PartitionLog, Room, StorageError,
    SyncScope, UpperBound,
};
use std::sync::Arc;

/// The metadata topic. Its reserved id is [`Uuid::ONE`].
const TOPIC: &str = "__cluster_metadata";
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;
/// A reader of one log needs few open files.
const OPEN_FILES_MAX: usize = 8;
/// Room that is held behind the log's end, so that topics can still be deleted when the volume is full. A deletion takes
/// some hundred bytes.
const HELD_BYTES: u64 = 1 << 20;
/// What a record takes beside its value, and a batch beside its records, at most.
const RECORD_FRAME_BYTES: usize = 24;
const BATCH_FRAME_BYTES: usize = 80;

#[derive(Debug)]
pub(super) struct MetadataLog {
    log: PartitionLog,
}

fn disk(error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Disk(error.to_string())
}

fn log_config(settings: &Settings) -> LogConfig {
    let for_tests: Option<i32> = settings.get(&broker::INTERNAL_METADATA_LOG_SEGMENT_BYTES);
    let segment_bytes = for_tests.unwrap_or(settings.get(&broker::METADATA_LOG_SEGMENT_BYTES));
    LogConfig {
        segment_bytes: u32::try_from(segment_bytes).unwrap_or(1 << 30),
        segment_ms: settings.get(&broker::METADATA_LOG_SEGMENT_MS),
        // Only snapshots decide what may go.
        retention_ms: -1,
        retention_bytes: -1,
        cleanup_delete: false,
        max_message_bytes: u32::MAX >> 1,
        ..LogConfig::default()
    }
}

impl MetadataLog {
    /// Opens the log and recovers it. What recovery found still has to be made durable. `synced`: all below is on disk,
    /// indexes and all, because a snapshot that ends there is.
    pub(super) fn open(
        config: &super::QuorumConfig,
        synced: Offset,
        now_ms: i64,
    ) -> Result<Self, EngineError> {
        let topic = TopicName::new(TOPIC).map_err(|e| disk(&e))?;
        let partition = TopicPartition { topic, partition: 0 };
        let last = config.last_run.of(&partition);
        let recovery_point = last.recovery_point.max(synced.0);
        let last = LastOffsets { recovery_point, ..last };
        let cache = HandleCache::new(OPEN_FILES_MAX);
        let settings = Arc::new(log_config(&config.settings));
        let opened = PartitionLog::open(&config.dir, &cache, partition, settings, last, now_ms);
        let mut log = opened.map_err(|e| disk(&e))?.log;
        log.assign_topic_id(Uuid::ONE).map_err(|e| disk(&e))?;
        Ok(Self { log })
    }

    /// Sees to it that an append of values finds room. The core counts records before they are written: none may fail
    /// for want of room then.
    pub(super) fn make_room(
        &mut self,
        values: &[Bytes],
        batch_bytes_max: usize,
        now_ms: i64,
    ) -> Result<Room, EngineError> {
        let framed = values.iter().map(|value| value.len() + RECORD_FRAME_BYTES);
        let bytes: usize = framed.sum();
        // Two batches in a row are larger than one may be.
        let batches = values.len().min(1 + 2 * bytes / batch_bytes_max.max(1));
        let bytes = bytes + batches * BATCH_FRAME_BYTES;
        let records = u32::try_from(values.len()).unwrap_or(u32::MAX);
        self.log
            .hold_room((bytes, records), HELD_BYTES, now_ms)
            .map_err(|e| disk(&e))
    }

    pub(super) fn end(&self) -> Offset {
        Offset(self.log.log_end_offset())
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.log.size_bytes()
    }

    /// Appends a batch that carries its offsets and epoch already.
    pub(super) fn append(
        &mut self,
        batch: &Bytes,
        epoch: LeaderEpoch,
        now_ms: i64,
    ) -> Result<(), EngineError> {
        let context = AppendContext {
            leader_epoch: epoch.0,
            now_ms,
            origin: Origin::RaftLeader,
            transactions_v2: false,
            admission: klamm_storage::Admission::Free,
        };
        self.log
            .append_as_leader(batch, context)
            .map_err(|e| disk(&e))?;
        Ok(())
    }

    /// Makes everything durable.
    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        let synced = self.log.sync_in_place(SyncScope::Data);
        synced.map_err(|e| disk(&e))
    }

    /// Makes everything durable, indexes as well: what lies below need not be read again. `false`: no room for them now.
    pub(super) fn flush_all(&mut self) -> Result<bool, EngineError> {
        let work = match self.log.sync_work(SyncScope::All) {
            Ok(Some(work)) => work,
            Ok(None) => return Ok(true),
            Err(StorageError::DiskFull { .. }) => return Ok(false),
            Err(error) => return Err(disk(&error)),
        };
        let done = work.run().map_err(|e| disk(&e))?;
        self.log.synced(Ok(done));
        Ok(true)
    }

    /// Completes the files, so that a start after an orderly stop need not recover.
    pub(super) fn close(&mut self) -> Result<(), EngineError> {
        if let Some(work) = self.log.prepare_close().map_err(|e| disk(&e))? {
            let done = work.run().map_err(|e| disk(&e))?;
            self.log.synced(Ok(done));
        }
        Ok(())
    }

    /// Drops records at and above an offset.
    pub(super) fn truncate(&mut self, to: Offset, now_ms: i64) -> Result<(), EngineError> {
        self.log.truncate_to(to.0, now_ms).map_err(|e| disk(&e))?;
        Ok(())
    }

    /// Drops everything and goes on at an offset.
    pub(super) fn restart_at(&mut self, offset: Offset, now_ms: i64) -> Result<(), EngineError> {
        self.log
            .truncate_fully_and_start_at(offset.0, now_ms)
            .map_err(|e| disk(&e))
    }

    /// Whole batches from the one that holds `from`, none that starts at or above `to`; empty only if there are none.
    fn read(&self, from: Offset, to: Offset) -> Result<Bytes, EngineError> {
        if from >= to {
            return Ok(Bytes::new());
        }
        let slice = self
            .log
            .read(from.0, READ_BYTES, true, UpperBound::LogEnd)
            .map_err(|e| disk(&e))?;
        match slice.range {
            Some(range) => Ok(range.read().map_err(|e| disk(&e))?.into()),
            None => Ok(Bytes::new()),
        }
    }

    /// Visits the batches that hold offsets of `from..to`, in order. Each is checked: its CRC, and that it continues the
    /// one before; a hole or a step back is damage that nothing may be built on.
    pub(super) fn visit(
        &self,
        from: Offset,
        to: Offset,
        mut visit: impl FnMut(&BatchView<'_>, Offset) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let broken = |next: Offset, what: &dyn std::fmt::Display| {
            EngineError::Replay(format!("at offset {next}: {what}"))
        };
        let mut next = from;
        while next < to {
            let bytes = self.read(next, to)?;
            if bytes.is_empty() {
                return Err(broken(next, &"nothing is there"));
            }
            for batch in batches(&bytes) {
                let batch = batch.map_err(|e| broken(next, &e))?;
                batch.verify_crc().map_err(|e| broken(next, &e))?;
                let header = batch.header();
                let end = header
                    .base_offset
                    .plus(i64::from(header.last_offset_delta) + 1);
                let first = next == from;
                let continues = header.base_offset == next || (first && header.base_offset < next);
                if !continues || end <= next {
                    return Err(broken(next, &"the batch does not continue the log"));
                }
                visit(&batch, end)?;
                next = end;
                if next >= to {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Tells the log what is committed; readers and trimming go no further.
    pub(super) fn commit(&mut self, high_watermark: Offset) {
        self.log.set_high_watermark(high_watermark.0);
    }

    /// Gives up what lies below a snapshot's end; whole segments go.
    pub(super) fn trim(&mut self, start: Offset, now_ms: i64) -> Result<(), EngineError> {
        self.log.advance_log_start(start.0).map_err(|e| disk(&e))?;
        if let Some(expired) = self.log.expired(now_ms).map_err(|e| disk(&e))? {
            expired.mark().map_err(|e| disk(&e))?;
            expired.remove().map_err(|e| disk(&e))?;
        }
        Ok(())
    }

    /// Bounds and epochs, for the core. `snapshots` rise.
    pub(super) fn state(&self, snapshots: &[SnapshotId]) -> LogState {
        let start = Offset(self.log.log_start_offset());
        let epochs = self.log.epoch_history().entries().iter();
        let epochs = epochs.map(|(epoch, start)| EpochStart {
            epoch: LeaderEpoch(*epoch),
            start_offset: Offset(*start),
        });
        let mut state = LogState {
            start,
            end: self.end(),
            flushed: Offset(self.log.flushed_end_offset()),
            epochs: epochs.collect(),
            base: None,
            latest: snapshots
                .last()
                .copied()
                .filter(|id| *id != SnapshotId::BOOTSTRAP),
        };
        // The log goes by whole segments; what is left of the first one is of use only behind a snapshot's end.
        if start.0 > 0
            && let Some(base) = snapshots.iter().find(|id| id.end_offset >= start)
        {
            state.trim(*base);
        }
        state
    }
}
