//! Reads the partitions of one fetch, within the limits of the request.

use super::session::Want;
use crate::partitions::{FindError, Partition, ReadError, Reader};
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

impl Target {
    /// Whether looking the offset up surely needs no disk.
    pub(super) fn is_hot(&self) -> bool {
        self.partition
            .as_ref()
            .map_or(true, |p| p.is_recent(self.want.fetch_offset))
    }

    fn read(&self, reader: Reader, bytes_left: usize, min_one_batch: bool) -> PartitionRead {
        let partition = match &self.partition {
            Ok(partition) => partition,
            Err(error) => return PartitionRead::failed(error_code::of_find(*error)),
        };
        if let Err(error) = partition.check_leader_epoch(self.want.current_leader_epoch) {
            return PartitionRead::failed(error_code::of_epoch(error));
        }
        if reader == Reader::Replica {
            return PartitionRead::failed(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        let marks = partition.marks();
        let mut read = PartitionRead {
            high_watermark: marks.high_watermark,
            last_stable_offset: marks.last_stable_offset,
            log_start_offset: marks.log_start_offset,
            ..PartitionRead::failed(ErrorCode::NONE)
        };
        if self.want.last_fetched_epoch >= 0
            && let Some(diverging) =
                partition.divergence(self.want.last_fetched_epoch, self.want.fetch_offset)
        {
            read.diverging = Some(diverging);
            return read;
        }
        let bytes_max = usize::try_from(self.want.bytes_max)
            .unwrap_or(0)
            .min(bytes_left);
        match partition.read(self.want.fetch_offset, bytes_max, min_one_batch, reader) {
            Ok(slice) => {
                read.records = slice.records;
                read.aborted = slice.aborted.map(|aborted| {
                    let named = |(producer_id, first_offset)| AbortedTransaction {
                        producer_id,
                        first_offset,
                    };
                    aborted.into_iter().map(named).collect()
                });
            }
            Err(ReadError::OutOfRange) => read.error = ErrorCode::OFFSET_OUT_OF_RANGE,
            Err(ReadError::Gone) => {
                read = PartitionRead::failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
            }
            Err(ReadError::Storage) => read = PartitionRead::failed(ErrorCode::KAFKA_STORAGE_ERROR),
        }
        read
    }
}

/// Reads the targets in order until the response is full. The first that has records gives at least one batch.
pub(super) fn read_all(targets: &[Target], reader: Reader, limits: Limits) -> Vec<PartitionRead> {
    let mut left = usize::try_from(limits.response_bytes).unwrap_or(0);
    let mut min_one_batch = true;
    let read_one = |target: &Target| {
        let read = target.read(reader, left, min_one_batch);
        left = left.saturating_sub(read.bytes());
        min_one_batch &= read.bytes() == 0;
        read
    };
    targets.iter().map(read_one).collect()
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
