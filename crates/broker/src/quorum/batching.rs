//! Metadata records into batches, and back.

use bytes::Bytes;
use klamm_metadata::{MetadataRecord, RecordError};
use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{
    AppendError, BatchBuilder, BatchFields, BatchView, Codec, DeflateError, Deflater, InflateLimit,
    Inflater, NewRecord, Records,
};

/// Batches with consecutive offsets, none larger than a limit unless one record alone is.
#[derive(Debug)]
pub(super) struct RecordBatches {
    builder: BatchBuilder,
    next: Offset,
    epoch: LeaderEpoch,
    timestamp_ms: i64,
    bytes_max: usize,
    done: Vec<Bytes>,
}

/// Records do not fit a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BatchingError {
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error("a batch can't be built: {0}")]
    Build(#[from] DeflateError),
}

/// A batch of the metadata log can't be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum ReadRecordsError {
    #[error("a batch of the metadata log can't be read: {0}")]
    Batch(String),
    #[error("the record at offset {offset} of the metadata log can't be read: {error}")]
    Record { offset: Offset, error: RecordError },
}

impl RecordBatches {
    pub(super) fn new(
        base: Offset,
        epoch: LeaderEpoch,
        timestamp_ms: i64,
        bytes_max: usize,
    ) -> Self {
        Self {
            builder: BatchBuilder::new(),
            next: base,
            epoch,
            timestamp_ms,
            bytes_max,
            done: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, value: &[u8]) -> Result<(), BatchingError> {
        let record = NewRecord {
            timestamp_ms: self.timestamp_ms,
            key: None,
            value: Some(value),
            headers: &[],
        };
        if !self.builder.is_empty() && self.builder.bytes_with(&record) > self.bytes_max {
            self.close()?;
        }
        self.builder.append(&record)?;
        Ok(())
    }

    fn close(&mut self) -> Result<(), BatchingError> {
        let count = self.builder.len() as i64;
        let fields = BatchFields {
            base_offset: self.next,
            leader_epoch: self.epoch,
            ..BatchFields::default()
        };
        self.done.push(
            self.builder
                .build(&fields, Codec::default(), &mut Deflater::new())?,
        );
        self.builder.clear();
        self.next = self.next.plus(count);
        Ok(())
    }

    /// The batches, and the offset behind the last of them.
    pub(super) fn finish(mut self) -> Result<(Vec<Bytes>, Offset), BatchingError> {
        if !self.builder.is_empty() {
            self.close()?;
        }
        Ok((self.done, self.next))
    }
}

/// How much one batch may inflate to. The log's own batches are not compressed; Kafka's neither.
const INFLATED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The metadata records of a data batch.
pub(super) fn decode_records(
    batch: &BatchView<'_>,
) -> Result<Vec<MetadataRecord>, ReadRecordsError> {
    match batch.records() {
        Some(records) => collect(records),
        None => {
            let limit = InflateLimit::bytes(INFLATED_BYTES_MAX);
            let body = batch.inflate(&mut Inflater::new(), limit);
            let body = body.map_err(|error| ReadRecordsError::Batch(error.to_string()))?;
            collect(Records::new(batch.header(), &body))
        }
    }
}

fn collect(records: Records<'_>) -> Result<Vec<MetadataRecord>, ReadRecordsError> {
    let mut found = Vec::new();
    for record in records {
        let record = record.map_err(|error| ReadRecordsError::Batch(format!("{error:?}")))?;
        let value = Bytes::copy_from_slice(record.value.unwrap_or_default());
        let decoded = MetadataRecord::from_value(value);
        found.push(
            decoded.map_err(|error| ReadRecordsError::Record { offset: record.offset, error })?,
        );
    }
    Ok(found)
}
