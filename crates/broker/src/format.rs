//! Prepares empty log directories: who the node is, its cluster, the first voters and feature levels.

use crate::quorum::{FormatError, InitialVoters, format_metadata};
use klamm_host::Host;
use klamm_metadata::decide::InitialLevels;
use klamm_model::{NodeId, Uuid};
use klamm_raft::{Endpoint, ReplicaKey, Voter, VoterSet};
use klamm_settings::{Settings, broker};
use klamm_storage::{MetaProperties, OpenDirError, format_log_dir, read_meta};
use std::path::{Path, PathBuf};

/// Why directories can't be formatted.
#[derive(Debug, thiserror::Error)]
pub enum FormatDirsError {
    /// A directory can't be read or written, or belongs to another node or cluster.
    #[error(transparent)]
    Directory(#[from] OpenDirError),
    /// The metadata log's folder can't be written.
    #[error("{0}")]
    Metadata(String),
    /// The metadata directory was never formatted, but others were: one may be missing from its place.
    #[error(
        "{metadata} is not formatted, but {other} belongs to cluster {cluster}: check log.dirs and metadata.log.dir"
    )]
    MetadataMissing {
        /// `metadata.log.dir`.
        metadata: PathBuf,
        /// A directory that is formatted.
        other: PathBuf,
        /// Its cluster.
        cluster: String,
    },
}

/// What was formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The cluster's id.
    pub cluster_id: String,
    /// Directories that were empty before.
    pub new_directories: Vec<PathBuf>,
}

impl From<FormatError> for FormatDirsError {
    fn from(error: FormatError) -> Self {
        Self::Metadata(error.to_string())
    }
}

/// The data directories of the settings, the one with the metadata log first.
pub(crate) fn directories(settings: &Settings) -> Vec<PathBuf> {
    let metadata = PathBuf::from(settings.metadata_folder());
    let mut all = vec![metadata];
    for folder in settings.data_folders().into_iter().map(PathBuf::from) {
        if !all.contains(&folder) {
            all.push(folder);
        }
    }
    all
}

/// Formats those of the node's directories that are empty. Blocks. Directories of the same node and cluster are left
/// as they are.
///
/// # Errors
/// See [`FormatDirsError`]; nothing that was there is changed.
pub fn format(
    host: &Host,
    settings: &Settings,
    cluster_id: Option<&str>,
) -> Result<Formatted, FormatDirsError> {
    format_all(host, settings, cluster_id, &directories(settings))
}

/// Formats those of the directories that are empty. The first one is the metadata log's.
pub(crate) fn format_all(
    host: &Host,
    settings: &Settings,
    cluster_id: Option<&str>,
    directories: &[PathBuf],
) -> Result<Formatted, FormatDirsError> {
    let node_id = NodeId(settings.get(&broker::NODE_ID));
    let mut known = None;
    for directory in directories {
        if let Some(meta) = read_meta(&*host.disk, directory)? {
            known.get_or_insert((directory.clone(), meta.cluster_id));
        }
    }
    let random = || Uuid::from_random(host.entropy.next_u128());
    let cluster_id = match (cluster_id, &known) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, Some((_, found))) => found.clone(),
        (None, None) => random().to_string(),
    };
    let mut new_directories = Vec::new();
    for (i, directory) in directories.iter().enumerate() {
        let directory_id = random();
        if read_meta(&*host.disk, directory)?.is_none() {
            if i == 0 {
                if let Some((other, cluster)) = &known {
                    return Err(FormatDirsError::MetadataMissing {
                        metadata: directory.clone(),
                        other: other.clone(),
                        cluster: cluster.clone(),
                    });
                }
                format_quorum(host, directory, node_id, directory_id, settings)?;
            }
            new_directories.push(directory.clone());
        }
        let wanted = MetaProperties { cluster_id: cluster_id.clone(), node_id, directory_id };
        format_log_dir(&*host.disk, directory, &wanted)?;
    }
    Ok(Formatted { cluster_id, new_directories })
}

fn format_quorum(
    host: &Host,
    directory: &Path,
    node_id: NodeId,
    directory_id: Uuid,
    settings: &Settings,
) -> Result<(), FormatDirsError> {
    let listeners = settings.controller_listeners().unwrap_or_default();
    let mut endpoints: Vec<_> = listeners
        .into_iter()
        .map(|e| Endpoint { name: e.listener, host: e.host, port: e.port })
        .collect();
    if endpoints.is_empty() {
        // A voter has an address in Kafka's records; a quorum of one never dials it.
        let name = "CONTROLLER".to_owned();
        endpoints.push(Endpoint { name, host: "localhost".to_owned(), port: 9093 });
    }
    let voter = Voter {
        key: ReplicaKey { id: node_id, directory: directory_id },
        endpoints,
        kraft_version_min: 0,
        kraft_version_max: 1,
    };
    let voters = InitialVoters(VoterSet::new([voter]));
    let now_ms = host.clock.now_ms();
    format_metadata(
        &*host.disk,
        directory,
        &voters,
        &InitialLevels::default(),
        now_ms,
    )?;
    Ok(())
}
