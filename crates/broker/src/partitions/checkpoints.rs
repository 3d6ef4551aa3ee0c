//! The checkpoint files of a log directory.

use super::partition::Checkpoints;
use klamm_model::TopicPartition;
use klamm_storage::{CheckpointFile, CheckpointTurn, StorageError};

/// Which of a log's positions a file keeps.
type Position = fn(&Checkpoints) -> i64;

/// Writes files out of what the logs of a directory say.
pub(super) type Write =
    fn(&CheckpointTurn<'_>, &[(TopicPartition, Checkpoints)]) -> Result<(), StorageError>;

/// Replaces the checkpoint files. An offset of 0 needs no line: it is what a log without one has, and logs that were never
/// written to cost nothing here.
///
/// # Errors
/// The disk.
pub(super) fn write(
    turn: &CheckpointTurn<'_>,
    marks: &[(TopicPartition, Checkpoints)],
) -> Result<(), StorageError> {
    let files: [(CheckpointFile, Position); 3] = [
        (CheckpointFile::RecoveryPoint, |c| c.recovery_point),
        (CheckpointFile::LogStart, |c| c.log_start),
        (CheckpointFile::HighWatermark, |c| c.high_watermark),
    ];
    for (file, value) in files {
        let offsets = marks.iter().map(|(name, marks)| (name, value(marks)));
        turn.write(file, offsets.filter(|(_, offset)| *offset != 0))?;
    }
    write_cleaned(turn, marks)
}

/// Replaces the cleaner's checkpoint file: it has a line for each log that was cleaned.
///
/// # Errors
/// The disk.
pub(super) fn write_cleaned(
    turn: &CheckpointTurn<'_>,
    marks: &[(TopicPartition, Checkpoints)],
) -> Result<(), StorageError> {
    let cleaned = marks
        .iter()
        .filter_map(|(name, marks)| Some((name, marks.cleaned_to?)));
    turn.write(CheckpointFile::Cleaner, cleaned)
}
