//! Reads the partitions of one fetch, within the limits of the request.

use super::session::Want;
use crate::partitions::{
    FetchAsk, Fetched, FindError, LookUp, Partition, ReadError, Reader, Reading,
};
use crate::request::error_code;
use klamm_codec::Records;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::AbortedTransaction;
use std::sync::Arc;

/// A partition to read, and what is wanted of it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) partition: Result<Arc<Partition>, FindError>,
    pub(super) want: Want,
}

/// Bytes that one response may hold, and that make it worth sending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) response_bytes: i32,
    pub(super) bytes_min: i32,
}

/// What was read of one partition.
#[derive(Debug)]
pub(super) struct PartitionRead {
    pub(super) error: ErrorCode,
    pub(super) high_watermark: i64,
    pub(super) last_stable_offset: i64,
    pub(super) log_start_offset: i64,
    pub(super) aborted: Option<Vec<AbortedTransaction>>,
    pub(super) records: Records,
    /// The largest epoch that both sides know, and where it ends here.
    pub(super) diverging: Option<(i32, i64)>,
}

impl PartitionRead {
    pub(super) fn failed(error: ErrorCode) -> Self {
        Self {
            error,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            aborted: None,
            records: Records::default(),
            diverging: None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.records.len()
    }
}

impl From<Result<Fetched, ReadError>> for PartitionRead {
    fn from(fetched: Result<Fetched, ReadError>) -> Self {
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return Self::failed(of_read(error)),
        };
        let named = |(producer_id, first_offset)| AbortedTransaction { producer_id, first_offset };
        let aborted = fetched.slice.aborted;
        Self {
            error: ErrorCode::NONE,
            high_watermark: fetched.marks.high_watermark,
            last_stable_offset: fetched.marks.last_stable_offset,
            log_start_offset: fetched.marks.log_start_offset,
            aborted: aborted.map(|aborted| aborted.into_iter().map(named).collect()),
            records: fetched.slice.records,
            diverging: fetched.diverging,
        }
    }
}

const fn of_read(error: ReadError) -> ErrorCode {
    match error {
        ReadError::OutOfRange => ErrorCode::OFFSET_OUT_OF_RANGE,
        ReadError::Gone => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ReadError::Storage => ErrorCode::KAFKA_STORAGE_ERROR,
    }
}

/// One pass over the targets, in order, until the response is full. The first that has records gives at least one batch.
#[derive(Debug)]
pub(super) struct Pass {
    reads: Vec<PartitionRead>,
    reader: Reader,
    bytes_left: usize,
    min_one_batch: bool,
}

/// A place that is likely cold: the pass goes on where the device may be waited for.
#[derive(Debug)]
pub(super) struct Cold(Arc<Partition>, LookUp);

impl Pass {
    pub(super) fn new(targets: &[Target], reader: Reader, limits: Limits) -> Self {
        Self {
            reads: Vec::with_capacity(targets.len()),
            reader,
            bytes_left: usize::try_from(limits.response_bytes).unwrap_or(0),
            min_one_batch: true,
        }
    }

    /// Reads what is in memory, up to a place that is not.
    pub(super) fn go_on(&mut self, targets: &[Target]) -> Option<Cold> {
        while let Some(target) = targets.get(self.reads.len()) {
            match self.begin(target) {
                Err(error) => self.take(PartitionRead::failed(error)),
                Ok((_, Reading::Done(fetched))) => self.take(Ok(fetched).into()),
                Ok((partition, Reading::LookUp(look_up))) if look_up.is_in_memory() => {
                    self.take(partition.end_read(look_up).into());
                }
                Ok((partition, Reading::LookUp(look_up))) => {
                    return Some(Cold(Arc::clone(partition), look_up));
                }
            }
        }
        None
    }

    /// Reads all the rest. Blocks.
    pub(super) fn finish(mut self, targets: &[Target], cold: Cold) -> Vec<PartitionRead> {
        let mut next = Some(cold);
        while let Some(Cold(partition, look_up)) = next {
            self.take(partition.end_read(look_up).into());
            next = self.go_on(targets);
        }
        self.reads
    }

    pub(super) fn into_reads(self) -> Vec<PartitionRead> {
        self.reads
    }

    fn begin<'t>(&self, target: &'t Target) -> Result<(&'t Arc<Partition>, Reading), ErrorCode> {
        let partition = target
            .partition
            .as_ref()
            .map_err(|error| error_code::of_find(*error))?;
        let want = &target.want;
        partition
            .check_leader_epoch(want.current_leader_epoch)
            .map_err(error_code::of_epoch)?;
        if self.reader == Reader::Replica {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        let begun = partition.begin_read(FetchAsk {
            offset: want.fetch_offset,
            bytes_max: usize::try_from(want.bytes_max)
                .unwrap_or(0)
                .min(self.bytes_left),
            min_one_batch: self.min_one_batch,
            reader: self.reader,
            last_fetched_epoch: want.last_fetched_epoch,
        });
        Ok((partition, begun.map_err(of_read)?))
    }

    fn take(&mut self, read: PartitionRead) {
        self.bytes_left = self.bytes_left.saturating_sub(read.bytes());
        self.min_one_batch &= read.bytes() == 0;
        self.reads.push(read);
    }
}

/// Whether a response is worth sending: enough bytes, or something that the client must know at once.
pub(super) fn is_enough(reads: &[PartitionRead], limits: Limits) -> bool {
    let bytes: usize = reads.iter().map(PartitionRead::bytes).sum();
    bytes >= usize::try_from(limits.bytes_min).unwrap_or(0)
        || reads.is_empty()
        || reads
            .iter()
            .any(|read| read.error != ErrorCode::NONE || read.diverging.is_some())
}
