//! Reads a partition of a coordinator's log into a shard. Blocks.

use crate::partitions::{Partition, ReadError, Reader};
use bytes::Bytes;
use klamm_coordinator::shard::{Record, Replayed, Shard};
use klamm_records::{
    BatchView, ControlType, InflateLimit, Inflater, Records as RecordsOf, batches,
};

/// Why a shard can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// The log.
    #[error("the partition can't be read: {0:?}")]
    Read(ReadError),
    /// The file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Its bytes.
    #[error("a batch at or after offset {0} can't be read: {1}")]
    Batch(i64, String),
}

/// Reads everything, up to the log's end.
pub(super) fn load<S: Shard>(
    partition: &Partition,
    shard: S,
    bytes_max: usize,
) -> Result<S, LoadError> {
    let mut loading = Loading { shard, inflater: Inflater::default(), passed_over: 0 };
    let marks = partition.marks();
    let mut offset = marks.log_start_offset;
    while offset < marks.log_end_offset {
        let slice = partition.read(offset, bytes_max, true, Reader::Debug);
        let slice = slice.map_err(LoadError::Read)?;
        let bytes = slice.records.to_bytes()?;
        let before = offset;
        for batch in batches(&bytes) {
            let batch = match batch {
                Ok(batch) => batch,
                // The slice may end within a batch.
                Err(_) if offset > before => break,
                Err(error) => return Err(LoadError::Batch(offset, error.to_string())),
            };
            loading
                .take(&batch)
                .map_err(|why| LoadError::Batch(offset, why))?;
            offset = batch.header().last_offset().0 + 1;
        }
        if offset == before {
            // Nothing but holes is left.
            break;
        }
    }
    if loading.passed_over > 0 {
        let (partition, records) = (partition.name(), loading.passed_over);
        tracing::warn!(%partition, records, "records of types that are not served yet were passed over");
    }
    Ok(loading.shard)
}

struct Loading<S> {
    shard: S,
    inflater: Inflater,
    passed_over: u64,
}

impl<S: Shard> Loading<S> {
    fn take(&mut self, batch: &BatchView<'_>) -> Result<(), String> {
        let header = batch.header();
        let producer = header.producer_id.0;
        let mut records = Vec::new();
        let inflated;
        let walk = match batch.records() {
            Some(walk) => walk,
            None => {
                let limit = InflateLimit::usual(batch.bytes().len());
                let body = batch.inflate(&mut self.inflater, limit);
                inflated = body.map_err(|error| error.to_string())?;
                RecordsOf::new(header, &inflated)
            }
        };
        for record in walk {
            let record = record.map_err(|error| error.to_string())?;
            let Some(key) = record.key else { continue };
            if header.is_control() {
                match ControlType::from_key(key) {
                    Some(ControlType::Commit) => self.shard.end_open(producer, true),
                    Some(ControlType::Abort) => self.shard.end_open(producer, false),
                    _ => {}
                }
                continue;
            }
            records.push(Record {
                key: Bytes::copy_from_slice(key),
                value: record.value.map(Bytes::copy_from_slice),
            });
        }
        self.replay(&records, header.is_transactional().then_some(producer));
        Ok(())
    }

    fn replay(&mut self, records: &[Record], open: Option<i64>) {
        for record in records {
            let replayed = match open {
                Some(producer) => self.shard.replay_open(producer, record),
                None => self.shard.replay(record),
            };
            match replayed {
                Ok(Replayed::Applied) => {}
                Ok(Replayed::Ignored(_)) => self.passed_over += 1,
                Err(error) => {
                    tracing::error!(%error, key = ?record.key, "a coordinator's record is passed over");
                }
            }
        }
    }
}
