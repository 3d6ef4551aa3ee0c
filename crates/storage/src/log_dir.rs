//! One entry of `log.dirs`: identity, lock, checkpoints, clean-stop marker, and whether it still works.
//!
//! *Invariant:* once a write or sync failed, the directory is offline until the process restarts. A sync that is
//! repeated after a failure proves nothing: the kernel may have dropped the pages.

use crate::checkpoint::{self, Offsets};
use crate::error::{StorageError, is_full};
use crate::meta_properties::{MetaProperties, MetaPropertiesError};
use klamm_host::{DirLock, Disk, OpenMode, Volume};
use klamm_model::{NodeId, TopicPartition, Uuid};
use parking_lot::{Mutex, MutexGuard};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

mod checkpoints;
mod folders;

use checkpoints::Checkpoints;
pub use checkpoints::{CheckpointFile, CheckpointTurn};

/// A log directory in use by this process. Shared by the logs in it.
#[derive(Debug)]
pub struct LogDir {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    meta: MetaProperties,
    online: AtomicBool,
    cause: OnceLock<Arc<str>>,
    checkpoints: Mutex<Checkpoints>,
    /// The last run ended with a failed write or sync.
    failed_before: bool,
    /// Something failed, and the note about it is not on the disk.
    owes_note: AtomicBool,
    /// Wall time until which nothing is reserved ahead: the volume was full.
    short_until_ms: AtomicI64,
    when_full: OnceLock<WhenFull>,
    /// Who writes back a piece of a log: one at a time, so that the device's queue stays short.
    write_back_turn: Mutex<()>,
    /// Open since the directory is: it hears of every write-back that failed since.
    volume: Option<Box<dyn Volume>>,
    /// Released when the directory is closed, even if somebody still holds the directory itself.
    lock: Mutex<Option<Box<dyn DirLock>>>,
}

/// Who is told of a full volume.
struct WhenFull(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for WhenFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhenFull")
    }
}

/// Who the node is; a directory of another cluster or node is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedIdentity {
    /// The cluster's id, if known already.
    pub cluster_id: Option<String>,
    /// The node's number.
    pub node_id: NodeId,
}

/// What the last run left in a directory.
#[derive(Debug, Clone, Default)]
pub struct LastRun {
    /// It stopped in order: no log needs recovery.
    pub clean: bool,
    /// The broker epoch of that run, the proof of an orderly stop in KIP-966.
    pub broker_epoch: Option<i64>,
    /// Up to where each log was on disk.
    pub recovery_points: Offsets,
    /// Their file was there and whole: a log without a line was never synced in full.
    pub knows_recovery_points: bool,
    /// First readable offsets that lie inside a segment.
    pub log_starts: Offsets,
    /// High watermarks.
    pub high_watermarks: Offsets,
    /// First offsets that the cleaner has not seen.
    pub cleaned: Offsets,
}

/// What the last run knew about one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastOffsets {
    /// The run stopped in order.
    pub clean: bool,
    /// Everything below was synced.
    pub recovery_point: i64,
    /// The recovery point is what the last run left, not made up for a file that is missing or damaged.
    pub knows_recovery_point: bool,
    /// The first readable offset.
    pub log_start: i64,
    /// The high watermark.
    pub high_watermark: i64,
    /// The first offset that the cleaner has not seen, if it ever was here.
    pub cleaned: Option<i64>,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenDirError {
    /// No `meta.properties`: format the directory first.
    #[error("{path} is not formatted", path = .0.display())]
    NotFormatted(PathBuf),
    /// Another process holds `.lock`.
    #[error("{path} is in use by another process", path = .0.display())]
    InUse(PathBuf),
    /// `meta.properties` cannot be understood.
    #[error("{path}: {source}", path = path.display())]
    Meta {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MetaPropertiesError,
    },
    /// The directory is of another cluster.
    #[error("{path} belongs to cluster {found}, not {expected}", path = path.display())]
    OtherCluster {
        /// The directory.
        path: PathBuf,
        /// In the file.
        found: String,
        /// Asked for.
        expected: String,
    },
    /// The directory is of another node.
    #[error("{path} belongs to node {found}, not {expected}", path = path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// In the file.
        found: NodeId,
        /// Asked for.
        expected: NodeId,
    },
    /// The disk.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
}

const META_FILE: &str = "meta.properties";
const LOCK_FILE: &str = ".lock";
const CLEAN_FILE: &str = ".kafka_cleanshutdown";
/// Ours: a write or sync failed, and no orderly stop followed.
const FAILED_FILE: &str = ".klamm_failed";
/// How long a full volume counts as full.
const SHORT_MS: i64 = 60_000;
/// A checkpoint or properties file larger than this is not one.
const SMALL_FILE_BYTES_MAX: u64 = 256 << 20;

/// Makes a directory usable: writes its identity. Does nothing but check if it is formatted already.
///
/// # Errors
/// It belongs to another cluster or node, or the disk fails.
pub fn format_log_dir(
    disk: &dyn Disk,
    path: &Path,
    wanted: &MetaProperties,
) -> Result<MetaProperties, OpenDirError> {
    let at = |source| OpenDirError::Io { path: path.to_owned(), source };
    disk.create_dir_all(path).map_err(at)?;
    if let Some(found) = read_meta(disk, path)? {
        let expected = ExpectedIdentity {
            cluster_id: Some(wanted.cluster_id.clone()),
            node_id: wanted.node_id,
        };
        check_identity(path, &found, &expected)?;
        return Ok(found);
    }
    // Before the identity is written: where it is found, the way to it is durable.
    sync_way(disk, path).map_err(at)?;
    disk.replace(&path.join(META_FILE), wanted.format().as_bytes())
        .map_err(at)?;
    Ok(wanted.clone())
}

/// Makes the names of a folder and of those above it durable: any of them may be new.
fn sync_way(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    for above in path.ancestors().skip(1) {
        match disk.sync_dir(above) {
            // Not ours to read, so not ours to have made.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => break,
            synced => synced?,
        }
    }
    Ok(())
}

impl LogDir {
    /// Locks a formatted directory and reads what the last run left. The clean-stop marker is removed: from now on a
    /// crash is a crash.
    ///
    /// # Errors
    /// See [`OpenDirError`]. Damaged checkpoints count as absent and are no error.
    pub fn open(
        disk: Arc<dyn Disk>,
        path: &Path,
        expected: &ExpectedIdentity,
    ) -> Result<(Arc<Self>, LastRun), OpenDirError> {
        let at = |source| OpenDirError::Io { path: path.to_owned(), source };
        let Some(meta) = read_meta(&*disk, path)? else {
            return Err(OpenDirError::NotFormatted(path.to_owned()));
        };
        let lock = disk
            .lock(&path.join(LOCK_FILE))
            .map_err(|e| match e.kind() {
                io::ErrorKind::WouldBlock => OpenDirError::InUse(path.to_owned()),
                _ => at(e),
            })?;
        check_identity(path, &meta, expected)?;
        let volume = disk.volume(path).map_err(at)?;
        let mut last = read_last_run(&*disk, path).map_err(at)?;
        if !last.knows_recovery_points {
            last.knows_recovery_points = checkpoints::begin(&*disk, path).map_err(at)?;
        }
        let failed_before = disk.exists(&path.join(FAILED_FILE)).map_err(at)?;
        if disk.exists(&path.join(CLEAN_FILE)).map_err(at)? {
            disk.remove_file(&path.join(CLEAN_FILE)).map_err(at)?;
        }
        // The marker must be gone for good; and after a crash, folders that are seen must not vanish with the next one.
        disk.sync_dir(path).map_err(at)?;
        let dir = Self {
            disk,
            path: path.to_owned(),
            meta,
            online: AtomicBool::new(true),
            cause: OnceLock::new(),
            checkpoints: Mutex::new(Checkpoints::after(&last)),
            failed_before,
            owes_note: AtomicBool::new(false),
            write_back_turn: Mutex::default(),
            short_until_ms: AtomicI64::new(i64::MIN),
            when_full: OnceLock::new(),
            volume,
            lock: Mutex::new(Some(lock)),
        };
        Ok((Arc::new(dir), last))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file system it lies on.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Its identity.
    #[must_use]
    pub const fn meta(&self) -> &MetaProperties {
        &self.meta
    }

    /// Its id (KIP-858).
    #[must_use]
    pub const fn directory_id(&self) -> Uuid {
        self.meta.directory_id
    }

    /// No write and no sync failed so far.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Acquire)
    }

    /// Why it went offline.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<str>> {
        self.cause.get().cloned()
    }

    /// The volume had no room for an append a short while ago.
    #[must_use]
    pub fn is_short_of_room(&self, now_ms: i64) -> bool {
        now_ms < self.short_until_ms.load(Ordering::Relaxed)
    }

    /// Calls this whenever there is no room for a write; once set, it stays. It must not wait.
    pub fn when_full(&self, tell: impl Fn() + Send + Sync + 'static) {
        let _ = self.when_full.set(WhenFull(Box::new(tell)));
    }

    /// There was no room for a write: what is left of it is for those who need it at once.
    pub(crate) fn note_full(&self, now_ms: i64) {
        let until_ms = now_ms.saturating_add(SHORT_MS);
        self.short_until_ms.store(until_ms, Ordering::Relaxed);
        if let Some(when_full) = self.when_full.get() {
            (when_full.0)();
        }
    }

    /// Takes the directory offline for good. The first cause stays, and is left in a file as well as the disk allows it:
    /// the next start must know that the cache may hold what will never be written.
    pub fn fail(&self, cause: &str) -> StorageError {
        self.online.store(false, Ordering::Release);
        if self.cause.set(cause.into()).is_ok() {
            tracing::error!(dir = %self.path.display(), cause, "log directory goes offline");
            self.owes_note.store(true, Ordering::Release);
            self.note_failure();
        }
        self.offline()
    }

    /// Leaves the note of the failure, if the disk refused it so far. Called again and again while the process lives:
    /// whatever made the sync fail may pass, and then the next start knows.
    pub fn note_failure(&self) {
        let Some(cause) = self.cause.get() else {
            return;
        };
        if !self.owes_note.swap(false, Ordering::AcqRel) {
            return;
        }
        let note = self.path.join(FAILED_FILE);
        if let Err(error) = self.disk.replace(&note, cause.as_bytes()) {
            tracing::warn!(dir = %self.path.display(), %error, "the failure cannot be noted");
            self.owes_note.store(true, Ordering::Release);
        }
    }

    /// The last run ended with a failed write or sync. Pages whose sync failed look clean to the kernel: unless they are
    /// written again, a later sync says yes and they are lost with the power.
    pub(crate) const fn failed_before(&self) -> bool {
        self.failed_before
    }

    /// Leaves the marker that spares the next start its recovery. Every log must be closed, and the checkpoints
    /// written.
    ///
    /// # Errors
    /// The disk fails; the next start recovers.
    pub fn mark_clean_stop(&self, broker_epoch: i64) -> Result<(), StorageError> {
        let content = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
        self.replace(&self.path.join(CLEAN_FILE), content.as_bytes())?;
        if !self.failed_before {
            return Ok(());
        }
        // Every log was written again where needed, and synced.
        let removed = self.disk.remove_file(&self.path.join(FAILED_FILE));
        removed.map_err(|e| self.fail_io("removing the note of a failure", &e))
    }

    /// Whether all that was written to it can be synced at once.
    #[must_use]
    pub fn can_sync_volume(&self) -> bool {
        self.volume.is_some()
    }

    /// Makes all durable that was written to the directory, whatever file it is in. `false` where that can't be done.
    pub(crate) fn sync_volume(&self) -> Result<bool, StorageError> {
        self.check_online()?;
        let Some(volume) = &self.volume else {
            return Ok(false);
        };
        let synced = volume.sync().map(|()| true);
        synced.map_err(|e| self.fail_io("syncing the volume", &e))
    }

    /// Gives the directory up: nothing more is written, and another process may open it.
    pub fn close(&self) {
        self.note_failure();
        let _ = self.cause.set("closed".into());
        self.online.store(false, Ordering::Release);
        *self.lock.lock() = None;
    }

    /// Fails if the directory is offline.
    ///
    /// # Errors
    /// It is.
    pub fn check_online(&self) -> Result<(), StorageError> {
        if self.is_online() {
            Ok(())
        } else {
            Err(self.offline())
        }
    }

    /// Replaces a small file: the old or the new content survives a crash.
    pub(crate) fn replace(&self, path: &Path, content: &[u8]) -> Result<(), StorageError> {
        self.check_online()?;
        self.disk
            .replace(path, content)
            .map_err(|e| self.judge(path, &e))
    }

    /// Writes a small file that nothing relies on before the next sync.
    pub(crate) fn write_unsynced(&self, path: &Path, content: &[u8]) -> Result<(), StorageError> {
        self.check_online()?;
        let written = self
            .disk
            .open(path, OpenMode::Overwrite)
            .and_then(|file| file.write_all_at(&[IoSlice::new(content)], 0));
        written.map_err(|e| self.judge(path, &e))
    }

    /// No room leaves the directory online; every other failure is final.
    pub(crate) fn judge(&self, path: &Path, error: &io::Error) -> StorageError {
        if is_full(error) {
            StorageError::DiskFull { dir: self.path.clone() }
        } else {
            self.fail(&format!("{}: {error}", path.display()))
        }
    }

    /// Takes the directory offline because an error left a log half changed.
    pub(crate) fn fail_for(&self, error: StorageError) -> StorageError {
        match error {
            StorageError::Offline { .. } => error,
            _ => self.fail(&error.to_string()),
        }
    }

    /// The right to send a piece of a log to the device. Blocks.
    pub(crate) fn write_back_turn(&self) -> MutexGuard<'_, ()> {
        self.write_back_turn.lock()
    }

    pub(crate) fn fail_io(&self, doing: &str, error: &io::Error) -> StorageError {
        self.fail(&format!("{doing}: {error}"))
    }

    fn offline(&self) -> StorageError {
        let cause = self
            .cause
            .get()
            .cloned()
            .unwrap_or_else(|| "unknown".into());
        StorageError::Offline { dir: self.path.clone(), cause }
    }
}

impl LastRun {
    /// What it knew about one log. Absent values are 0, which makes recovery read everything.
    #[must_use]
    pub fn of(&self, partition: &TopicPartition) -> LastOffsets {
        let find = |map: &Offsets| map.get(partition).copied().unwrap_or(0).max(0);
        LastOffsets {
            clean: self.clean,
            recovery_point: find(&self.recovery_points),
            knows_recovery_point: self.knows_recovery_points,
            log_start: find(&self.log_starts),
            high_watermark: find(&self.high_watermarks),
            cleaned: self.cleaned.get(partition).copied(),
        }
    }
}

/// Reads `meta.properties` without locking anything: what a directory says it is.
///
/// # Errors
/// The file is there and cannot be read.
pub fn read_meta(disk: &dyn Disk, path: &Path) -> Result<Option<MetaProperties>, OpenDirError> {
    let file = path.join(META_FILE);
    let bytes = read_small(disk, &file)
        .map_err(|source| OpenDirError::Io { path: file.clone(), source })?;
    bytes
        .map(|bytes| {
            MetaProperties::parse(&bytes)
                .map_err(|source| OpenDirError::Meta { path: file, source })
        })
        .transpose()
}

fn check_identity(
    path: &Path,
    meta: &MetaProperties,
    expected: &ExpectedIdentity,
) -> Result<(), OpenDirError> {
    if let Some(cluster) = &expected.cluster_id
        && *cluster != meta.cluster_id
    {
        return Err(OpenDirError::OtherCluster {
            path: path.to_owned(),
            found: meta.cluster_id.clone(),
            expected: cluster.clone(),
        });
    }
    if meta.node_id != expected.node_id {
        return Err(OpenDirError::OtherNode {
            path: path.to_owned(),
            found: meta.node_id,
            expected: expected.node_id,
        });
    }
    Ok(())
}

fn read_last_run(disk: &dyn Disk, path: &Path) -> io::Result<LastRun> {
    let whole = |file: CheckpointFile| -> io::Result<Option<Offsets>> {
        let Some(bytes) = read_small(disk, &path.join(file.name()))? else {
            return Ok(None);
        };
        let offsets = checkpoint::parse_offsets(&bytes);
        if offsets.is_none() {
            tracing::warn!(dir = %path.display(), file = file.name(), "checkpoint is damaged, ignored");
        }
        Ok(offsets)
    };
    let offsets = |file| whole(file).map(Option::unwrap_or_default);
    let recovery_points = whole(CheckpointFile::RecoveryPoint)?;
    let clean = read_small(disk, &path.join(CLEAN_FILE))?;
    Ok(LastRun {
        clean: clean.is_some(),
        broker_epoch: clean.as_deref().and_then(parse_broker_epoch),
        knows_recovery_points: recovery_points.is_some(),
        recovery_points: recovery_points.unwrap_or_default(),
        log_starts: offsets(CheckpointFile::LogStart)?,
        high_watermarks: offsets(CheckpointFile::HighWatermark)?,
        cleaned: offsets(CheckpointFile::Cleaner)?,
    })
}

/// The number after `"brokerEpoch":`. Kafka before 3.8 left the file empty.
fn parse_broker_epoch(json: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(json).ok()?;
    let (_, after) = text.split_once("\"brokerEpoch\"")?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = value
        .find(|c: char| c != '-' && !c.is_ascii_digit())
        .unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

/// The bytes of a file that should be small; `None` if there is none.
pub(crate) fn read_small(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    match disk.file_len(path)? {
        None => Ok(None),
        Some(len) => read_listed(disk, path, len).map(Some),
    }
}

/// The bytes of a file that should be small, and whose length is known.
pub(crate) fn read_listed(disk: &dyn Disk, path: &Path, len: u64) -> io::Result<Vec<u8>> {
    if len > SMALL_FILE_BYTES_MAX {
        let too_large = "the file is far too large";
        return Err(io::Error::new(io::ErrorKind::InvalidData, too_large));
    }
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    disk.open(path, OpenMode::Read)?
        .read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
