//! The folder of one log: opens its files through the handle cache and gives disk errors their meaning.

use crate::error::StorageError;
use crate::handle_cache::{HandleCache, Slot};
use crate::layout::FileKind;
use crate::log_dir::LogDir;
use klamm_host::{Disk, DiskFile, OpenMode};
use parking_lot::{Mutex, MutexGuard};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a log's files are.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) dir: Arc<LogDir>,
    pub(crate) cache: Arc<HandleCache>,
    /// The folder's name in `dir`.
    pub(crate) folder: Box<str>,
    /// Held while names in the folder change without the log's lock, and while the folder moves.
    in_place: Mutex<InPlace>,
}

/// What work that runs without the log's lock must know of the folder.
#[derive(Debug, Default)]
pub(crate) struct InPlace {
    /// The folder was renamed: its old path may be another log's by now.
    pub(crate) moved: bool,
    /// Which epoch history is in the file.
    pub(crate) epochs_version: u64,
}

impl Files {
    pub(crate) fn new(dir: &Arc<LogDir>, cache: &Arc<HandleCache>, folder: Box<str>) -> Arc<Self> {
        Arc::new(Self {
            dir: Arc::clone(dir),
            cache: Arc::clone(cache),
            folder,
            in_place: Mutex::default(),
        })
    }

    /// Keeps the folder where it is, or says that it moved.
    pub(crate) fn in_place(&self) -> MutexGuard<'_, InPlace> {
        self.in_place.lock()
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &**self.dir.disk()
    }

    pub(crate) fn folder_path(&self) -> PathBuf {
        self.dir.path().join(&*self.folder)
    }

    pub(crate) fn path(&self, kind: FileKind, offset: i64) -> PathBuf {
        self.folder_path().join(kind.file_name(offset))
    }

    /// A segment's file through its slot. It must be there: a look-up makes no file.
    pub(crate) fn open(
        &self,
        slot: &Arc<Slot>,
        kind: FileKind,
        base: i64,
    ) -> Result<Arc<dyn DiskFile>, StorageError> {
        self.open_as(slot, kind, base, OpenMode::ReadWrite)
    }

    /// A segment's file through its slot; made if absent.
    pub(crate) fn open_or_make(
        &self,
        slot: &Arc<Slot>,
        kind: FileKind,
        base: i64,
    ) -> Result<Arc<dyn DiskFile>, StorageError> {
        self.open_as(slot, kind, base, OpenMode::Create)
    }

    fn open_as(
        &self,
        slot: &Arc<Slot>,
        kind: FileKind,
        base: i64,
        mode: OpenMode,
    ) -> Result<Arc<dyn DiskFile>, StorageError> {
        slot.get(&self.cache, self.disk(), mode, || self.path(kind, base))
            .map_err(|e| self.open_failed(&self.path(kind, base), &e))
    }

    pub(crate) fn read_failed(&self, path: &Path, error: &io::Error) -> StorageError {
        tracing::warn!(path = %path.display(), %error, "a file cannot be read");
        StorageError::Read { path: path.to_owned(), cause: error.to_string().into() }
    }

    /// A file that was not opened lost nothing: out of handles, or no room for a new one.
    fn open_failed(&self, path: &Path, error: &io::Error) -> StorageError {
        if crate::error::is_full(error) {
            self.dir.judge(path, error)
        } else {
            self.read_failed(path, error)
        }
    }

    pub(crate) fn write_failed(
        &self,
        kind: FileKind,
        base: i64,
        error: &io::Error,
    ) -> StorageError {
        self.dir.judge(&self.path(kind, base), error)
    }

    /// Removes a file; one that is gone already is no error.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), StorageError> {
        self.disk().remove_file(path).or_else(|e| match e.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(self.dir.judge(path, &e)),
        })
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), StorageError> {
        self.disk().rename(from, to).or_else(|e| match e.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(self.dir.judge(from, &e)),
        })
    }

    pub(crate) fn sync_folder(&self) -> Result<(), StorageError> {
        let path = self.folder_path();
        self.disk()
            .sync_dir(&path)
            .map_err(|e| self.dir.fail_io("syncing a folder", &e))
    }
}
