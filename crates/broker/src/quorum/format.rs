//! Formatting: what a directory must hold before a node can start on it, as `kafka-storage format --standalone` of 4.3
//! writes it.

use super::folder::{BOOTSTRAP_FILE, FOLDER};
use super::snapshot_file::{self, SnapshotContent, SnapshotError};
use klamm_host::Disk;
use klamm_metadata::MetadataRecord;
use klamm_metadata::decide::{InitialLevels, bootstrap};
use klamm_raft::{SnapshotId, VoterSet};
use std::io;
use std::path::Path;

/// A directory can't be formatted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    /// The disk.
    #[error("formatting {path}: {source}")]
    Io {
        /// What was being written.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The content can't be written: a name is too long.
    #[error("formatting: {0}")]
    Content(String),
}

/// The first voters, with dynamic membership (`kraft.version` 1).
#[derive(Debug, Clone)]
pub(crate) struct InitialVoters(pub(crate) VoterSet);

/// Writes the first voters and feature levels into the metadata log's directory. Done before `meta.properties` is
/// written, whose presence says that formatting is complete; repeating it after a crash does no harm.
///
/// # Errors
/// The disk fails.
pub(crate) fn format_metadata(
    disk: &dyn Disk,
    log_dir: &Path,
    voters: &InitialVoters,
    levels: &InitialLevels,
    now_ms: i64,
) -> Result<(), FormatError> {
    let folder = log_dir.join(FOLDER);
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |source| FormatError::Io { path, source }
    };
    disk.create_dir_all(&folder).map_err(at(&folder))?;
    let of = |error: SnapshotError| match error {
        SnapshotError::Io(source) => at(log_dir)(source),
        SnapshotError::Damaged(what) => FormatError::Content(what),
    };
    let write = |folder: &Path, name: &str, content: &SnapshotContent| {
        let parts = snapshot_file::encode(
            SnapshotId::BOOTSTRAP,
            content,
            levels.metadata_version,
            now_ms,
        );
        parts
            .and_then(|parts| snapshot_file::write(disk, folder, name, &parts))
            .map_err(of)
    };
    // The levels alone: the controller adds the transaction around them when it writes them into the log.
    let is_level = |record: &MetadataRecord| matches!(record, MetadataRecord::FeatureLevel(_));
    let records = bootstrap(levels, 1).into_iter().filter(is_level).collect();
    write(
        log_dir,
        BOOTSTRAP_FILE,
        &SnapshotContent { records, ..SnapshotContent::default() },
    )?;
    let first = SnapshotContent {
        voters: Some(voters.0.clone()),
        kraft_version: 1,
        last_timestamp_ms: now_ms,
        records: Vec::new(),
    };
    write(&folder, &SnapshotId::BOOTSTRAP.file_name(), &first)?;
    disk.sync_dir(log_dir).map_err(at(log_dir))
}
