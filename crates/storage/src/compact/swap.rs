//! A new segment takes the place of old ones.
//!
//! In memory first, under the log's lock: readers go to the new files through handles that are open already, whatever
//! their names. Then on disk, without the lock:
//!
//! | step | on disk after it | a crash behind it leaves |
//! |---|---|---|
//! | (the pass) | old segments, `.cleaned` | the old segments |
//! | 1 | `.cleaned` → `.swap` | the new segment |
//! | 2 | old segments → `.deleted` | the new segment |
//! | 3 | `.log.swap` → `.log` | the new segment |
//! | 4 | the indexes follow | the new segment |
//!
//! The folder is synced after each step: a power cut may forget renames, and in any order. While the steps run, whoever
//! wants to change files of the log waits at its gate.

use super::output::cleaned;
use crate::error::StorageError;
use crate::files::Files;
use crate::layout::{FileKind, SWAP_SUFFIX};
use parking_lot::{Condvar, Mutex};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Closed while files change places.
#[derive(Debug, Default)]
pub(crate) struct SwapGate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl SwapGate {
    /// Waits until no swap is under way. Blocks for a few renames and syncs.
    pub(crate) fn wait(&self) {
        let mut closed = self.closed.lock();
        while *closed {
            self.opened.wait(&mut closed);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.lock()
    }

    fn close(&self) {
        *self.closed.lock() = true;
    }

    fn open(&self) {
        *self.closed.lock() = false;
        self.opened.notify_all();
    }
}

/// The part of a swap that runs without the log's lock. Blocks.
#[derive(Debug)]
#[must_use = "names and handles disagree until it ran"]
pub struct SwapWork {
    files: Arc<Files>,
    gate: Arc<SwapGate>,
    base: i64,
    kinds: Vec<FileKind>,
    /// What is replaced.
    old: Vec<PathBuf>,
    done: bool,
}

impl SwapWork {
    pub(crate) fn begin(
        files: Arc<Files>,
        gate: Arc<SwapGate>,
        base: i64,
        kinds: Vec<FileKind>,
        old: Vec<PathBuf>,
    ) -> Self {
        gate.close();
        Self { files, gate, base, kinds, old, done: false }
    }

    pub(crate) const fn base(&self) -> i64 {
        self.base
    }

    /// Gives the files their places. A failure is final for the directory: half a swap is no state to go on from.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn run(mut self) -> Result<Self, StorageError> {
        let swapped = self.rename_all();
        swapped.map_err(|e| self.files.dir.fail_for(e))?;
        self.done = true;
        self.gate.open();
        Ok(self)
    }

    fn rename_all(&self) -> Result<(), StorageError> {
        let files = &self.files;
        files.dir.check_online()?;
        for kind in &self.kinds {
            self.rename_new(&cleaned(files, *kind, self.base), &self.swap_path(*kind))?;
        }
        files.sync_folder()?;
        for path in &self.old {
            files.rename(path, &crate::log::marked(path))?;
        }
        files.sync_folder()?;
        let (log, indexes) = self.kinds.split_first().unwrap_or((&FileKind::Log, &[]));
        self.rename_new(&self.swap_path(*log), &files.path(*log, self.base))?;
        files.sync_folder()?;
        for kind in indexes {
            self.rename_new(&self.swap_path(*kind), &files.path(*kind, self.base))?;
        }
        files.sync_folder()
    }

    /// Renames a file of the new segment. Without it the old ones must keep their names.
    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), StorageError> {
        let renamed = self.files.disk().rename(from, to);
        renamed.map_err(|e| self.files.dir.judge(from, &e))
    }

    fn swap_path(&self, kind: FileKind) -> PathBuf {
        let mut name = self.files.path(kind, self.base).into_os_string();
        name.push(SWAP_SUFFIX);
        name.into()
    }

    pub(crate) fn into_old(mut self) -> (Arc<Files>, Vec<PathBuf>) {
        (Arc::clone(&self.files), std::mem::take(&mut self.old))
    }
}

impl Drop for SwapWork {
    fn drop(&mut self) {
        if !self.done {
            // The log serves files that have no names: only a restart sorts that out.
            let _ = self.files.dir.fail("a swap of segments did not run");
        }
        self.gate.open();
    }
}
