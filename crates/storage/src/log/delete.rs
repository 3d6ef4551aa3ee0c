//! Files that are no longer part of a log, removed outside of its lock.

use super::PartitionLog;
use super::epochs::EpochsWrite;
use crate::error::StorageError;
use crate::files::{Files, InPlace};
use crate::layout::{DELETED_SUFFIX, stray_folder_name};
use parking_lot::MutexGuard;
use std::path::PathBuf;
use std::sync::Arc;

/// Files to get rid of: `mark` at once, `remove` after `file.delete.delay.ms`. Both block and need no lock. Dropping it
/// after `mark` is safe: what is marked goes at the next start.
#[derive(Debug)]
#[must_use = "the files stay until `mark` and `remove` ran"]
pub struct PendingDelete {
    pub(super) files: Arc<Files>,
    pub(super) paths: Vec<PathBuf>,
    /// To be written before: what is removed has no epochs.
    pub(super) epochs: Option<EpochsWrite>,
    /// What is left of the log may have names that are not on the disk.
    pub(super) leaves_new_names: bool,
    pub(super) delay_ms: i64,
}

impl PendingDelete {
    /// How long readers that still hold the files may take, in milliseconds.
    #[must_use]
    pub const fn delay_ms(&self) -> i64 {
        self.delay_ms
    }

    /// Renames the files, oldest segment first, each durably before the next: after a crash the log has no hole. On a full
    /// volume files are removed at once: a name may find no room, and what stayed would be followed by a hole once newer
    /// segments go.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn mark(&self) -> Result<(), StorageError> {
        let mut folder = self.files.in_place();
        if folder.moved {
            return Ok(());
        }
        if let Some(epochs) = &self.epochs {
            match epochs.write(&self.files, &mut folder) {
                // Too long a history does no harm.
                Ok(()) | Err(StorageError::DiskFull { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for (i, path) in self.paths.iter().enumerate() {
            // A segment's log comes first of its files. A folder without any would have forgotten where the log ends.
            if (i > 0 || self.leaves_new_names) && path.extension().is_some_and(|e| e == "log") {
                self.files.sync_folder()?;
            }
            match self.files.rename(path, &marked(path)) {
                Ok(()) => {}
                Err(StorageError::DiskFull { .. }) => self.files.remove(path)?,
                Err(error) => return Err(error),
            }
        }
        self.files.sync_folder()
    }

    /// Removes the renamed files.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn remove(self) -> Result<(), StorageError> {
        for path in &self.paths {
            self.files.remove(&marked(path))?;
        }
        Ok(())
    }
}

impl PartitionLog {
    /// Renames the folder to `<topic>-<partition>.<uuid>-delete` and closes the log for good. Remove the folder later
    /// with `LogDir::remove_folder`; a restart removes what was left. Where there is no room for the name, it is gone at
    /// once.
    ///
    /// # Errors
    /// The directory is offline; the folder may or may not be renamed.
    pub fn delete(self, random: u128) -> Result<String, StorageError> {
        let mut folder = self.leave_folder()?;
        folder.moved = true;
        let dir = &self.files.dir;
        dir.retire_folder(&self.partition, &self.files.folder, random)
    }

    /// Renames the folder to `<topic>-<partition>.<uuid>-stray`: it should not be here, and a person must decide.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn set_aside(self, random: u128) -> Result<String, StorageError> {
        let name = stray_folder_name(&self.partition, random);
        let mut folder = self.leave_folder()?;
        folder.moved = true;
        let dir = &self.files.dir;
        dir.orphan(&self.partition);
        let to = dir.path().join(&name);
        let disk = self.files.disk();
        let moved = disk.rename(&self.files.folder_path(), &to);
        moved
            .and_then(|()| disk.sync_dir(dir.path()))
            .map_err(|e| dir.judge(&to, &e))?;
        Ok(name)
    }

    /// Closes the files and keeps the folder where it is.
    fn leave_folder(&self) -> Result<MutexGuard<'_, InPlace>, StorageError> {
        self.wait_for_swap();
        self.files.dir.check_online()?;
        for segment in self.segments.iter() {
            segment.close();
        }
        Ok(self.files.in_place())
    }
}

pub(crate) fn marked(path: &std::path::Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(DELETED_SUFFIX);
    name.into()
}
