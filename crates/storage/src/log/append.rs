//! Appending: producer checks, offsets, one vectored write, indexes.
//!
//! Order: check → roll → write → indexes, producers, epochs. What fails before the write leaves no trace; a write that
//! fails is cut back, and if that fails too, the directory goes offline.

use super::PartitionLog;
use crate::config::TimestampSource;
use crate::error::StorageError;
use crate::index::{OffsetEntry, TimeEntry};
use crate::layout::FileKind;
use crate::producer_state::{Admission, Checks, ProducerError, Staged};
use crate::scan::{is_marker, marker_in};
use crate::txn_index::AbortedTxn;
use bytes::Bytes;
use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{BatchError, BatchHeader, BatchView, HEADER_BYTES, Stamp, StampTime, batches};
use std::io::IoSlice;

/// Who appends, which decides what is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A produce request: sequence and epoch are checked, duplicates recognized.
    Client,
    /// A coordinator: epochs are checked, there are no sequence numbers.
    Coordinator,
    /// The leader of the metadata quorum: no checks, no new timestamps.
    RaftLeader,
}

/// The circumstances of an append by a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendContext {
    /// The leader's epoch; written into the batches.
    pub leader_epoch: i32,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Who appends.
    pub origin: Origin,
    /// Markers follow the rules of transactions version 2 (KIP-890).
    pub transactions_v2: bool,
    /// Why a transactional batch may begin a transaction here.
    pub admission: Admission,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// The time that the log stamped; -1 if the topic keeps the producer's.
    pub log_append_time_ms: i64,
    /// The first readable offset.
    pub log_start_offset: i64,
    /// Nothing was written: the producer repeated a batch, and these are the offsets of the first time.
    pub duplicate: bool,
    /// Bytes written.
    pub bytes: usize,
    /// `flush.messages` or `flush.ms` asks for a sync now.
    pub flush_due: bool,
    /// A segment was closed: `sync_work` has something to do in the background.
    pub rolled: bool,
}

/// Why an append was refused. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The producer's epoch, sequence, or transaction does not fit.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The bytes are not whole batches. `CORRUPT_MESSAGE`.
    #[error(transparent)]
    Malformed(#[from] BatchError),
    /// Larger than `segment.bytes`. `RECORD_LIST_TOO_LARGE`.
    #[error("{bytes} bytes do not fit a segment of {max}")]
    LargerThanSegment {
        /// Of the append.
        bytes: usize,
        /// The setting.
        max: u32,
    },
    /// A follower's batch does not begin at or after the end of the log.
    #[error("a batch at offset {offset} does not follow {log_end}")]
    NotInOrder {
        /// The batch's first offset.
        offset: i64,
        /// The log's end.
        log_end: i64,
    },
    /// Offsets are used up, or nothing to append.
    #[error("the append is empty, or offsets are exhausted")]
    Impossible,
    /// The disk. The log is as before, or its directory is offline.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Batches of an append with the headers that go to disk.
#[derive(Default)]
pub(super) struct Prepared<'a> {
    pub(super) batches: Vec<(BatchHeader, &'a [u8])>,
    pub(super) bytes: usize,
    pub(super) staged: Staged,
}

impl PartitionLog {
    /// Appends whole v2 batches, assigning offsets and the leader's epoch. The batches were validated: envelope, CRC,
    /// size. Only their headers are copied; bodies are written from where they are.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was written.
    pub fn append_as_leader(
        &mut self,
        records: &Bytes,
        context: AppendContext,
    ) -> Result<Appended, AppendError> {
        let appended = self.try_append_as_leader(records, context);
        self.note_if_full(&appended, context.now_ms);
        appended
    }

    /// Says so if an append found no room.
    pub(super) fn note_if_full(&self, appended: &Result<Appended, AppendError>, now_ms: i64) {
        if let Err(AppendError::Storage(StorageError::DiskFull { .. })) = appended {
            self.files.dir.note_full(now_ms);
        }
    }

    fn try_append_as_leader(
        &mut self,
        records: &Bytes,
        context: AppendContext,
    ) -> Result<Appended, AppendError> {
        self.files.dir.check_online()?;
        let time = self.stamp_time(context);
        let prepared = match self.prepare_as_leader(records, context, time)? {
            Ok(prepared) => prepared,
            Err(duplicate) => return Ok(duplicate),
        };
        if context.leader_epoch >= 0 {
            self.note_epoch(context.leader_epoch, self.log_end)?;
        }
        self.commit(prepared, context.now_ms, stamped_ms(time))
    }

    /// The time that batches get.
    pub(super) fn stamp_time(&self, context: AppendContext) -> StampTime {
        match (context.origin, self.config.timestamp_source) {
            (Origin::RaftLeader, _) | (_, TimestampSource::CreateTime) => StampTime::Keep,
            (_, TimestampSource::LogAppendTime) => {
                StampTime::LogAppendTime { now_ms: context.now_ms }
            }
        }
    }

    /// Appends batches that another log's leader wrote: offsets and epochs are in them. Batches that end below the log's
    /// end must not be among them.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was written.
    pub fn append_as_follower(
        &mut self,
        records: &Bytes,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.files.dir.check_online()?;
        let mut prepared = Prepared::default();
        let mut next = self.log_end;
        for batch in batches(records) {
            let batch = batch?;
            let header = *batch.header();
            let offset = header.base_offset.0;
            if offset < next || header.last_offset_delta < 0 {
                return Err(AppendError::NotInOrder { offset, log_end: next });
            }
            next = after(offset, &header)?;
            self.stage(
                &mut prepared.staged,
                &header,
                batch.body(),
                (Checks::None, false),
            )?;
            prepared.push(header, &batch);
        }
        for (header, _) in &prepared.batches {
            self.note_epoch(header.leader_epoch.0, header.base_offset.0)?;
        }
        self.commit(prepared, now_ms, -1)
    }

    /// New headers and staged producers, or the answer to a duplicate.
    fn prepare_as_leader<'r>(
        &self,
        records: &'r [u8],
        context: AppendContext,
        time: StampTime,
    ) -> Result<Result<Prepared<'r>, Appended>, AppendError> {
        let mut prepared = Prepared::default();
        for batch in batches(records) {
            let batch = batch?;
            let duplicate = self.duplicate_of(&prepared.staged, batch.header(), context.origin);
            if let Some(duplicate) = duplicate {
                return Ok(Err(duplicate));
            }
            let header = stamped(&batch, prepared.next(self.log_end), context, time)?;
            self.prepare(&mut prepared, header, &batch, context)?;
        }
        let (bytes, max) = (prepared.bytes, self.config.segment_bytes);
        if bytes > max as usize && context.origin != Origin::RaftLeader {
            return Err(AppendError::LargerThanSegment { bytes, max });
        }
        Ok(Ok(prepared))
    }

    /// Lets the producer state judge a batch that has its offsets, and adds it. A refused one leaves no trace.
    pub(super) fn prepare<'r>(
        &self,
        prepared: &mut Prepared<'r>,
        header: BatchHeader,
        batch: &BatchView<'r>,
        context: AppendContext,
    ) -> Result<(), AppendError> {
        if header.is_transactional() && !header.is_control() {
            self.producers
                .check_admission(&prepared.staged, &header, context.admission)?;
        }
        let checks = (context.origin.checks(), context.transactions_v2);
        self.stage(&mut prepared.staged, &header, batch.body(), checks)?;
        prepared.push(header, batch);
        Ok(())
    }

    /// The answer to a batch that is in the log, or among those that are about to be written.
    pub(super) fn duplicate_of(
        &self,
        staged: &Staged,
        header: &BatchHeader,
        origin: Origin,
    ) -> Option<Appended> {
        if origin != Origin::Client || !header.has_producer() || header.is_control() {
            return None;
        }
        let id = header.producer_id.0;
        let entry = staged.entry(id).or_else(|| self.producers.entry(id))?;
        let first = entry.duplicate_of(header)?;
        Some(Appended {
            base_offset: first.first_offset(),
            last_offset: first.last_offset,
            // As in Kafka, whether the log stamps its records or not.
            log_append_time_ms: first.timestamp_ms,
            log_start_offset: self.log_start,
            duplicate: true,
            bytes: 0,
            flush_due: false,
            rolled: false,
        })
    }

    /// Lets the producer state judge a batch whose offsets are set.
    pub(super) fn stage(
        &self,
        staged: &mut Staged,
        header: &BatchHeader,
        body: &[u8],
        (checks, strict): (Checks, bool),
    ) -> Result<(), ProducerError> {
        let base = header.base_offset.0;
        if !header.has_producer() {
            return Ok(());
        }
        if !is_marker(header) {
            return self.producers.stage(staged, header, base, checks);
        }
        match marker_in(header, body) {
            Some(marker) => {
                self.producers
                    .stage_marker(staged, (marker, header), base, (checks, strict))
            }
            // An empty control batch is what compaction leaves of a finished transaction.
            None => Ok(()),
        }
    }

    /// Rolls if due, writes, then makes it known.
    fn commit(
        &mut self,
        prepared: Prepared<'_>,
        now_ms: i64,
        log_append_time_ms: i64,
    ) -> Result<Appended, AppendError> {
        let batches = &prepared.batches;
        let (Some((first, _)), Some((last, _))) = (batches.first(), batches.last()) else {
            return Err(AppendError::Impossible);
        };
        let (base_offset, last_offset) = (first.base_offset.0, last.last_offset().0);
        let largest_ms = batches
            .iter()
            .map(|(h, _)| h.max_timestamp_ms)
            .max()
            .unwrap_or(-1);
        let bytes = prepared.bytes;
        self.write_identity()?;
        let rolled = self.roll_if_due(bytes, largest_ms, last_offset, now_ms)?;
        self.write_prepared(prepared, now_ms)?;
        Ok(Appended {
            base_offset,
            last_offset,
            log_append_time_ms,
            log_start_offset: self.log_start,
            duplicate: false,
            bytes,
            flush_due: self.is_flush_due(now_ms),
            rolled,
        })
    }

    /// Writes to the active segment, then makes it known.
    pub(super) fn write_prepared(
        &mut self,
        prepared: Prepared<'_>,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        let next = prepared.next(self.log_end);
        let Prepared { batches, bytes, staged } = prepared;
        self.reserve(bytes, now_ms)?;
        self.write(&batches, bytes)?;
        let aborted = self.producers.aborted_by(&staged);
        if let Err(error) = self.index_aborted(&aborted) {
            self.cut_back()?;
            return Err(error.into());
        }
        if !staged.is_empty() {
            self.producers.apply(staged);
        }
        let mut position = self.active_segment().size;
        for (header, body) in &batches {
            let bytes = (HEADER_BYTES + body.len()) as u64;
            self.index_batch(header, position, bytes);
            position += bytes;
        }
        self.active_segment_mut().size = position;
        self.log_end = next;
        self.flush.appended(bytes as u64, now_ms);
        self.write_index_tails()?;
        Ok(())
    }

    /// One vectored write at the end of the active segment. A failure is cut back.
    fn write(&self, batches: &[(BatchHeader, &[u8])], bytes: usize) -> Result<(), StorageError> {
        let segment = self.active_segment();
        let file = segment.open_or_make(&self.files)?;
        segment.log.slot().pin();
        let position = segment.size;
        let result = match batches {
            // The usual case allocates nothing.
            [(header, body)] => {
                let header = header.to_bytes();
                file.write_all_at(&[IoSlice::new(&header), IoSlice::new(body)], position)
            }
            _ => {
                let headers: Vec<_> = batches.iter().map(|(h, _)| h.to_bytes()).collect();
                let slices: Vec<_> = headers
                    .iter()
                    .zip(batches)
                    .flat_map(|(header, (_, body))| [IoSlice::new(header), IoSlice::new(body)])
                    .collect();
                file.write_all_at(&slices, position)
            }
        };
        debug_assert_eq!(
            bytes,
            batches.iter().map(|(_, b)| HEADER_BYTES + b.len()).sum()
        );
        result.or_else(|error| {
            let failure = self.files.write_failed(FileKind::Log, segment.base, &error);
            if self.files.dir.is_online() {
                self.cut_back()?;
            }
            Err(failure)
        })
    }

    /// Cuts the active log file to what is known to be whole.
    fn cut_back(&self) -> Result<(), StorageError> {
        let segment = self.active_segment();
        let cut = segment.open(&self.files)?.set_len(segment.size);
        cut.map_err(|e| self.files.dir.fail_io("cutting a failed append back", &e))
    }

    fn index_aborted(&mut self, aborted: &[AbortedTxn]) -> Result<(), StorageError> {
        let segment = self.segments.active_mut();
        let before = segment.txn_bytes;
        // The file may be made now.
        self.flush.folder_dirty |= before == 0 && !aborted.is_empty();
        for txn in aborted {
            if let Err(error) = segment.push_aborted(&self.files, txn) {
                segment.txn_bytes = before;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Notes a batch's timestamp: the largest so far may go into the time index.
    pub(super) fn note_time(&mut self, header: &BatchHeader) {
        let (time, last) = (header.max_timestamp_ms, header.last_offset().0);
        if self
            .active
            .largest
            .is_none_or(|(largest, _)| time > largest)
        {
            self.active.largest = Some((time, last));
        }
    }

    /// Notes a batch in the active segment's indexes, in memory.
    pub(super) fn index_batch(&mut self, header: &BatchHeader, position: u64, bytes: u64) {
        let (time, last) = (header.max_timestamp_ms, header.last_offset().0);
        self.note_time(header);
        if position == 0 {
            self.active.first_timestamp_ms = Some(time);
        }
        if self.active.bytes_since_entry > u64::from(self.config.index_interval_bytes) {
            let segment = self.active_segment_mut();
            let relative_offset = segment.relative(last);
            if let Ok(position) = i32::try_from(position) {
                segment
                    .offsets
                    .push(OffsetEntry { relative_offset, position });
                self.push_time_entry();
            }
            self.active.bytes_since_entry = 0;
        }
        self.active.bytes_since_entry += bytes;
    }

    /// Adds the largest timestamp to the time index, if it is larger than the last entry's.
    pub(super) fn push_time_entry(&mut self) {
        let Some((timestamp_ms, offset)) =
            self.active.largest.filter(|l| l.0 > self.active.indexed_ms)
        else {
            return;
        };
        let segment = self.active_segment_mut();
        let relative_offset = segment.relative(offset);
        segment
            .times
            .push(TimeEntry { timestamp_ms, relative_offset });
        self.active.indexed_ms = timestamp_ms;
    }

    /// Writes index entries once enough wait. A full disk lets them wait longer: they are derived.
    pub(super) fn write_index_tails(&mut self) -> Result<(), StorageError> {
        let segment = self.segments.active_mut();
        let base = segment.base;
        let mut result = Ok(());
        if segment.offsets.is_due() {
            result = segment.offsets.write_out(&self.files, base);
        }
        if segment.times.is_due() {
            result = result.and_then(|()| segment.times.write_out(&self.files, base));
        }
        match result {
            // The records are in the log; only a directory that went offline must not acknowledge them.
            Err(error @ StorageError::Offline { .. }) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Origin {
    const fn checks(self) -> Checks {
        match self {
            Self::Client => Checks::Full,
            Self::Coordinator => Checks::EpochOnly,
            Self::RaftLeader => Checks::None,
        }
    }
}

impl<'a> Prepared<'a> {
    fn push(&mut self, header: BatchHeader, batch: &BatchView<'a>) {
        self.bytes += batch.bytes().len();
        self.batches.push((header, batch.body()));
    }

    /// The offset after its last batch, behind a log that ends at `log_end`.
    pub(super) fn next(&self, log_end: i64) -> i64 {
        let last = self.batches.last();
        last.map_or(log_end, |(header, _)| header.next_offset().0)
    }
}

/// The header that a batch gets at an offset.
pub(super) fn stamped(
    batch: &BatchView<'_>,
    offset: i64,
    context: AppendContext,
    time: StampTime,
) -> Result<BatchHeader, AppendError> {
    let stamp = Stamp {
        base_offset: Offset(offset),
        leader_epoch: LeaderEpoch(context.leader_epoch),
        time,
    };
    let header = batch.header().stamped(stamp, batch.body());
    if header.last_offset_delta < 0 {
        return Err(AppendError::Impossible);
    }
    after(offset, &header)?;
    Ok(header)
}

/// The time that a stamp leaves in the batches; -1 for the producer's.
pub(super) const fn stamped_ms(time: StampTime) -> i64 {
    match time {
        StampTime::LogAppendTime { now_ms } => now_ms,
        _ => -1,
    }
}

/// The offset after a batch that begins at `base`.
fn after(base: i64, header: &BatchHeader) -> Result<i64, AppendError> {
    base.checked_add(i64::from(header.last_offset_delta))
        .and_then(|last| last.checked_add(1))
        .ok_or(AppendError::Impossible)
}
