//! The checkpoint files of a directory, and two dangers in them.
//!
//! Recovery trusts what lies below a recovery point, and a log start says that nothing lies below it. So a value must
//! never outlive what it speaks of: a truncation lowers the recovery point on disk before it cuts, and a partition that is
//! made anew under an old name has the old one's lines removed first.
//!
//! And recovery takes a hole above the recovery point for a loss. So a pass of the cleaner raises the point on disk to where
//! it ends before it removes anything, and nobody who asked the log before may write a lower one.

use super::{LastRun, LogDir, read_small};
use crate::checkpoint::{self, Offsets};
use crate::error::{StorageError, is_full};
use crate::layout::FolderName;
use klamm_host::{DirEntry, Disk};
use klamm_model::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// The checkpoint files of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointFile {
    /// `recovery-point-offset-checkpoint`.
    RecoveryPoint,
    /// `log-start-offset-checkpoint`.
    LogStart,
    /// `replication-offset-checkpoint`: high watermarks.
    HighWatermark,
    /// `cleaner-offset-checkpoint`: first offsets that the cleaner has not seen.
    Cleaner,
}

/// What is known of the files' content.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// What each log could write as its recovery point now; never below what is in the file.
    points: Offsets,
    /// The same for the cleaner's place.
    cleaned: Offsets,
    /// Recovery points that are on disk because passes of the cleaner rest on them.
    rested_on: Offsets,
    /// Partitions without a log, and which files may have a line of them (a bit each), with `DELETED` where nobody will
    /// open one.
    orphans: BTreeMap<TopicPartition, u8>,
    deletions: Deletions,
}

/// Which logs were deleted while somebody asked all logs for their positions.
#[derive(Debug, Default)]
struct Deletions {
    count: u64,
    /// Turns under way.
    turns: usize,
    /// Of those that were deleted meanwhile: which deletion it was.
    during: BTreeMap<TopicPartition, u64>,
}

/// The right to ask all logs of a directory for their positions and to write them. What is deleted after it began has no
/// line: a new log of its name would inherit it.
#[derive(Debug)]
pub struct CheckpointTurn<'d> {
    dir: &'d LogDir,
    since: u64,
}

/// Its log is there from the formatting on.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// The log is gone for good, unlike one that this start has not come to yet: its lines may go with another's.
const DELETED: u8 = 1 << 7;

impl CheckpointFile {
    const ALL: [Self; 4] = [
        Self::RecoveryPoint,
        Self::LogStart,
        Self::HighWatermark,
        Self::Cleaner,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RecoveryPoint => "recovery-point-offset-checkpoint",
            Self::LogStart => "log-start-offset-checkpoint",
            Self::HighWatermark => "replication-offset-checkpoint",
            Self::Cleaner => "cleaner-offset-checkpoint",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Checkpoints {
    /// Nothing is open yet: every line is an orphan.
    pub(super) fn after(last: &LastRun) -> Self {
        let mut orphans = BTreeMap::new();
        for (file, offsets) in [
            (CheckpointFile::RecoveryPoint, &last.recovery_points),
            (CheckpointFile::LogStart, &last.log_starts),
            (CheckpointFile::HighWatermark, &last.high_watermarks),
            (CheckpointFile::Cleaner, &last.cleaned),
        ] {
            for partition in offsets.keys() {
                *orphans.entry(partition.clone()).or_default() |= file.bit();
            }
        }
        Self {
            points: last.recovery_points.clone(),
            cleaned: last.cleaned.clone(),
            rested_on: Offsets::new(),
            orphans,
            deletions: Deletions::default(),
        }
    }

    /// What a file may not exceed.
    fn caps(&mut self, file: CheckpointFile) -> Option<&mut Offsets> {
        match file {
            CheckpointFile::RecoveryPoint => Some(&mut self.points),
            CheckpointFile::Cleaner => Some(&mut self.cleaned),
            CheckpointFile::LogStart | CheckpointFile::HighWatermark => None,
        }
    }

    /// Adds the recovery points of logs that nobody asked: their first full sync came later, or a copy took over and is not
    /// on the disk yet.
    fn add_unasked<'k>(&'k self, entries: &mut Vec<(&'k TopicPartition, i64)>) {
        // The others have a line each.
        if entries.len() >= self.points.len() {
            return;
        }
        let asked: BTreeSet<_> = entries.iter().map(|(p, _)| *p).collect();
        let is_open = |p: &TopicPartition| !self.orphans.contains_key(p);
        let unasked = self
            .points
            .iter()
            .filter(|(p, offset)| **offset > 0 && !asked.contains(*p) && is_open(p));
        entries.extend(unasked.map(|(p, offset)| (p, *offset)));
    }

    fn forget(&mut self, partition: &TopicPartition) {
        self.points.remove(partition);
        self.cleaned.remove(partition);
        self.rested_on.remove(partition);
    }
}

/// Makes the file of recovery points in a directory that has neither it nor logs, so that a log without a line is known to be
/// a new one. Whether it was made.
pub(super) fn begin(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    let file = path.join(CheckpointFile::RecoveryPoint.name());
    let is_log = |entry: &DirEntry| match FolderName::parse(&entry.name) {
        FolderName::Partition(partition) => partition.topic.as_str() != METADATA_TOPIC,
        _ => false,
    };
    if disk.exists(&file)? || disk.list(path)?.iter().any(is_log) {
        return Ok(false);
    }
    let empty = checkpoint::format_offsets([].into_iter());
    match disk.replace(&file, empty.as_bytes()) {
        Ok(()) => Ok(true),
        // Logs can do without it.
        Err(e) if is_full(&e) => Ok(false),
        Err(e) => Err(e),
    }
}

/// A file has no line of an orphan any more; whether another one may.
const fn lost_line(files: &mut u8, file: CheckpointFile) -> bool {
    *files &= !file.bit();
    *files & !DELETED != 0
}

impl CheckpointTurn<'_> {
    /// Replaces a checkpoint file: `entries` are all logs of the directory, as they were since the turn began. A recovery
    /// point or the cleaner's place is written no higher than the log has it by now.
    ///
    /// # Errors
    /// No room: the old file stays. Any other failure takes the directory offline.
    pub fn write<'a>(
        &self,
        file: CheckpointFile,
        entries: impl Iterator<Item = (&'a TopicPartition, i64)>,
    ) -> Result<(), StorageError> {
        let mut known = self.dir.checkpoints.lock();
        let is_deleted = |p| known.deletions.during.get(p) > Some(&self.since);
        let mut entries: Vec<_> = entries.filter(|(p, _)| !is_deleted(*p)).collect();
        if let Some(caps) = known.caps(file) {
            // A truncation since the caller asked the logs must win.
            for (p, offset) in &mut entries {
                *offset = caps.get(*p).map_or(*offset, |cap| *cap.min(offset));
            }
        }
        if file == CheckpointFile::RecoveryPoint {
            // So must a pass of the cleaner.
            for (p, offset) in &mut entries {
                let least = known.rested_on.get(*p);
                *offset = least.map_or(*offset, |least| *least.max(offset));
            }
            known.add_unasked(&mut entries);
        }
        self.dir.write_offsets(file, entries.into_iter())?;
        known.orphans.retain(|_, files| lost_line(files, file));
        Ok(())
    }
}

impl Drop for CheckpointTurn<'_> {
    fn drop(&mut self) {
        let deletions = &mut self.dir.checkpoints.lock().deletions;
        deletions.turns -= 1;
        if deletions.turns == 0 {
            deletions.during.clear();
        }
    }
}

impl LogDir {
    /// Begins to write checkpoints: before the logs are asked.
    #[must_use]
    pub fn checkpoint_turn(&self) -> CheckpointTurn<'_> {
        let deletions = &mut self.checkpoints.lock().deletions;
        deletions.turns += 1;
        CheckpointTurn { dir: self, since: deletions.count }
    }

    /// Replaces a checkpoint file where no log can have been deleted since it was asked. See [`CheckpointTurn::write`].
    ///
    /// # Errors
    /// See there.
    pub fn write_checkpoint<'a>(
        &self,
        file: CheckpointFile,
        entries: impl Iterator<Item = (&'a TopicPartition, i64)>,
    ) -> Result<(), StorageError> {
        self.checkpoint_turn().write(file, entries)
    }

    /// A log is open, or its recovery point moved.
    pub(crate) fn set_recovery_point(&self, partition: &TopicPartition, offset: i64) {
        let mut known = self.checkpoints.lock();
        known.orphans.remove(partition);
        if offset == 0 {
            // Such a log has no line in the file, and truncations can't lower it.
            known.points.remove(partition);
        } else {
            known.points.insert(partition.clone(), offset);
        }
    }

    /// The cleaner's place in a log; `None`: it was never there.
    pub(crate) fn set_cleaned(&self, partition: &TopicPartition, offset: Option<i64>) {
        let mut known = self.checkpoints.lock();
        match offset {
            Some(offset) => known.cleaned.insert(partition.clone(), offset),
            None => known.cleaned.remove(partition),
        };
    }

    /// A log is gone; its lines may still be in the files.
    pub(crate) fn orphan(&self, partition: &TopicPartition) {
        let mut known = self.checkpoints.lock();
        known.forget(partition);
        known.deletions.count += 1;
        if known.deletions.turns > 0 {
            let count = known.deletions.count;
            known.deletions.during.insert(partition.clone(), count);
        }
        known.orphans.insert(
            partition.clone(),
            u8::MAX >> (8 - CheckpointFile::ALL.len()) | DELETED,
        );
    }

    /// The files may have lines of a log of this name that is gone.
    pub(crate) fn has_lines_of(&self, partition: &TopicPartition) -> bool {
        self.checkpoints.lock().orphans.contains_key(partition)
    }

    /// Removes the lines of a partition that had this name before, and with them those of all that were deleted: when
    /// many are made anew, the files are written once.
    pub(crate) fn scrub(&self, partition: &TopicPartition) -> Result<(), StorageError> {
        let mut known = self.checkpoints.lock();
        known.forget(partition);
        let Some(files) = known.orphans.get(partition).copied() else {
            return Ok(());
        };
        for file in CheckpointFile::ALL
            .into_iter()
            .filter(|f| files & f.bit() != 0)
        {
            let bytes = read_small(&*self.disk, &self.path.join(file.name()))
                .map_err(|e| self.fail_io("reading a checkpoint", &e))?;
            let Some(mut offsets) = bytes.as_deref().and_then(checkpoint::parse_offsets) else {
                continue;
            };
            let lines = offsets.len();
            offsets.remove(partition);
            offsets.retain(|name, _| known.orphans.get(name).is_none_or(|o| o & DELETED == 0));
            if offsets.len() < lines {
                self.write_offsets(file, offsets.iter().map(|(p, offset)| (p, *offset)))?;
            }
            known
                .orphans
                .retain(|_, files| *files & DELETED == 0 || lost_line(files, file));
        }
        known.orphans.remove(partition);
        Ok(())
    }

    /// Makes sure that recovery point and cleaner's place on disk are not above an offset: what a truncation needs before
    /// it begins. What is cut and written anew was never cleaned.
    pub(crate) fn lower_checkpoints(
        &self,
        partition: &TopicPartition,
        offset: i64,
    ) -> Result<(), StorageError> {
        let mut known = self.checkpoints.lock();
        if let Some(least) = known.rested_on.get_mut(partition) {
            *least = offset.min(*least);
        }
        for file in [CheckpointFile::RecoveryPoint, CheckpointFile::Cleaner] {
            let Some(caps) = known.caps(file) else {
                continue;
            };
            match caps.get_mut(partition) {
                Some(at) if *at > offset => *at = offset,
                _ => continue,
            }
            self.write_offsets(file, caps.iter().map(|(p, offset)| (p, *offset)))?;
        }
        Ok(())
    }

    /// Makes sure that the recovery point on disk is not below an offset, and will not be: what a hole in the log needs
    /// before it is made. `false`: the log is not synced as far any more.
    pub(crate) fn rest_on_recovery_point(
        &self,
        partition: &TopicPartition,
        offset: i64,
    ) -> Result<bool, StorageError> {
        let mut known = self.checkpoints.lock();
        let Some(point) = known.points.get(partition).copied() else {
            return Ok(offset <= 0);
        };
        if point < offset {
            return Ok(false);
        }
        let file = CheckpointFile::RecoveryPoint;
        let bytes = read_small(&*self.disk, &self.path.join(file.name()))
            .map_err(|e| self.fail_io("reading a checkpoint", &e))?;
        let lines = bytes.as_deref().and_then(checkpoint::parse_offsets);
        // The first regular checkpoint makes the file; without it recovery takes no hole for a loss.
        if let Some(mut lines) = lines
            && lines.get(partition) < Some(&offset)
        {
            lines.insert(partition.clone(), point);
            self.write_offsets(file, lines.iter().map(|(p, offset)| (p, *offset)))?;
        }
        let least = known.rested_on.entry(partition.clone()).or_default();
        *least = offset.max(*least);
        Ok(true)
    }

    fn write_offsets<'a>(
        &self,
        file: CheckpointFile,
        entries: impl ExactSizeIterator<Item = (&'a TopicPartition, i64)>,
    ) -> Result<(), StorageError> {
        let content = checkpoint::format_offsets(entries);
        self.replace(&self.path.join(file.name()), content.as_bytes())
    }
}
