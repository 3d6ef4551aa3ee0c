//! What can go wrong below a log, by what the caller does about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The disk refused. Kafka answers `KAFKA_STORAGE_ERROR` (56, retriable) to all of them.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The log directory is offline until the process restarts; nothing in it is acknowledged or served any more.
    #[error("log directory {dir} is offline: {cause}", dir = dir.display())]
    Offline {
        /// The directory.
        dir: PathBuf,
        /// The first failure.
        cause: Arc<str>,
    },
    /// A file can't be opened or read now. The directory stays online: nothing was lost by it.
    #[error("{path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: Arc<str>,
    },
    /// The volume is full. The log is as it was before the call and stays readable; try again once there is room.
    #[error("no room left on the volume of {dir}", dir = dir.display())]
    DiskFull {
        /// The directory.
        dir: PathBuf,
    },
}

/// Whether an error means that the volume has no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
