//! Recovery after a crash: what is on disk, and which part of it counts.
//!
//! | a segment | is |
//! |---|---|
//! | ends before the recovery point | trusted, not read |
//! | holds the recovery point, or ends there | read from the last good index entry before it; checked from the recovery point on |
//! | begins behind it | read and checked as a whole |
//! | comes after a cut | removed |
//!
//! Checked means: header, length, CRC, offsets that rise, leader epochs that do not fall, and no hole between segments but
//! the cleaner's: it makes none above the recovery point that is on disk. The first batch that fails ends the log. Indexes,
//! transaction indexes and producer state of what was read are built anew.

use super::replay::Replay;
use super::{Active, PartitionLog};
use crate::error::StorageError;
use crate::index::{IndexEntry, OffsetEntry, TimeEntry};
use crate::layout::FileKind;
use crate::scan::{Found, HeaderWalk};
use crate::segment::{Segment, SegmentError};
use klamm_host::DiskFile;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

/// What recovery did to one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecoveryReport {
    /// Segments that were read, at least in part.
    pub segments_read: usize,
    /// Bytes whose CRC was checked.
    pub bytes_checked: u64,
    /// Bytes that were cut off at the first bad batch, and why.
    pub cut: Option<(u64, &'static str)>,
    /// Segments behind the cut that were removed.
    pub segments_dropped: usize,
    /// A hole was taken for the cleaner's though nothing on disk says so.
    pub holes_trusted: bool,
}

/// Which holes between segments are the cleaner's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holes {
    /// Those below.
    pub(super) cleaned_to: i64,
    /// All: this broker's cleaner was not the last one here, or what it left is not known.
    pub(super) trust: bool,
}

impl Holes {
    const fn may_end_at(self, offset: i64) -> bool {
        self.trust || offset <= self.cleaned_to
    }
}

const WRITE_AGAIN_BYTES: usize = 256 << 10;

/// A segment that was read.
struct ReadSegment {
    file: Arc<dyn DiskFile>,
    /// Up to here nothing was in doubt.
    trusted: u64,
    /// Up to here it is good.
    end: u64,
}

/// What a segment's batches must continue.
struct Chain {
    next_offset: i64,
    epoch: i32,
}

impl PartitionLog {
    /// Reads the log from the recovery point on, cuts it at the first bad batch, and builds what is derived.
    pub(super) fn recover(
        &mut self,
        recovery_point: i64,
        holes: Holes,
        now_ms: i64,
    ) -> Result<RecoveryReport, StorageError> {
        let mut report = RecoveryReport::default();
        let floor = self.first_in_doubt(recovery_point);
        let mut later = VecDeque::from(self.segments.split_behind(floor));
        let floor_base = self.active_segment().base;
        let mut chain = Chain { next_offset: floor_base, epoch: -1 };
        let mut replay = self.begin_replay(floor_base, Some(floor_base))?;
        for index in self.segments.index_of(replay.from)..floor {
            self.replay_segment(index, u64::MAX, &mut replay)?;
        }
        loop {
            self.active = Active::new(now_ms);
            report.segments_read += 1;
            let read = self.recover_active(recovery_point, &mut chain, &mut replay, &mut report)?;
            if report.cut.is_some() {
                // Before the cut: behind it they might pass for what a cleaner left.
                report.segments_dropped = later.len();
                self.drop_later(&mut later)?;
            }
            self.settle_active(read)?;
            if report.cut.is_some() {
                break;
            }
            let Some(next) = later.pop_front() else { break };
            // A hole between segments is compaction's work, or the end of the first one was lost.
            let is_hole = next.base != chain.next_offset;
            let is_cleaned = holes.may_end_at(next.base)
                && !is_lost_tail(&next, &later, chain.next_offset, recovery_point);
            if is_hole && !is_cleaned {
                report.cut = Some((0, "records are missing before the next segment"));
                later.push_front(next);
                report.segments_dropped = later.len();
                self.drop_later(&mut later)?;
                break;
            }
            report.holes_trusted |= is_hole && next.base > holes.cleaned_to;
            self.finish_active()?;
            // Batches of the next one may begin above its base, never below the end of this one.
            chain.next_offset = chain.next_offset.max(next.base);
            self.segments.push(next);
        }
        self.log_end = chain.next_offset;
        self.write_waiting_entries()?;
        if report.cut.is_some() {
            let end = self.log_end;
            self.keep_snapshots(i64::MIN, end)?;
            self.files.sync_folder()?;
        }
        self.keep_snapshots(i64::MIN, recovery_point.max(floor_base))?;
        self.high_watermark = self.high_watermark.clamp(0, self.log_end);
        self.end_replay(replay, now_ms);
        self.drop_stray_snapshots()?;
        if report.cut.is_some() {
            // Bytes below the recovery point rotted: what is written over the cut is on the disk as little as any other.
            let end = self.log_end;
            self.files.dir.lower_checkpoints(&self.partition, end)?;
        }
        Ok(report)
    }

    /// Removes the segments behind a cut, newest first, one after the other also on disk: no hole, however far it gets.
    fn drop_later(&mut self, later: &mut VecDeque<Segment>) -> Result<(), StorageError> {
        while let Some(segment) = later.pop_back() {
            self.remove_segment(&segment)?;
            self.files.sync_folder()?;
        }
        Ok(())
    }

    /// The segment that recovery begins with: the one that ends at the recovery point or behind it. What closes an index
    /// is written after the sync that moved the recovery point to the segment's end.
    pub(super) fn first_in_doubt(&self, recovery_point: i64) -> usize {
        self.segments.index_of(recovery_point.saturating_sub(1))
    }

    /// Builds both indexes of a segment that is not in doubt. Damage is left for readers to find.
    pub(super) fn rebuild_indexes(
        &mut self,
        index: usize,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        let later = self.segments.split_behind(index);
        let active = std::mem::replace(&mut self.active, Active::new(now_ms));
        let result = self.rebuild_active();
        for segment in later {
            self.segments.push(segment);
        }
        self.active = active;
        result
    }

    fn rebuild_active(&mut self) -> Result<(), StorageError> {
        let files = Arc::clone(&self.files);
        let segment = self.active_segment_mut();
        let (base, size) = (segment.base, segment.size);
        let path = files.path(FileKind::Log, base);
        tracing::warn!(path = %path.display(), "an index is missing and built anew");
        segment.offsets.truncate(0, &files, base)?;
        segment.times.truncate(0, &files, base)?;
        let file = segment.open(&files)?;
        let mut walk = HeaderWalk::headers(&*file, 0, size, i64::MIN);
        let failed = |e| files.read_failed(&path, &e);
        while let Ok(Some(found)) = walk.step().map_err(failed)? {
            self.index_batch(&found.header, found.position, found.bytes);
            self.write_index_tails()?;
        }
        self.finish_active()
    }

    /// Reads the active segment: those behind it are not there yet.
    fn recover_active(
        &mut self,
        recovery_point: i64,
        chain: &mut Chain,
        replay: &mut Replay,
        report: &mut RecoveryReport,
    ) -> Result<ReadSegment, StorageError> {
        let files = Arc::clone(&self.files);
        let mut position = self.trusted_place(recovery_point)?;
        let trusted = position;
        self.active_segment_mut().cut_aborted(&files, i64::MIN)?;
        self.replay_segment(self.segments.len() - 1, trusted, replay)?;
        let segment = self.active_segment();
        let (base, size) = (segment.base, segment.size);
        let log_path = self.files.path(FileKind::Log, base);
        let file = segment.open(&self.files)?;
        let least = if position == 0 {
            chain.next_offset
        } else {
            base
        };
        let mut walk = HeaderWalk::long(&*file, position, size, least);
        let mut skip_index = segment.offsets.len() > 0;
        self.active.first_timestamp_ms = self.first_time(&*file, size)?;
        let damage = loop {
            let step = walk
                .step()
                .map_err(|e| self.files.read_failed(&log_path, &e))?;
            let found = match step {
                Ok(Some(found)) => found,
                Ok(None) => break None,
                Err(damage) => break Some(damage.reason),
            };
            let header = &found.header;
            if header.last_offset().0 >= recovery_point {
                report.bytes_checked += found.bytes;
                let right = walk.crc_is_right(&found);
                if !right.map_err(|e| self.files.read_failed(&log_path, &e))? {
                    break Some("the checksum is wrong");
                }
            }
            if let Some(reason) = self.misfit(&found, chain) {
                break Some(reason);
            }
            if self
                .epochs
                .latest()
                .is_none_or(|latest| header.leader_epoch.0 > latest)
            {
                Arc::make_mut(&mut self.epochs).assign(header.leader_epoch.0, header.base_offset.0);
            }
            if skip_index {
                // The entry for this batch is there.
                self.note_time(header);
                self.active.bytes_since_entry = found.bytes;
                skip_index = false;
            } else {
                self.index_batch(header, found.position, found.bytes);
                self.write_index_tails()?;
            }
            replay.batch(self.active_segment_mut(), &files, &*file, &found)?;
            position = found.position + found.bytes;
            *chain = Chain {
                next_offset: header.next_offset().0,
                epoch: chain.epoch.max(header.leader_epoch.0),
            };
        };
        if let Some(reason) = damage {
            report.cut = Some((size - position, reason));
            tracing::warn!(path = %log_path.display(), position, reason, "log cut");
        }
        Ok(ReadSegment { file, trusted, end: position })
    }

    /// The active segment's file ends where it was read to from now on.
    fn settle_active(&mut self, read: ReadSegment) -> Result<(), StorageError> {
        let ReadSegment { file, trusted, end: position } = read;
        self.active_segment_mut().size = position;
        let path = || self.files.path(FileKind::Log, self.active_segment().base);
        let len = file
            .len()
            .map_err(|e| self.files.read_failed(&path(), &e))?;
        if len != position {
            file.set_len(position)
                .and_then(|()| file.sync_data())
                .map_err(|e| self.files.dir.fail_io("cutting a log during recovery", &e))?;
        } else {
            // What was reserved ahead when the last run ended is not known, and nobody would give it back.
            file.set_len(position)
                .map_err(|e| self.files.dir.fail_io("giving back a log's reserve", &e))?;
        }
        if self.files.dir.failed_before() {
            self.write_again(&*file, trusted, position)?;
        }
        Ok(())
    }

    /// Writes a part of the log file again: see `LogDir::failed_before`.
    fn write_again(&self, file: &dyn DiskFile, from: u64, to: u64) -> Result<(), StorageError> {
        let mut piece = vec![0; WRITE_AGAIN_BYTES];
        let mut at = from;
        while at < to {
            let len = (to - at).min(WRITE_AGAIN_BYTES as u64) as usize;
            let piece = piece.get_mut(..len).unwrap_or_default();
            let again = file
                .read_exact_at(piece, at)
                .and_then(|()| file.write_all_at(&[IoSlice::new(piece)], at));
            again.map_err(|e| self.files.dir.fail_io("writing a log again", &e))?;
            at += len as u64;
        }
        file.sync_data()
            .map_err(|e| self.files.dir.fail_io("writing a log again", &e))
    }

    /// Why a batch cannot follow the ones before it.
    fn misfit(&self, found: &Found, chain: &Chain) -> Option<&'static str> {
        let header = &found.header;
        if !self.active_segment().can_hold(header.last_offset().0) {
            return Some("the offset does not fit the segment");
        }
        let epoch = header.leader_epoch.0;
        // What an older leader wrote cannot follow a newer one's batch: a truncation was lost.
        (epoch >= 0 && epoch < chain.epoch).then_some("the leader epoch is below the one before")
    }

    /// Keeps the good index entries below the recovery point. Gives the position of the last one's batch, 0 for none.
    fn trusted_place(&mut self, recovery_point: i64) -> Result<u64, StorageError> {
        let files = Arc::clone(&self.files);
        let segment = self.active_segment_mut();
        let (base, size) = (segment.base, segment.size);
        let below = recovery_point.saturating_sub(base);
        let good = |before: Option<OffsetEntry>, e: OffsetEntry| {
            let rises = before
                .is_none_or(|b| e.relative_offset > b.relative_offset && e.position > b.position);
            rises
                && e.key() < below
                && e.relative_offset >= 0
                && u64::try_from(e.position).is_ok_and(|p| p > 0 && p < size)
        };
        let mut kept = segment.offsets.count_good(&files, base, good)?;
        segment.offsets.truncate(kept, &files, base)?;
        let last = segment.offsets.last(&files, base)?;
        let place = match last {
            Some(entry) if fits(segment, &files, entry)? => last,
            _ => None,
        };
        if place.is_none() {
            kept = 0;
            segment.offsets.truncate(0, &files, base)?;
        }
        let limit = place.map_or(-1, |e| e.relative_offset);
        let good = |before: Option<TimeEntry>, e: TimeEntry| {
            let rises = before.is_none_or(|b| {
                e.timestamp_ms > b.timestamp_ms && e.relative_offset > b.relative_offset
            });
            rises && e.timestamp_ms >= 0 && (0..=limit).contains(&e.relative_offset)
        };
        let times = segment.times.count_good(&files, base, good)?;
        segment.times.truncate(times, &files, base)?;
        if let Some((time, offset)) = segment.largest_indexed(&files)? {
            self.active.largest = Some((time, offset));
            self.active.indexed_ms = time;
        }
        debug_assert_eq!(kept, self.active_segment().offsets.len());
        Ok(place
            .and_then(|e| u64::try_from(e.position).ok())
            .unwrap_or(0))
    }

    fn first_time(&self, file: &dyn DiskFile, size: u64) -> Result<Option<i64>, StorageError> {
        let step = HeaderWalk::short(file, 0, size, i64::MIN)
            .step()
            .map_err(|e| {
                self.files.read_failed(
                    &self.files.path(FileKind::Log, self.active_segment().base),
                    &e,
                )
            })?;
        Ok(step
            .ok()
            .flatten()
            .map(|found| found.header.max_timestamp_ms))
    }

    /// Finds out what is needed to append to the active segment, and the log's end, from the last index entry on.
    pub(super) fn load_active(&mut self, now_ms: i64) -> Result<i64, SegmentError> {
        self.active = Active::new(now_ms);
        let files = Arc::clone(&self.files);
        let segment = self.active_segment();
        if segment.size == 0 {
            return Ok(segment.base);
        }
        let (base, size) = (segment.base, segment.size);
        let last = segment.offsets.last(&files, base)?;
        let place = match last {
            Some(entry) if fits(segment, &files, entry)? => last,
            _ => None,
        };
        if last.is_some() != place.is_some() {
            let reason = "the last index entry is of another batch";
            return Err(SegmentError::Damage(crate::scan::Damage {
                position: 0,
                reason,
            }));
        }
        let mut active = self.active;
        if let Some((time, offset)) = segment.largest_indexed(&files)? {
            active.largest = Some((time, offset));
            active.indexed_ms = time;
        }
        let file = segment.open(&files)?;
        let from = place
            .and_then(|e| u64::try_from(e.position).ok())
            .unwrap_or(0);
        active.first_timestamp_ms = self.first_time(&*file, size)?;
        let mut end = base;
        let mut walk = HeaderWalk::short(&*file, from, size, i64::MIN);
        while let Some(found) = segment.step(&files, &mut walk)? {
            let (time, last) = (found.header.max_timestamp_ms, found.header.last_offset().0);
            if active.largest.is_none_or(|(largest, _)| time > largest) {
                active.largest = Some((time, last));
            }
            active.bytes_since_entry += found.bytes;
            end = last + 1;
        }
        self.active = active;
        Ok(end)
    }
}

/// Whether nothing is left behind a hole, in a part of the log that was not synced. A pass keeps the last batch below the
/// active segment, if only emptied, so compaction leaves no such hole: the power took the end of the segment before.
fn is_lost_tail(
    next: &Segment,
    later: &VecDeque<Segment>,
    next_offset: i64,
    recovery_point: i64,
) -> bool {
    next_offset >= recovery_point && next.size == 0 && later.iter().all(|later| later.size == 0)
}

/// Whether an entry is the last offset of the batch at its position. What the disk refuses to tell is no answer.
fn fits(
    segment: &Segment,
    files: &crate::files::Files,
    entry: OffsetEntry,
) -> Result<bool, StorageError> {
    let Ok(position) = u64::try_from(entry.position) else {
        return Ok(false);
    };
    let file = segment.open(files)?;
    let mut walk = HeaderWalk::short(&*file, position, segment.size, i64::MIN);
    let expected = segment.base.saturating_add(entry.relative_offset.into());
    match segment.step(files, &mut walk) {
        Ok(found) => Ok(found.is_some_and(|found| found.header.last_offset().0 == expected)),
        Err(SegmentError::Damage(_)) => Ok(false),
        Err(SegmentError::Storage(error)) => Err(error),
    }
}
