//! The folder `__cluster_metadata-0` beside the log itself: `quorum-state` and snapshots.

use super::engine::EngineError;
use super::snapshot_file::{self, SnapshotContent, SnapshotError};
use klamm_host::{Disk, OpenMode};
use klamm_raft::{ElectionState, SnapshotId};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder's name: the one partition of the metadata topic.
pub(super) const FOLDER: &str = "__cluster_metadata-0";
const ELECTION_FILE: &str = "quorum-state";
pub(super) const BOOTSTRAP_FILE: &str = "bootstrap.checkpoint";
/// The first batch of a snapshot, with its voters, is not larger.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// A larger `quorum-state` is not one.
const ELECTION_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub(super) struct MetadataFolder {
    disk: Arc<dyn Disk>,
    log_dir: PathBuf,
    path: PathBuf,
}

impl MetadataFolder {
    pub(super) fn new(disk: Arc<dyn Disk>, log_dir: &Path) -> Self {
        Self {
            disk,
            log_dir: log_dir.to_owned(),
            path: log_dir.join(FOLDER),
        }
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn display(&self) -> String {
        self.path.display().to_string()
    }

    /// What is remembered of elections; the initial state if there is no file.
    pub(super) fn read_election(&self) -> Result<ElectionState, String> {
        let path = self.path.join(ELECTION_FILE);
        match self.disk.file_len(&path) {
            Ok(None) => return Ok(ElectionState::INITIAL),
            Ok(Some(len)) if len > ELECTION_BYTES_MAX => {
                return Err(format!("{} is too large", path.display()));
            }
            Ok(Some(_)) => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
        let content = self
            .disk
            .read(&path)
            .map_err(|e| format!("{}: {e}", path.display()))?;
        ElectionState::decode(&content).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Replaces `quorum-state`; durable when it returns.
    pub(super) fn write_election(&self, content: &str) -> Result<(), EngineError> {
        let replaced = self
            .disk
            .replace(&self.path.join(ELECTION_FILE), content.as_bytes());
        replaced.map_err(|error| EngineError::Disk(format!("writing {ELECTION_FILE}: {error}")))
    }

    /// Finished snapshots, oldest first.
    pub(super) fn snapshots(&self) -> Result<Vec<(SnapshotId, u64)>, EngineError> {
        let entries = self.disk.list(&self.path);
        let entries =
            entries.map_err(|e| EngineError::Disk(format!("listing {}: {e}", self.display())))?;
        let mut found: Vec<_> = entries
            .iter()
            .filter_map(|entry| Some((SnapshotId::of_file(&entry.name)?, entry.len)))
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Reads a snapshot.
    pub(super) fn read_snapshot(&self, id: SnapshotId) -> Result<SnapshotContent, SnapshotError> {
        snapshot_file::decode(&self.disk.read(&self.path.join(id.file_name()))?)
    }

    /// The records that formatting chose for a new cluster; `None` if there is no such file.
    pub(super) fn read_bootstrap(&self) -> Result<Option<SnapshotContent>, SnapshotError> {
        let path = self.log_dir.join(BOOTSTRAP_FILE);
        if !self.disk.exists(&path)? {
            return Ok(None);
        }
        snapshot_file::decode(&self.disk.read(&path)?).map(Some)
    }

    /// When the last batch in a snapshot was written; `None` if its header can't be read.
    pub(super) fn snapshot_timestamp_ms(&self, id: SnapshotId) -> Option<i64> {
        let file = self
            .disk
            .open(&self.path.join(id.file_name()), OpenMode::Read)
            .ok()?;
        let len = usize::try_from(file.len().ok()?)
            .ok()?
            .min(HEADER_BYTES_MAX);
        let mut head = vec![0; len];
        file.read_exact_at(&mut head, 0).ok()?;
        snapshot_file::timestamp_ms(&head)
    }

    /// Removes a snapshot that a later one replaces. The later one is durable.
    pub(super) fn remove_snapshot(&self, id: SnapshotId) -> Result<(), EngineError> {
        self.remove(&id.file_name())
    }

    /// Removes what a crash left half done: unfinished snapshots, and those that were being deleted.
    pub(super) fn sweep(&self) -> Result<(), EngineError> {
        let entries = self.disk.list(&self.path);
        let entries =
            entries.map_err(|e| EngineError::Disk(format!("listing {}: {e}", self.display())))?;
        for entry in entries.iter().filter(|entry| is_left_over(&entry.name)) {
            self.remove(&entry.name)?;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), EngineError> {
        let removed = self.disk.remove_file(&self.path.join(name));
        removed.map_err(|error| EngineError::Disk(format!("removing {name}: {error}")))
    }
}

fn is_left_over(name: &str) -> bool {
    name.contains(".checkpoint.") || name == "quorum-state.tmp"
}
