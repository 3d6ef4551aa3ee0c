//! The checkpoint files of a log directory.

use super::partition::Checkpoints;
use klamm_model::TopicPartition;
use klamm_storage::{CheckpointFile, LogDir, StorageError};

/// Which of a log's positions a file keeps.
type Position = fn(&Checkpoints) -> i64;

/// Replaces the three checkpoint files.
///
/// # Errors
/// The disk.
pub(super) fn write(
    dir: &LogDir,
    marks: &[(TopicPartition, Checkpoints)],
) -> Result<(), StorageError> {
    let files: [(CheckpointFile, Position); 3] = [
        (CheckpointFile::RecoveryPoint, |c| c.recovery_point),
        (CheckpointFile::LogStart, |c| c.log_start),
        (CheckpointFile::HighWatermark, |c| c.high_watermark),
    ];
    for (file, value) in files {
        dir.write_checkpoint(file, marks.iter().map(|(name, marks)| (name, value(marks))))?;
    }
    Ok(())
}
