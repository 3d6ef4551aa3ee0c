//! Producer state out of the newest good snapshot and the batches behind it.

use super::PartitionLog;
use crate::error::StorageError;
use crate::files::Files;
use crate::index::OffsetEntry;
use crate::layout::FileKind;
use crate::log_dir::read_small;
use crate::producer_state::{
    BATCHES_MAX, Checks, ProducerState, RememberedBatch, Staged, parse_snapshot, snapshot,
};
use crate::scan::{Found, HeaderWalk, is_marker, read_marker};
use crate::segment::{Segment, SegmentError};
use klamm_host::DiskFile;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far back the older batches are looked for: five requests in flight of many producers.
const RECALL_BYTES: u64 = 8 << 20;

impl PartitionLog {
    /// Rebuilds the producers' state at the log's end. Snapshots above `trusted_end` are not used.
    pub(super) fn rebuild_producers(
        &mut self,
        trusted_end: i64,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        let mut replay = self.begin_replay(trusted_end, None)?;
        let mut index = self.segments.index_of(replay.from);
        while replay.from < self.log_end && index < self.segments.len() {
            self.replay_segment(index, u64::MAX, &mut replay)?;
            index += 1;
        }
        self.end_replay(replay, now_ms);
        Ok(())
    }

    /// What is known before a batch is read: the newest snapshot up to `trusted_end`. With `index_from`, the transaction
    /// indexes of the segments from that base on are written anew; they must be empty.
    pub(super) fn begin_replay(
        &mut self,
        trusted_end: i64,
        index_from: Option<i64>,
    ) -> Result<Replay, StorageError> {
        let first = self.segments.first().base;
        let loaded = self.load_snapshot(trusted_end)?;
        let (state, from) = loaded.unwrap_or((ProducerState::default(), first));
        Ok(Replay { state, from, index_from })
    }

    /// The replay has seen all batches up to the log's end.
    pub(super) fn end_replay(&mut self, replay: Replay, now_ms: i64) {
        let mut state = replay.state;
        state.expire(now_ms, self.config.producer_id_expiration_ms);
        state.high_watermark_is(self.high_watermark);
        self.producers = state;
    }

    /// The newest snapshot that is not above `end` and not damaged, with its offset. Damaged ones are removed.
    fn load_snapshot(&mut self, end: i64) -> Result<Option<(ProducerState, i64)>, StorageError> {
        for offset in self
            .snapshots
            .clone()
            .into_iter()
            .rev()
            .filter(|o| *o <= end)
        {
            let path = self.files.path(FileKind::Snapshot, offset);
            let bytes = read_small(self.files.disk(), &path)
                .map_err(|e| self.files.read_failed(&path, &e))?;
            match bytes.as_deref().map(parse_snapshot) {
                Some(Ok(entries)) => {
                    let mut state = ProducerState::from_entries(entries);
                    if !bytes.as_deref().is_some_and(snapshot::has_older_batches) {
                        self.recall_older_batches(&mut state, offset)?;
                    }
                    return Ok(Some((state, offset)));
                }
                Some(Err(_)) => {
                    tracing::warn!(path = %path.display(), "producer snapshot is damaged, removed");
                    self.files.remove(&path)?;
                }
                None => {}
            }
            self.snapshots.retain(|o| *o != offset);
        }
        Ok(None)
    }

    /// Finds the older batches of producers that Kafka's snapshot knows by the newest one, as far as they lie near its
    /// offset: a producer that retries over the move from Kafka is recognized.
    fn recall_older_batches(
        &self,
        state: &mut ProducerState,
        end: i64,
    ) -> Result<(), StorageError> {
        if state.entries().all(|entry| entry.last_batch().is_none()) || end == 0 {
            return Ok(());
        }
        let (files, segment) = (&self.files, &self.segments[self.segments.index_of(end - 1)]);
        let by_position = |entry: OffsetEntry| i64::from(entry.position);
        let near = i64::try_from(segment.size.saturating_sub(RECALL_BYTES)).unwrap_or(0);
        let entry = segment
            .offsets
            .floor(files, segment.base, near, by_position)?;
        let from = entry
            .and_then(|e| u64::try_from(e.position).ok())
            .unwrap_or(0);
        let file = segment.open(files)?;
        let mut walk = HeaderWalk::headers(&*file, from, segment.size, i64::MIN);
        let mut found: BTreeMap<i64, Vec<RememberedBatch>> = BTreeMap::new();
        let path = files.path(FileKind::Log, segment.base);
        while let Ok(Some(batch)) = walk.step().map_err(|e| files.read_failed(&path, &e))? {
            let header = &batch.header;
            let known = state.entry(header.producer_id.0);
            let fits = known.is_some_and(|known| known.epoch == header.producer_epoch)
                && !header.is_control()
                && header.last_offset().0 < end;
            if fits {
                let batches = found.entry(header.producer_id.0).or_default();
                if batches.len() == BATCHES_MAX {
                    batches.remove(0);
                }
                batches.push(RememberedBatch {
                    last_sequence: header.last_sequence(),
                    last_offset: header.last_offset().0,
                    offset_delta: header.last_offset_delta,
                    timestamp_ms: header.max_timestamp_ms,
                });
            }
        }
        for (producer, batches) in &found {
            if let Some(entry) = state.entry_mut(*producer) {
                entry.recall(batches);
            }
        }
        Ok(())
    }

    /// Replays the batches of a segment that begin before the position `end`.
    pub(super) fn replay_segment(
        &mut self,
        index: usize,
        end: u64,
        replay: &mut Replay,
    ) -> Result<(), StorageError> {
        let files = Arc::clone(&self.files);
        let Some(segment) = self.segments.get_mut(index) else {
            return Ok(());
        };
        let start = if replay.from <= segment.base {
            0
        } else {
            match segment.locate(&files, replay.from) {
                Ok(Some(found)) => found.position,
                Ok(None) => return Ok(()),
                Err(SegmentError::Storage(error)) => return Err(error),
                Err(SegmentError::Damage(_)) => 0,
            }
        };
        let path = files.path(FileKind::Log, segment.base);
        let end = end.min(segment.size);
        if start >= end {
            return Ok(());
        }
        let file = segment.open(&files)?;
        let mut walk = HeaderWalk::headers(&*file, start, end, i64::MIN);
        loop {
            match walk.step().map_err(|e| files.read_failed(&path, &e))? {
                Ok(Some(found)) => replay.batch(segment, &files, &*file, &found)?,
                Ok(None) => return Ok(()),
                Err(damage) => {
                    let (position, reason) = (damage.position, damage.reason);
                    tracing::error!(path = %path.display(), position, reason, "log is damaged");
                    return Ok(());
                }
            }
        }
    }
}

/// The producers' state on its way through a log.
pub(super) struct Replay {
    state: ProducerState,
    /// What is below is in the state.
    pub(super) from: i64,
    index_from: Option<i64>,
}

impl Replay {
    /// The next batch of a segment, as it was accepted once.
    pub(super) fn batch(
        &mut self,
        segment: &mut Segment,
        files: &Files,
        file: &dyn DiskFile,
        found: &Found,
    ) -> Result<(), StorageError> {
        if found.header.base_offset.0 < self.from || !found.header.has_producer() {
            return Ok(());
        }
        let staged = replay(&self.state, file, found);
        let path = || files.path(FileKind::Log, segment.base);
        let staged = staged.map_err(|e| files.read_failed(&path(), &e))?;
        if self.index_from.is_some_and(|base| segment.base >= base) {
            for txn in self.state.aborted_by(&staged) {
                segment.push_aborted(files, &txn)?;
            }
        }
        self.state.apply(staged);
        Ok(())
    }
}

/// A batch of a producer as it was accepted once: nothing is checked again.
fn replay(state: &ProducerState, file: &dyn DiskFile, found: &Found) -> std::io::Result<Staged> {
    let mut staged = Staged::default();
    let (header, base) = (&found.header, found.header.base_offset.0);
    // Without checks nothing is refused.
    if is_marker(header) {
        if let Some(marker) = read_marker(file, found)? {
            let checks = (Checks::None, false);
            let _ = state.stage_marker(&mut staged, (marker, header), base, checks);
        }
    } else {
        let _ = state.stage(&mut staged, header, base, Checks::None);
    }
    Ok(staged)
}
