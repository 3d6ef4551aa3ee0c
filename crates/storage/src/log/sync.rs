//! Making a log durable, with many waiters served by one sync.
//!
//! A waiter looks at `flushed_end_offset`; if its record is not below, it takes `sync_work` (one at a time for a log),
//! runs it without the lock, and hands the result to `synced`. Those who came meanwhile find `None`, wait for the
//! running one, and then one of them takes the next: group commit.
//!
//! Two depths. `Data` syncs the log files: acknowledged records survive. `All` syncs indexes and snapshots too, and only
//! that moves the recovery point: recovery may then trust what lies below it.

use super::{Identity, PartitionLog};
use crate::epoch_history;
use crate::error::StorageError;
use crate::files::Files;
use crate::handle_cache::{LazySlot, Slot};
use crate::layout::FileKind;
use crate::log_dir::LogDir;
use crate::partition_metadata;
use klamm_host::{DiskFile, OpenMode};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much a sync covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncScope {
    /// Log files: what an acknowledgement needs.
    Data,
    /// Indexes and snapshots as well: what a recovery point needs.
    All,
}

/// A sync to run without the log's lock. Blocks.
#[derive(Debug)]
#[must_use = "nothing is durable until it ran"]
pub struct SyncWork {
    files: Arc<Files>,
    logs: Vec<DirtyLog>,
    derived: Vec<(Arc<Slot>, PathBuf)>,
    snapshots: Vec<PathBuf>,
    folder: bool,
    done: SyncDone,
}

/// A log file, and where in it the bytes that may not be on the disk lie.
#[derive(Debug)]
struct DirtyLog {
    slot: Arc<Slot>,
    path: PathBuf,
    position: u64,
    len: u64,
}

/// Bytes that are sent to the device at a time, ahead of a sync. What else the device is asked for waits no longer than these
/// take.
const WRITE_BACK_STEP: u64 = 8 << 20;

/// Proof of a sync; give it to `PartitionLog::synced`.
#[derive(Debug, Clone, Copy)]
#[must_use = "the log must hear of it"]
pub struct SyncDone {
    scope: SyncScope,
    end: i64,
    active_base: i64,
    dirty_bytes: u64,
    truncations: u64,
    /// Folder and topic id are durable.
    identity: bool,
}

/// What of a log is on disk.
#[derive(Debug, Clone)]
pub(super) struct FlushState {
    /// Records below are durable.
    pub(super) flushed_end: i64,
    /// Records and derived files below are durable.
    pub(super) recovery_point: i64,
    /// When the oldest record that is not durable was appended.
    pub(super) unflushed_since_ms: Option<i64>,
    /// The same for records that a running sync does not cover.
    after_running_ms: Option<i64>,
    pub(super) dirty_bytes: u64,
    /// Base offset of the first segment with log bytes that may not be durable.
    pub(super) first_dirty: i64,
    /// Base offset of the first segment with indexes that may not be durable.
    pub(super) first_dirty_index: i64,
    /// Files were made, renamed or removed.
    pub(super) folder_dirty: bool,
    pub(super) new_snapshots: Vec<i64>,
    /// The epoch history was written for the first time and not synced.
    pub(super) new_epochs: bool,
    pub(super) running: bool,
    /// Counts truncations: a sync that began before one proves nothing about what came after.
    pub(super) truncations: u64,
}

impl FlushState {
    pub(super) const fn new(durable_end: i64, first_dirty: i64) -> Self {
        Self {
            flushed_end: durable_end,
            recovery_point: durable_end,
            unflushed_since_ms: None,
            after_running_ms: None,
            dirty_bytes: 0,
            first_dirty,
            first_dirty_index: first_dirty,
            folder_dirty: false,
            new_snapshots: Vec::new(),
            new_epochs: false,
            running: false,
            truncations: 0,
        }
    }

    pub(super) fn appended(&mut self, bytes: u64, now_ms: i64) {
        self.dirty_bytes += bytes;
        self.unflushed_since_ms.get_or_insert(now_ms);
        if self.running {
            self.after_running_ms.get_or_insert(now_ms);
        }
    }

    /// Indexes from this segment on were written while the log was opened.
    pub(super) fn wrote_indexes(&mut self, from: Option<i64>) {
        if let Some(base) = from {
            self.first_dirty_index = self.first_dirty_index.min(base);
            self.folder_dirty = true;
        }
    }

    fn has_dirty_files(&self, scope: SyncScope) -> bool {
        self.folder_dirty || (scope == SyncScope::All && !self.new_snapshots.is_empty())
    }

    /// The log ends here now.
    pub(super) fn truncated(&mut self, end: i64, active_base: i64) {
        self.flushed_end = self.flushed_end.min(end);
        self.recovery_point = self.recovery_point.min(end);
        self.first_dirty = self.first_dirty.min(active_base);
        self.first_dirty_index = self.first_dirty_index.min(active_base);
        self.folder_dirty = true;
        self.truncations += 1;
    }
}

impl PartitionLog {
    /// Records below are on disk.
    #[must_use]
    pub const fn flushed_end_offset(&self) -> i64 {
        self.flush.flushed_end
    }

    /// For the recovery-point checkpoint: a restart reads the log from here.
    #[must_use]
    pub const fn recovery_point(&self) -> i64 {
        self.flush.recovery_point
    }

    /// Bytes appended and not synced.
    #[must_use]
    pub const fn dirty_bytes(&self) -> u64 {
        self.flush.dirty_bytes
    }

    /// So much is unsynced that a sync is better preceded by [`SyncWork::write_back`].
    #[must_use]
    pub const fn is_synced_in_steps(&self) -> bool {
        self.flush.dirty_bytes > WRITE_BACK_STEP
    }

    /// When the oldest unsynced record was appended, in milliseconds.
    #[must_use]
    pub const fn unflushed_since_ms(&self) -> Option<i64> {
        self.flush.unflushed_since_ms
    }

    /// `flush.messages` or `flush.ms` asks for a sync.
    #[must_use]
    pub fn is_flush_due(&self, now_ms: i64) -> bool {
        let waiting = self.log_end - self.flush.flushed_end;
        let waited = self
            .flush
            .unflushed_since_ms
            .map(|since| now_ms.saturating_sub(since));
        waiting > 0
            && (waiting >= self.config.flush_messages
                || waited.is_some_and(|ms| ms >= self.config.flush_ms))
    }

    /// Syncs here and now, off the reactor: while a log is opened or copied, and nobody else uses it.
    ///
    /// # Errors
    /// The disk failed; the directory is offline.
    pub fn sync_in_place(&mut self, scope: SyncScope) -> Result<(), StorageError> {
        let Some(work) = self.sync_work(scope)? else {
            return Ok(());
        };
        let done = work.run();
        let failed = done.as_ref().err().cloned();
        self.synced(done);
        failed.map_or(Ok(()), Err)
    }

    /// What a sync has to do. `None` if there is nothing to do, or one is running (see `is_syncing`).
    ///
    /// # Errors
    /// `All` writes index entries first, and the disk refused.
    pub fn sync_work(&mut self, scope: SyncScope) -> Result<Option<SyncWork>, StorageError> {
        self.files.dir.check_online()?;
        let durable = match scope {
            SyncScope::Data => self.flush.flushed_end,
            SyncScope::All => self.flush.recovery_point,
        };
        if self.flush.running || (durable >= self.log_end && !self.flush.has_dirty_files(scope)) {
            return Ok(None);
        }
        let knows_nothing = self.flush.new_snapshots.is_empty() && self.size_bytes() == 0;
        if self.flush.recovery_point == self.log_end && knows_nothing {
            // Names of a log without records matter to nobody; they are synced with the first record.
            return Ok(None);
        }
        if scope == SyncScope::All {
            self.write_waiting_entries()?;
            let first = self.segments.index_of(self.flush.first_dirty_index);
            for index in first..self.segments.len() {
                if let Some(segment) = self.segments.get_mut(index) {
                    self.flush.folder_dirty |=
                        segment.offsets.take_made() | segment.times.take_made();
                }
            }
        }
        let dirty = |from: i64| {
            self.segments
                .iter()
                .filter(move |s| s.base >= from && s.size > 0)
        };
        let logs = self.dirty_logs();
        let file = |lazy: &LazySlot, kind, base| (lazy.get(), self.files.path(kind, base));
        let (mut derived, mut snapshots) = (Vec::new(), Vec::new());
        if scope == SyncScope::All {
            let first = self.flush.first_dirty_index;
            derived = dirty(first)
                .flat_map(|s| {
                    [
                        file(s.offsets.slot(), FileKind::OffsetIndex, s.base),
                        file(s.times.slot(), FileKind::TimeIndex, s.base),
                    ]
                })
                .collect();
            let txn = dirty(first).filter(|s| s.txn_bytes > 0);
            snapshots.extend(txn.map(|s| self.files.path(FileKind::TxnIndex, s.base)));
            let new = std::mem::take(&mut self.flush.new_snapshots);
            snapshots.extend(new.iter().map(|o| self.files.path(FileKind::Snapshot, *o)));
            if std::mem::take(&mut self.flush.new_epochs) {
                snapshots.push(self.files.folder_path().join(epoch_history::FILE));
            }
        }
        let identity = self.identity == Identity::Unsynced;
        if identity && self.topic_id.is_some() {
            snapshots.push(self.files.folder_path().join(partition_metadata::FILE));
        }
        self.flush.running = true;
        let folder = std::mem::take(&mut self.flush.folder_dirty);
        let done = SyncDone {
            scope,
            end: self.log_end,
            active_base: self.active_segment().base,
            dirty_bytes: self.flush.dirty_bytes,
            truncations: self.flush.truncations,
            identity,
        };
        Ok(Some(SyncWork {
            files: Arc::clone(&self.files),
            logs,
            derived,
            snapshots,
            folder,
            done,
        }))
    }

    /// The log files that a sync has to cover. They were appended to one after the other: what is not synced is the end of
    /// the last, then of the one before.
    fn dirty_logs(&self) -> Vec<DirtyLog> {
        let mut left = self.flush.dirty_bytes;
        let newest_first = self.segments.iter().rev();
        let logs = newest_first
            .take_while(|segment| segment.base >= self.flush.first_dirty)
            .filter(|segment| segment.size > 0)
            .map(|segment| {
                let size = segment.size;
                let len = left.min(size);
                left -= len;
                DirtyLog {
                    slot: segment.log.get(),
                    path: self.files.path(FileKind::Log, segment.base),
                    position: size - len,
                    len,
                }
            });
        let mut logs: Vec<_> = logs.collect();
        logs.reverse();
        logs
    }

    /// A sync is running: wait for it, then look again.
    #[must_use]
    pub const fn is_syncing(&self) -> bool {
        self.flush.running
    }

    /// Takes the result of a sync in. A failed one has taken the directory offline already.
    pub fn synced(&mut self, result: Result<SyncDone, StorageError>) {
        self.flush.running = false;
        let since_ms = self.flush.after_running_ms.take();
        let Ok(done) = result else {
            self.flush.folder_dirty = true;
            // Which of its files it came to is not known.
            self.flush.new_snapshots.clone_from(&self.snapshots);
            self.flush.new_epochs = !self.epochs.entries().is_empty();
            return;
        };
        if done.truncations != self.flush.truncations {
            self.flush.folder_dirty = true;
            return;
        }
        let flush = &mut self.flush;
        let dirty_from = flush.first_dirty_index;
        flush.flushed_end = flush.flushed_end.max(done.end);
        flush.first_dirty = flush.first_dirty.max(done.active_base);
        flush.dirty_bytes = flush.dirty_bytes.saturating_sub(done.dirty_bytes);
        flush.unflushed_since_ms = since_ms;
        if done.scope == SyncScope::All {
            flush.recovery_point = flush.recovery_point.max(done.end);
            self.files
                .dir
                .set_recovery_point(&self.partition, flush.recovery_point);
            flush.first_dirty_index = flush.first_dirty_index.max(done.active_base);
        }
        if done.identity && self.identity == Identity::Unsynced {
            self.identity = Identity::Durable;
        }
        let nothing_new = done.end == self.log_end;
        for segment in self
            .segments
            .iter()
            .rev()
            .take_while(|s| s.base >= dirty_from)
        {
            if segment.base < done.active_base || nothing_new {
                match done.scope {
                    SyncScope::Data => segment.log.unpin(),
                    SyncScope::All => segment.unpin(),
                }
            }
        }
        self.files.cache.trim();
    }

    /// Writes the index entries that wait in memory.
    pub(super) fn write_waiting_entries(&mut self) -> Result<(), StorageError> {
        let segment = self.segments.active_mut();
        let base = segment.base;
        segment.offsets.write_out(&self.files, base)?;
        segment.times.write_out(&self.files, base)
    }
}

impl SyncWork {
    /// Where the log is.
    #[must_use]
    pub fn dir(&self) -> &Arc<LogDir> {
        &self.files.dir
    }

    /// Runs the syncs of several logs of one directory as one of its volume, which takes about as long as that of one
    /// log. Where the volume can't be synced they run one after the other. See `run`.
    #[must_use = "each log must hear of its own"]
    pub fn run_together(works: Vec<Self>) -> Vec<Result<SyncDone, StorageError>> {
        let same = |work: &Self, dir: &Arc<LogDir>| Arc::ptr_eq(work.dir(), dir);
        let dir = works.first().map(|work| Arc::clone(work.dir()));
        let dir = dir.filter(|dir| works.iter().all(|work| same(work, dir)));
        let synced = dir.map_or(Ok(false), |dir| dir.sync_volume());
        let run = |work: Self| match &synced {
            Ok(true) => Ok(work.done),
            Ok(false) => work.run(),
            Err(error) => Err(error.clone()),
        };
        works.into_iter().map(run).collect()
    }

    /// Sends the log's bytes to the device, some at a time, and tells of each step how many were taken; they are durable when
    /// the sync has run. Without it the sync does the same at once: then a large one fills the device's queue, and everything
    /// else that it is asked for waits, and nobody hears that there is room before its end. Does nothing where all is one
    /// step.
    ///
    /// # Errors
    /// The directory is offline: as by the sync, a failure is told once.
    pub fn write_back(&self, mut taken: impl FnMut(u64)) -> Result<(), StorageError> {
        if self.is_one_step() {
            return Ok(());
        }
        self.files.dir.check_online()?;
        for log in &self.logs {
            // A file that retention took, or that can't be opened, is the sync's matter.
            let Ok(file) = self.open(&log.slot, &log.path) else {
                continue;
            };
            let (mut position, end) = (log.position, log.position + log.len);
            while position < end {
                let step = WRITE_BACK_STEP.min(end - position);
                let turn = self.files.dir.write_back_turn();
                // The device has something to do while this thread wakes up.
                file.begin_write_back(position, (2 * WRITE_BACK_STEP).min(end - position));
                let written = file.write_back(position, step);
                written.map_err(|e| {
                    let path = log.path.display();
                    self.files.dir.fail_io(&format!("writing {path} back"), &e)
                })?;
                drop(turn);
                taken(step);
                position += step;
            }
        }
        Ok(())
    }

    const fn is_one_step(&self) -> bool {
        self.done.dirty_bytes <= WRITE_BACK_STEP
    }

    fn sync_file(
        &self,
        path: &Path,
        opened: io::Result<Arc<dyn DiskFile>>,
        sync: impl FnOnce(&dyn DiskFile) -> io::Result<()>,
    ) -> Result<(), StorageError> {
        let dir = &self.files.dir;
        match opened {
            Ok(file) => {
                sync(&*file).map_err(|e| dir.fail(&format!("syncing {}: {e}", path.display())))
            }
            // Retention took it meanwhile.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            // Nothing was lost by it: a file with unsynced writes is open.
            Err(e) => Err(self.files.read_failed(path, &e)),
        }
    }

    fn open(&self, slot: &Arc<Slot>, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let files = &self.files;
        slot.get(&files.cache, files.disk(), OpenMode::ReadWrite, || {
            path.to_owned()
        })
    }

    /// Runs the sync. A failure is final for the directory: nothing is retried, nothing more is acknowledged.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn run(self) -> Result<SyncDone, StorageError> {
        let files = &self.files;
        files.dir.check_online()?;
        for (slot, path) in &self.derived {
            self.sync_file(path, self.open(slot, path), |file| file.sync_data())?;
        }
        for log in &self.logs {
            let end = log.position + log.len;
            let opened = self.open(&log.slot, &log.path);
            self.sync_file(&log.path, opened, |file| {
                if self.is_one_step() {
                    file.sync_data()
                } else {
                    // While so much was written back others appended as much again: the next sync's matter.
                    file.sync_data_before(end)
                }
            })?;
        }
        for path in &self.snapshots {
            let opened = files.disk().open(path, OpenMode::Read);
            self.sync_file(path, opened, |file| file.sync_data())?;
        }
        if self.folder {
            let folder = files.in_place();
            // A deleted log has nothing to make durable.
            if !folder.moved {
                files.sync_folder()?;
            }
        }
        if self.done.identity {
            let dir = files.dir.path();
            let synced = files.disk().sync_dir(dir);
            synced.map_err(|e| files.dir.fail_io("syncing the log directory", &e))?;
        }
        Ok(self.done)
    }
}
