//! The log's side of compaction: what the cleaner may see, and the moment when new segments take over.

use super::PartitionLog;
use super::delete::PendingDelete;
use crate::compact::{
    CleanError, CleanLimits, CleanView, CleanedSegment, Cleaning, Dirtiness, LastOfProducer,
    SegmentView, SwapWork,
};
use crate::error::StorageError;
use crate::handle_cache::Slot;
use crate::index::Index;
use crate::layout::FileKind;
use crate::segment::Segment;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The newest batch of every producer that the log remembers: a pass keeps it, if only emptied.
#[derive(Debug, Clone, Default)]
pub struct ProducerMarks(BTreeMap<i64, LastOfProducer>);

impl CleanView {
    /// Begins a pass, up to the recovery point. `producers` are as of this view or later. Reads the transaction indexes and
    /// may write the recovery points; needs no lock.
    ///
    /// # Errors
    /// A file can't be read, or is gone. `Abandoned`: nothing to clean lies below the recovery point, or the log was cut.
    pub fn begin(
        &self,
        dirtiness: &Dirtiness,
        producers: ProducerMarks,
        limits: CleanLimits,
        now_ms: i64,
    ) -> Result<Cleaning, CleanError> {
        let end = self.end_of_pass(dirtiness).ok_or(CleanError::Abandoned)?;
        let dirtiness = Dirtiness { clean_end: end, ..*dirtiness };
        if !self
            .files
            .dir
            .rest_on_recovery_point(&self.partition, end)?
        {
            return Err(CleanError::Abandoned);
        }
        Cleaning::begin(self, &dirtiness, producers.0, limits, now_ms)
    }
}

impl PartitionLog {
    /// The log as a cleaner sees it. `None` if its policy has no `compact`, or no closed segment is dirty.
    #[must_use]
    pub fn clean_view(&self) -> Option<CleanView> {
        let active_base = self.active_segment().base;
        let first_dirty = self
            .cleaned_to
            .unwrap_or(self.log_start)
            .max(self.log_start);
        if !self.config.cleanup_compact || first_dirty >= active_base {
            return None;
        }
        let ends = self.segments.from(1).map(|next| next.base);
        let view = |(s, end): (&Segment, i64)| SegmentView {
            base: s.base,
            end,
            size: s.size,
            index_bytes: [s.offsets.bytes(), s.times.bytes()],
        };
        Some(CleanView {
            files: Arc::clone(&self.files),
            config: Arc::clone(&self.config),
            segments: self.segments.iter().zip(ends).map(view).collect(),
            active_base,
            last_stable: self.last_stable_offset(),
            durable_end: self.flush.flushed_end,
            partition: self.partition.clone(),
            recovery_point: self.flush.recovery_point,
            first_dirty,
            truncations: self.flush.truncations,
        })
    }

    /// The newest batch of every producer.
    #[must_use]
    pub fn producer_marks(&self) -> ProducerMarks {
        let marks = self.producers.entries().map(|entry| {
            let last = match entry.last_batch() {
                Some(batch) => LastOfProducer::Batch(batch.last_offset),
                None => LastOfProducer::Marker(entry.epoch),
            };
            (entry.producer_id, last)
        });
        ProducerMarks(marks.collect())
    }

    /// Puts a cleaned segment in the place of those that it was made from. Readers see it from now on; run the work
    /// without the log's lock, and hand it to `end_swap`.
    ///
    /// # Errors
    /// `Abandoned`: the log changed since the pass began. The segment's files are removed.
    pub fn begin_swap(&mut self, cleaned: CleanedSegment) -> Result<SwapWork, CleanError> {
        self.files.dir.check_online()?;
        let Some(from) = self.place_of_sources(&cleaned) else {
            cleaned.discard();
            return Err(CleanError::Abandoned);
        };
        let CleanedSegment { base, size, sources, parts, newest_aborted, largest, .. } = cleaned;
        let kinds = parts.iter().map(|part| part.kind).collect();
        let mut segment = Segment::empty(base);
        segment.size = size;
        segment.newest_aborted = newest_aborted;
        segment.largest = OnceLock::from(largest);
        for part in parts {
            match part.kind {
                FileKind::Log => segment.log = Slot::holding(part.file).into(),
                FileKind::OffsetIndex => segment.offsets = Index::holding(part.file, part.len),
                FileKind::TimeIndex => segment.times = Index::holding(part.file, part.len),
                FileKind::TxnIndex => {
                    (segment.txn_bytes, segment.txn_file) = (part.len, Some(part.file));
                }
                FileKind::Snapshot => {}
            }
        }
        let mut old = Vec::new();
        let range = from..from + sources.len();
        for gone in self.segments.replace(range, segment) {
            old.extend(gone.paths(&self.files));
            gone.close();
            // The state at the first one's base still says how the new segment begins.
            if gone.base != base
                && let Ok(at) = self.snapshots.binary_search(&gone.base)
            {
                self.snapshots.remove(at);
                self.flush
                    .new_snapshots
                    .retain(|offset| *offset != gone.base);
                old.push(self.files.path(FileKind::Snapshot, gone.base));
            }
        }
        self.layout_changed();
        let gate = Arc::clone(self.swap_gate.get_or_insert_default());
        let files = Arc::clone(&self.files);
        Ok(SwapWork::begin(files, gate, base, kinds, old))
    }

    /// Where the segments are that a new one was made from, if all are as they were.
    fn place_of_sources(&self, cleaned: &CleanedSegment) -> Option<usize> {
        let from = self.segments.index_of(cleaned.base);
        let count = cleaned.sources.len();
        let now = self.segments.from(from).take(count);
        let same = now
            .map(|s| (s.base, s.size))
            .eq(cleaned.sources.iter().copied());
        // The last one is active, and never cleaned.
        let closed = from + count < self.segments.len();
        let untouched = cleaned.truncations == self.flush.truncations && !self.is_swapping();
        (same && closed && untouched).then_some(from)
    }

    /// Files change places at this moment.
    pub(super) fn is_swapping(&self) -> bool {
        self.swap_gate.as_ref().is_some_and(|gate| gate.is_closed())
    }

    /// Waits until files are where their names say.
    pub(super) fn wait_for_swap(&self) {
        if let Some(gate) = &self.swap_gate {
            gate.wait();
        }
    }

    /// The files of a swap have their names. What they replaced is to be removed.
    pub fn end_swap(&mut self, work: SwapWork) -> PendingDelete {
        let base = work.base();
        let files = Arc::clone(&self.files);
        let at = self.segments.index_of(base);
        if let Some(segment) = self.segments.get_mut(at).filter(|s| s.base == base) {
            segment.let_go(&files);
        }
        let (files, paths) = work.into_old();
        PendingDelete {
            files,
            paths,
            epochs: None,
            leaves_new_names: false,
            delay_ms: self.config.file_delete_delay_ms,
        }
    }

    /// Where the cleaner ended last, for the checkpoint.
    #[must_use]
    pub const fn cleaned_to(&self) -> Option<i64> {
        self.cleaned_to
    }

    /// A pass is over: everything below an offset is clean, unless the log was truncated meanwhile.
    ///
    /// # Errors
    /// `Abandoned`: it was.
    pub fn note_cleaned(&mut self, view: &CleanView, end: i64) -> Result<(), CleanError> {
        if view.truncations != self.flush.truncations {
            return Err(CleanError::Abandoned);
        }
        self.set_cleaned_to(Some(end));
        Ok(())
    }

    pub(super) fn set_cleaned_to(&mut self, offset: Option<i64>) {
        self.cleaned_to = offset;
        self.files.dir.set_cleaned(&self.partition, offset);
    }

    /// Before the log is cut: neither the recovery point nor the cleaner's place on disk may lie above its new end.
    pub(super) fn lower_checkpoints(&mut self, end: i64) -> Result<(), StorageError> {
        self.files.dir.lower_checkpoints(&self.partition, end)?;
        self.cleaned_to = self.cleaned_to.map(|offset| offset.min(end));
        Ok(())
    }
}
