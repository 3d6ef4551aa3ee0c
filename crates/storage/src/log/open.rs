//! Making, opening and closing a log.
//!
//! After an orderly stop, opening lists the folder and reads the small files and the last few headers. After a crash it
//! recovers. Either way no handle stays open.

use super::recover::Holes;
use super::swap::finish_swaps;
use super::sync::{FlushState, SyncScope, SyncWork};
use super::{Active, Identity, PartitionLog, RecoveryReport};
use crate::config::LogConfig;
use crate::epoch_history::{self, EpochHistory};
use crate::error::StorageError;
use crate::files::Files;
use crate::handle_cache::HandleCache;
use crate::layout::{FileKind, FileName};
use crate::log_dir::{LastOffsets, LogDir, read_listed};
use crate::partition_metadata;
use crate::producer_state::{ProducerState, snapshot};
use crate::segment::{Segment, SegmentError};
use crate::segments::Segments;
use klamm_host::DirEntry;
use klamm_model::{TopicPartition, Uuid};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// A log, and what happened while it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub log: PartitionLog,
    /// What recovery found; `None` after an orderly stop.
    pub recovery: Option<RecoveryReport>,
}

/// Why a log can't be made or opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// To be made, but its folder is there.
    #[error("the folder of {0} exists already")]
    Exists(TopicPartition),
    /// To be opened, but there is no folder.
    #[error("{0} has no folder")]
    Missing(TopicPartition),
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The topic id does not match the one on disk. `INCONSISTENT_TOPIC_ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is of topic id {on_disk}, not {wanted}")]
pub struct OtherTopicId {
    /// In `partition.metadata`.
    pub on_disk: Uuid,
    /// Asked for.
    pub wanted: Uuid,
}

/// Lengths of a segment's files: log, offset index, time index, transaction index.
type Lens = [Option<u64>; 4];

impl PartitionLog {
    /// Makes an empty log: a folder. Its files are written with its first record, and all is durable with the first sync.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn create(
        dir: &Arc<LogDir>,
        cache: &Arc<HandleCache>,
        partition: TopicPartition,
        topic_id: Option<Uuid>,
        config: Arc<LogConfig>,
        now_ms: i64,
    ) -> Result<Self, OpenError> {
        dir.check_online()?;
        let log = Self::bare(dir, cache, partition, config, now_ms);
        let path = log.files.folder_path();
        let fail = |e: &io::Error| OpenError::Storage(dir.judge(&path, e));
        let exists = |p: &TopicPartition| OpenError::Exists(p.clone());
        if dir.has_lines_of(&log.partition) {
            if dir.disk().exists(&path).map_err(|e| fail(&e))? {
                return Err(exists(&log.partition));
            }
            // First: once there is a folder, lines of an older log would be taken for its own.
            dir.scrub(&log.partition)?;
        }
        dir.disk().create_dir(&path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(&log.partition),
            _ => fail(&e),
        })?;
        dir.scrub(&log.partition)?;
        let log = Self { topic_id, identity: Identity::Unwritten, ..log };
        if log.config.preallocate {
            let started = log.start_file(log.active_segment());
            log.active_segment().close();
            if let Err(StorageError::DiskFull { .. }) = started {
                // The folder would stand in the way of the next attempt; nobody else has it.
                let _ = dir.disk().remove_dir_all(&path);
            }
            started?;
        }
        Ok(log)
    }

    /// Opens a log that is there, recovering it if the last run did not stop in order.
    ///
    /// # Errors
    /// See [`OpenError`]. Damaged files are no error: derived ones are built anew, records are cut at the damage.
    pub fn open(
        dir: &Arc<LogDir>,
        cache: &Arc<HandleCache>,
        partition: TopicPartition,
        config: Arc<LogConfig>,
        last: LastOffsets,
        now_ms: i64,
    ) -> Result<Opened, OpenError> {
        dir.check_online()?;
        let mut log = Self::bare(dir, cache, partition, config, now_ms);
        let path = log.files.folder_path();
        let entries = match dir.disk().list(&path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Missing(log.partition));
            }
            Err(e) => return Err(log.files.read_failed(&path, &e).into()),
        };
        let entries = finish_swaps(&log.files, entries)?;
        let lens = log.take_listing(&entries)?;
        let epochs = log.read_small_files(&entries)?;
        if !last.clean {
            // A file that is there is not written over: what it says may be durable already.
            log.identity = match log.topic_id {
                Some(_) => Identity::Unsynced,
                None => Identity::Unwritten,
            };
        }
        let newest_snapshot = log.newest_snapshot(&entries);
        let recovery = log.load(&lens, (last, newest_snapshot), now_ms)?;
        log.settle(last, epochs, now_ms)?;
        if recovery.is_some_and(|report| report.holes_trusted) {
            // The next recovery would take them for losses.
            log.sync_in_place(SyncScope::All)?;
            let (partition, end) = (&log.partition, log.flush.recovery_point);
            dir.rest_on_recovery_point(partition, end)?;
        }
        if log.size_bytes() == 0 && log.topic_id.is_some() {
            // A log without records may never have been synced.
            log.identity = Identity::Unsynced;
            log.flush.folder_dirty = true;
        }
        for segment in log.segments.iter() {
            segment.unpin();
            if recovery.is_none() {
                segment.close();
            }
        }
        Ok(Opened { log, recovery })
    }

    pub(super) fn bare(
        dir: &Arc<LogDir>,
        cache: &Arc<HandleCache>,
        partition: TopicPartition,
        config: Arc<LogConfig>,
        now_ms: i64,
    ) -> Self {
        let folder = partition.to_string().into_boxed_str();
        let files = Files::new(dir, cache, folder);
        Self {
            partition,
            topic_id: None,
            identity: Identity::Durable,
            files,
            config,
            segments: Segments::of(Segment::empty(0)),
            active: Active::new(now_ms),
            log_start: 0,
            log_end: 0,
            high_watermark: 0,
            epochs: EpochHistory::none(),
            epochs_version: 0,
            producers: ProducerState::default(),
            snapshots: Vec::new(),
            flush: FlushState::new(0, 0),
            cursors: Mutex::default(),
            layout: 0,
            cleaned_to: None,
            swap_gate: None,
        }
    }

    /// Sorts the files out: segments, snapshots, leftovers.
    fn take_listing(&mut self, entries: &[DirEntry]) -> Result<BTreeMap<i64, Lens>, StorageError> {
        let mut lens: BTreeMap<i64, Lens> = BTreeMap::new();
        let path = self.files.folder_path();
        for entry in entries.iter().filter(|e| !e.is_dir) {
            match FileName::parse(&entry.name) {
                FileName::Deleted | FileName::Cleaned(_) => {
                    self.files.remove(&path.join(&entry.name))?;
                }
                FileName::Live(FileKind::Snapshot, offset) => self.snapshots.push(offset),
                FileName::Live(kind, base) => {
                    if let Some(len) = lens.entry(base).or_default().get_mut(kind as usize) {
                        *len = Some(entry.len);
                    }
                }
                FileName::Swap(..) | FileName::Other => {}
            }
        }
        self.snapshots.sort_unstable();
        for base in lens
            .iter()
            .filter(|(_, l)| l[0].is_none())
            .map(|(base, _)| *base)
        {
            // Indexes whose log is gone.
            for kind in [
                FileKind::OffsetIndex,
                FileKind::TimeIndex,
                FileKind::TxnIndex,
            ] {
                self.files.remove(&self.files.path(kind, base))?;
            }
        }
        lens.retain(|_, l| l[0].is_some());
        Ok(lens)
    }

    /// Offset and length of the newest producer snapshot.
    fn newest_snapshot(&self, entries: &[DirEntry]) -> Option<(i64, u64)> {
        let offset = *self.snapshots.last()?;
        let name = FileKind::Snapshot.file_name(offset);
        let entry = entries.iter().find(|entry| entry.name == name)?;
        Some((offset, entry.len))
    }

    /// Topic id and epochs. Gives the epochs as they are on disk.
    fn read_small_files(&mut self, entries: &[DirEntry]) -> Result<EpochHistory, StorageError> {
        let read = |name: &str| {
            let Some(entry) = entries.iter().find(|entry| entry.name == name) else {
                return Ok(None);
            };
            let path = self.files.folder_path().join(name);
            let bytes = read_listed(self.files.disk(), &path, entry.len);
            bytes
                .map(Some)
                .map_err(|e| self.files.read_failed(&path, &e))
        };
        let topic_id = read(partition_metadata::FILE)?;
        let topic_id = topic_id
            .as_deref()
            .and_then(partition_metadata::parse_partition_metadata);
        let epochs = read(epoch_history::FILE)?.unwrap_or_default();
        self.topic_id = topic_id;
        let epochs = EpochHistory::parse(&epochs);
        if !epochs.entries().is_empty() {
            self.epochs = Arc::new(epochs.clone());
        }
        Ok(epochs)
    }

    /// Fills in segments, end, producers.
    fn load(
        &mut self,
        lens: &BTreeMap<i64, Lens>,
        (last, newest_snapshot): (LastOffsets, Option<(i64, u64)>),
        now_ms: i64,
    ) -> Result<Option<RecoveryReport>, StorageError> {
        let segment = |(base, lens): (&i64, &Lens)| Segment::of_lens(*base, *lens);
        let Some(segments) = Segments::of_rising(lens.iter().map(segment).collect()) else {
            self.segments = Segments::of(Segment::empty(last.log_start));
            self.log_end = last.log_start;
            self.flush = FlushState::new(self.log_end, self.log_end);
            return Ok(None);
        };
        self.segments = segments;
        self.high_watermark = last.high_watermark;
        let first_base = self.segments.first().base;
        let mut recover_from = if last.clean {
            None
        } else {
            Some(last.recovery_point.max(first_base))
        };
        // What recovery reads, it indexes; a closed segment before that may have lost an index to a deletion that was cut
        // short.
        let trusted = recover_from.map_or(self.segments.len(), |from| self.first_in_doubt(from));
        let rebuilt_from = self.rebuild_missing_indexes(trusted, lens, now_ms)?;
        if recover_from.is_none() {
            match self.load_active(now_ms) {
                Ok(end) => self.log_end = end,
                Err(SegmentError::Storage(error)) => return Err(error),
                Err(SegmentError::Damage(damage)) => {
                    let reason = damage.reason;
                    tracing::warn!(folder = &*self.files.folder, reason, "recovering");
                    recover_from = Some(self.active_segment().base);
                }
            }
        }
        let Some(from) = recover_from else {
            self.flush = FlushState::new(self.log_end, self.active_segment().base);
            self.flush.wrote_indexes(rebuilt_from);
            self.load_producers(newest_snapshot, now_ms)?;
            return Ok(None);
        };
        let (is_compacted, cleaned_to) = (self.config.cleanup_compact, last.cleaned.unwrap_or(-1));
        let is_known = last.knows_recovery_point && !self.has_room_for_indexes(lens);
        let holes = Holes {
            cleaned_to: if is_compacted {
                cleaned_to.max(from)
            } else {
                cleaned_to
            },
            trust: is_compacted && !is_known,
        };
        let report = self.recover(from, holes, now_ms)?;
        let floor_base = self.segments[self.first_in_doubt(from)].base;
        self.flush = FlushState::new(from.min(self.log_end), floor_base);
        // Names may be in the cache only, unless a full sync covered all.
        self.flush.folder_dirty =
            from < self.log_end || report.cut.is_some() || self.active_segment().size == 0;
        self.flush.wrote_indexes(rebuilt_from);
        Ok(Some(report))
    }

    /// Kafka makes the active segment's indexes as long as they may get, and shortens them when it closes them: it was the
    /// last one here, and was killed. Its cleaner does not wait for a recovery point.
    fn has_room_for_indexes(&self, lens: &BTreeMap<i64, Lens>) -> bool {
        let max = u64::from(self.config.index_bytes_max);
        let last = lens.last_key_value().map(|(_, lens)| *lens);
        last.is_some_and(|[_, offsets, times, _]| {
            offsets == Some(max / 8 * 8) || times == Some(max / 12 * 12)
        })
    }

    /// Builds indexes that are missing in the first `trusted` segments. Gives the base of the first.
    fn rebuild_missing_indexes(
        &mut self,
        trusted: usize,
        lens: &BTreeMap<i64, Lens>,
        now_ms: i64,
    ) -> Result<Option<i64>, StorageError> {
        let mut first = None;
        for index in 0..trusted {
            let base = self.segments[index].base;
            let of = lens.get(&base);
            if of.is_some_and(|l| l[0] > Some(0) && (l[1].is_none() || l[2].is_none())) {
                self.rebuild_indexes(index, now_ms)?;
                first.get_or_insert(base);
            }
        }
        Ok(first)
    }

    /// Producers after an orderly stop: the snapshot at the log's end says it all.
    fn load_producers(
        &mut self,
        newest_snapshot: Option<(i64, u64)>,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        let end = self.log_end;
        self.keep_snapshots(i64::MIN, end)?;
        self.drop_stray_snapshots()?;
        if self.snapshots.is_empty() {
            // From before there were producers, or an empty log.
            return Ok(());
        }
        let of_end = newest_snapshot.filter(|(offset, _)| *offset == end);
        if of_end.is_some_and(|(_, len)| snapshot::is_empty_len(len)) {
            return Ok(());
        }
        self.rebuild_producers(end, now_ms)
    }

    /// Brings start, high watermark and epochs in line with what the log holds.
    fn settle(
        &mut self,
        last: LastOffsets,
        on_disk: EpochHistory,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        if self.log_end < last.log_start {
            tracing::warn!(
                folder = &*self.files.folder,
                end = self.log_end,
                start = last.log_start,
                "the log ends before its start, as if segments had been removed; it begins anew"
            );
            self.truncate_fully_and_start_at(last.log_start, now_ms)?;
            self.files
                .dir
                .set_recovery_point(&self.partition, last.log_start);
            return Ok(());
        }
        let first_base = self.segments.first().base;
        self.log_start = last.log_start.max(first_base);
        // Behind the end it speaks of another log: all is dirty again.
        self.set_cleaned_to(last.cleaned.filter(|offset| *offset <= self.log_end));
        self.set_high_watermark(last.high_watermark);
        self.files
            .dir
            .set_recovery_point(&self.partition, self.flush.recovery_point);
        let (start, end) = (self.log_start, self.log_end);
        let found = std::mem::replace(&mut self.epochs, Arc::new(on_disk));
        let mut epochs = Arc::unwrap_or_clone(found);
        epochs.cut_end(end);
        self.change_epochs(|old| std::mem::replace(old, epochs.clone()) != epochs)?;
        self.shorten_epochs(start);
        Ok(())
    }

    /// Sets or checks the topic's id. A log from before topic ids takes it over.
    ///
    /// # Errors
    /// Another id is on disk.
    pub fn assign_topic_id(&mut self, wanted: Uuid) -> Result<(), OtherTopicId> {
        match self.topic_id {
            Some(on_disk) if on_disk != wanted => Err(OtherTopicId { on_disk, wanted }),
            Some(_) => Ok(()),
            None => {
                self.topic_id = Some(wanted);
                self.identity = Identity::Unwritten;
                Ok(())
            }
        }
    }

    /// Writes the topic id, once, before the first record. It becomes durable with the first sync, as the records do.
    pub(super) fn write_identity(&mut self) -> Result<(), StorageError> {
        if let Identity::Unwritten = self.identity {
            if let Some(id) = self.topic_id {
                let path = self.files.folder_path().join(partition_metadata::FILE);
                self.files
                    .dir
                    .write_unsynced(&path, partition_metadata::format(id).as_bytes())?;
            }
            self.identity = Identity::Unsynced;
            self.flush.folder_dirty = true;
        }
        Ok(())
    }

    /// Completes the files for an orderly stop. Run the work and hand its result to `synced`; then the recovery point is
    /// the log's end. The log may be used on, and closed again.
    ///
    /// # Errors
    /// The disk; the next start recovers.
    pub fn prepare_close(&mut self) -> Result<Option<SyncWork>, StorageError> {
        self.files.dir.check_online()?;
        if self.log_end == 0 && self.size_bytes() == 0 {
            // Never written to: there is nothing to complete.
            return Ok(None);
        }
        self.write_identity()?;
        self.finish_active()?;
        let is_empty = self.log_end == self.log_start && self.producers.entries().len() == 0;
        if !is_empty {
            self.take_snapshot()?;
        }
        self.sync_work(SyncScope::All)
    }

    /// Closes idle handles of this log. They open again when needed.
    pub fn close_handles(&self) {
        for segment in self.segments.iter() {
            if self.flush.recovery_point >= self.log_end {
                segment.close();
            }
        }
    }
}
