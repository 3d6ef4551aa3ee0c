//! Batches of several requests with one write.
//!
//! What comes out is what appending them one after the other would give, but for the number of writes. What is gathered
//! lives as long as one call under the log's lock: nobody meets a log that has promised offsets and not written them.

use super::PartitionLog;
use super::append::{AppendContext, AppendError, Appended, Origin, Prepared, stamped, stamped_ms};
use bytes::Bytes;
use klamm_records::{BatchHeader, BatchView};

/// Batches that have their offsets and are not written.
#[derive(Default)]
struct Run<'a> {
    prepared: Prepared<'a>,
    /// Places of the results that hold only if the write succeeds.
    places: Vec<usize>,
}

impl PartitionLog {
    /// Appends batches in order. Each is one batch, taken or refused by itself, as if it had come alone; those that lie
    /// in one segment are written together. If that write fails, all of them are refused.
    ///
    /// The results are in the order of the batches.
    pub fn append_each_as_leader(
        &mut self,
        batches: &[Bytes],
        context: AppendContext,
    ) -> Vec<Result<Appended, AppendError>> {
        if let [bytes] = batches {
            let only = only_batch(bytes);
            return vec![only.and_then(|_| self.append_as_leader(bytes, context))];
        }
        let mut results = Vec::with_capacity(batches.len());
        let mut run = Run::default();
        for batch in batches {
            let result = self.gather(&mut run, batch, context, &mut results);
            results.push(result);
        }
        self.write_run(&mut run, context.now_ms, &mut results);
        for result in &results {
            self.note_if_full(result, context.now_ms);
        }
        results
    }

    /// Adds a batch to the run, or to a new one behind it if it must begin a segment.
    fn gather<'r>(
        &mut self,
        run: &mut Run<'r>,
        bytes: &'r [u8],
        context: AppendContext,
        results: &mut [Result<Appended, AppendError>],
    ) -> Result<Appended, AppendError> {
        let (place, now_ms) = (results.len(), context.now_ms);
        self.files.dir.check_online()?;
        let batch = only_batch(bytes)?;
        let staged = &run.prepared.staged;
        if let Some(duplicate) = self.duplicate_of(staged, batch.header(), context.origin) {
            if !staged.is_empty() {
                // The first of the two may be in this run.
                run.places.push(place);
            }
            return Ok(duplicate);
        }
        let (size, max) = (bytes.len(), self.config.segment_bytes);
        if size > max as usize && context.origin != Origin::RaftLeader {
            return Err(AppendError::LargerThanSegment { bytes: size, max });
        }
        let time = self.stamp_time(context);
        let at = |log: &Self, run: &Run<'_>| {
            stamped(&batch, run.prepared.next(log.log_end), context, time)
        };
        let mut header = at(self, run)?;
        if self.ends_run(run, &header, size, now_ms) {
            self.write_run(run, now_ms, results);
            self.files.dir.check_online()?;
            // Elsewhere, if that failed.
            header = at(self, run)?;
        }
        self.prepare(&mut run.prepared, header, &batch, context)?;
        let mut rolled = false;
        if run.prepared.batches.len() == 1 {
            let begun = self.begin_run(&header, size, context);
            rolled = begun.inspect_err(|_| run.prepared = Prepared::default())?;
        }
        run.places.push(place);
        Ok(Appended {
            base_offset: header.base_offset.0,
            last_offset: header.last_offset().0,
            log_append_time_ms: stamped_ms(time),
            log_start_offset: self.log_start,
            duplicate: false,
            bytes: size,
            flush_due: false,
            rolled,
        })
    }

    /// What comes before the first batch of a run. Whether a segment was closed.
    fn begin_run(
        &mut self,
        first: &BatchHeader,
        bytes: usize,
        context: AppendContext,
    ) -> Result<bool, AppendError> {
        if context.leader_epoch >= 0 {
            self.note_epoch(context.leader_epoch, self.log_end)?;
        }
        self.write_identity()?;
        let (largest_ms, last_offset) = (first.max_timestamp_ms, first.last_offset().0);
        Ok(self.roll_if_due(bytes, largest_ms, last_offset, context.now_ms)?)
    }

    /// Whether a batch may have to begin a segment once the run is written.
    fn ends_run(&self, run: &Run<'_>, header: &BatchHeader, bytes: usize, now_ms: i64) -> bool {
        let batches = &run.prepared.batches;
        let Some((first, _)) = batches.first() else {
            return false;
        };
        let first_ms = self.active.first_timestamp_ms;
        let first_ms = first_ms.or(Some(first.max_timestamp_ms));
        self.is_full(run.prepared.bytes + bytes)
            // Each batch of the run may leave an entry.
            || self.is_index_full(batches.len())
            || !self.active_segment().can_hold(header.last_offset().0)
            || self.is_old(first_ms, header.max_timestamp_ms, now_ms)
    }

    /// Writes what was gathered. A failure is the answer to all of it.
    fn write_run(
        &mut self,
        run: &mut Run<'_>,
        now_ms: i64,
        results: &mut [Result<Appended, AppendError>],
    ) {
        let Run { prepared, places } = std::mem::take(run);
        if prepared.batches.is_empty() {
            return;
        }
        let written = self.write_prepared(prepared, now_ms);
        let flush_due = self.is_flush_due(now_ms);
        for place in places {
            match (results.get_mut(place), &written) {
                (Some(Ok(appended)), Ok(())) => appended.flush_due = flush_due,
                (Some(result), Err(error)) => *result = Err(error.clone()),
                _ => {}
            }
        }
    }
}

/// The batch that these bytes are.
fn only_batch(bytes: &[u8]) -> Result<BatchView<'_>, AppendError> {
    let batch = BatchView::parse(bytes)?;
    if batch.bytes().len() != bytes.len() {
        return Err(AppendError::Impossible);
    }
    Ok(batch)
}
