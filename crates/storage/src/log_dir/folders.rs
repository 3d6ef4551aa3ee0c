//! The folders in a directory: what they are, and how those of deleted logs go.

use super::LogDir;
use crate::error::{StorageError, is_full};
use crate::layout::{FolderName, deleted_folder_name};
use crate::partition_metadata;
use klamm_model::TopicPartition;
use std::io;
use std::path::Path;

impl LogDir {
    /// Every partition folder, and what else has a state: see [`FolderName`]. Sorted by name.
    ///
    /// # Errors
    /// The directory can't be listed; it goes offline.
    pub fn folders(&self) -> Result<Vec<(String, FolderName)>, StorageError> {
        let entries = self
            .disk
            .list(&self.path)
            .map_err(|e| self.fail_io("listing", &e))?;
        let folders = entries.into_iter().filter(|entry| entry.is_dir);
        Ok(folders
            .map(|e| (FolderName::parse(&e.name), e.name))
            .map(|(f, n)| (n, f))
            .collect())
    }

    /// Removes a folder and all in it: the second half of a deletion.
    ///
    /// # Errors
    /// The disk fails; the directory goes offline.
    pub fn remove_folder(&self, name: &str) -> Result<(), StorageError> {
        self.check_online()?;
        self.disk
            .remove_dir_all(&self.path.join(name))
            .or_else(|e| match e.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(self.fail_io("removing a folder", &e)),
            })
    }

    /// Gives the folder of a deleted log a name that says so, and forgets what the checkpoints say of the log. Gives that
    /// name, for `remove_folder`. Where a full volume has no room for a name, the folder is removed at once.
    ///
    /// # Errors
    /// The disk fails; the directory goes offline.
    pub fn retire_folder(
        &self,
        partition: &TopicPartition,
        folder: &str,
        random: u128,
    ) -> Result<String, StorageError> {
        self.check_online()?;
        self.orphan(partition);
        let name = deleted_folder_name(partition, random);
        let path = self.path.join(folder);
        let gone = match self.disk.rename(&path, &self.path.join(&name)) {
            Err(error) if is_full(&error) => self.remove_records_first(&path),
            renamed => renamed,
        };
        gone.and_then(|()| self.disk.sync_dir(&self.path))
            .map_err(|e| self.judge(&path, &e))?;
        Ok(name)
    }

    /// Removes a folder so that a crash leaves nothing of another topic's records without that topic's id.
    fn remove_records_first(&self, path: &Path) -> io::Result<()> {
        for entry in self.disk.list(path)? {
            if entry.name != partition_metadata::FILE {
                self.disk.remove_file(&path.join(&entry.name))?;
            }
        }
        self.disk.sync_dir(path)?;
        self.disk.remove_dir_all(path)
    }
}
