//! The log of one partition: segments, producers, epochs, and how far each reader may look.
//!
//! ```text
//! log_start ≤ last_stable ≤ high_watermark ≤ log_end          recovery_point ≤ flushed_end ≤ log_end
//!     │           │               │             └ the next offset to assign
//!     │           │               └ set by replication: safe to show
//!     │           └ no open transaction below
//!     └ the first offset still readable
//! ```
//! One owner, behind a lock that is not held during syncs, recovery of other logs, deletions, or while something is looked
//! up on the disk: those are values (`SyncWork`, `PendingDelete`, `LookUp`, `LogView`, `UnreadAges`) that run outside.

mod append;
mod clean;
mod cursors;
mod delete;
mod epochs;
mod open;
mod producers;
mod read;
mod recover;
mod replay;
mod reserve;
mod retain;
mod roll;
mod run;
mod swap;
mod sync;
mod time;
mod transfer;
mod truncate;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use delete::marked;

pub use append::{AppendContext, AppendError, Appended, Origin};
pub use clean::ProducerMarks;
pub use delete::PendingDelete;
pub use open::{OpenError, Opened, OtherTopicId};
pub use producers::ProducerInfo;
pub use read::{LogSlice, LookUp, LookedUp, ReadAsk, ReadError, Reading, UpperBound};
pub use recover::RecoveryReport;
pub use reserve::Room;
pub use retain::{FileAges, UnreadAges};
pub use sync::{SyncDone, SyncScope, SyncWork};
pub use time::TimestampedOffset;
pub use transfer::LogSeed;
pub use view::LogView;

use crate::compact::SwapGate;
use crate::config::LogConfig;
use crate::epoch_history::EpochHistory;
use crate::files::Files;
use crate::log_dir::LogDir;
use crate::producer_state::ProducerState;
use crate::segment::Segment;
use crate::segments::Segments;
use klamm_model::{TopicPartition, Uuid};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;

/// The log of one partition.
#[derive(Debug)]
pub struct PartitionLog {
    partition: TopicPartition,
    topic_id: Option<Uuid>,
    /// `partition.metadata` or the folder itself may not be on disk yet.
    identity: Identity,
    files: Arc<Files>,
    config: Arc<LogConfig>,
    segments: Segments,
    active: Active,
    log_start: i64,
    log_end: i64,
    high_watermark: i64,
    epochs: Arc<EpochHistory>,
    /// Counts changes of it; the file may be behind by those that only shorten its start.
    epochs_version: u64,
    producers: ProducerState,
    /// Offsets of the producer snapshots on disk, rising.
    snapshots: Vec<i64>,
    flush: sync::FlushState,
    cursors: Mutex<cursors::Cursors>,
    /// Counts truncations, removals and replacements of files: see `LogView`.
    layout: u64,
    /// Everything below was seen by the cleaner. `None`: it was never here.
    cleaned_to: Option<i64>,
    /// Made by the first compaction.
    swap_gate: Option<Arc<SwapGate>>,
}

/// What is known of the active segment beyond its files.
#[derive(Debug, Clone, Copy)]
struct Active {
    /// The largest timestamp, with the last offset of its batch.
    largest: Option<(i64, i64)>,
    /// Timestamp of the last time-index entry, -1 for none.
    indexed_ms: i64,
    /// Bytes since the last index entry.
    bytes_since_entry: u64,
    /// Largest timestamp of the first batch: the segment's age counts from there.
    first_timestamp_ms: Option<i64>,
    /// When the segment was made or opened, for logs without timestamps.
    created_ms: i64,
    /// Where the room ends that was asked for ahead of the writes; 0 before the first time.
    reserved_end: u64,
}

/// Whether folder and topic id are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// Not even written.
    Unwritten,
    /// Written; the next sync makes them durable.
    Unsynced,
    /// On disk.
    Durable,
}

/// One segment, for inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The offset in its names.
    pub base_offset: i64,
    /// Bytes of its log file.
    pub bytes: u64,
    /// It is the one that grows.
    pub active: bool,
}

impl PartitionLog {
    /// Which partition.
    #[must_use]
    pub const fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The topic's id, as in `partition.metadata`.
    #[must_use]
    pub const fn topic_id(&self) -> Option<Uuid> {
        self.topic_id
    }

    /// The directory that holds it.
    #[must_use]
    pub fn dir(&self) -> &Arc<LogDir> {
        &self.files.dir
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.files.folder_path()
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Replaces its settings; they hold from the next append on.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// The first readable offset.
    #[must_use]
    pub const fn log_start_offset(&self) -> i64 {
        self.log_start
    }

    /// The next offset to assign.
    #[must_use]
    pub const fn log_end_offset(&self) -> i64 {
        self.log_end
    }

    /// Consumers read below it.
    #[must_use]
    pub const fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Consumers of committed records read below it.
    #[must_use]
    pub fn last_stable_offset(&self) -> i64 {
        let unstable = self.producers.first_unstable();
        unstable.map_or(self.high_watermark, |o| {
            o.max(self.log_start).min(self.high_watermark)
        })
    }

    /// Moves the high watermark, bounded by log start and log end. Replication decides; it may fall only with a
    /// truncation. Gives the value that holds now.
    pub fn set_high_watermark(&mut self, offset: i64) -> i64 {
        self.high_watermark = offset.clamp(self.log_start, self.log_end);
        self.producers.high_watermark_is(self.high_watermark);
        self.high_watermark
    }

    /// Bytes of all log files.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.size).sum()
    }

    /// All segments, oldest first.
    #[must_use]
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let active = self.active_segment().base;
        let info = |s: &Segment| SegmentInfo {
            base_offset: s.base,
            bytes: s.size,
            active: s.base == active,
        };
        self.segments.iter().map(info).collect()
    }

    const fn active_segment(&self) -> &Segment {
        self.segments.active()
    }

    const fn active_segment_mut(&mut self) -> &mut Segment {
        self.segments.active_mut()
    }
}
