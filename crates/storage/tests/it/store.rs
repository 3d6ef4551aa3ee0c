//! A log directory with one log in it, on any disk.

use bytes::Bytes;
use klamm_host::Disk;
use klamm_model::{NodeId, ProducerId, TopicName, TopicPartition, Uuid};
use klamm_records::{
    BatchBuilder, BatchFields, Codec, ControlRecord, Deflater, EndTransaction,
    EndTransactionMarker, NewRecord, batches, control_batch,
};
use klamm_storage::{
    AppendContext, CheckpointFile, ExpectedIdentity, HandleCache, LastRun, LogConfig, LogDir,
    MetaProperties, Opened, Origin, PartitionLog, UpperBound, format_log_dir,
};
use std::path::Path;
use std::sync::Arc;

pub(crate) const NOW_MS: i64 = 1_790_000_100_000;

pub(crate) fn partition(topic: &str) -> TopicPartition {
    TopicPartition { topic: TopicName::new(topic).unwrap(), partition: 0 }
}

pub(crate) fn identity() -> MetaProperties {
    MetaProperties {
        cluster_id: "c".into(),
        node_id: NodeId(0),
        directory_id: Uuid::from_random(1),
    }
}

/// Opens a directory of node 0, formatting it if needed.
pub(crate) fn open_dir(disk: &Arc<dyn Disk>, path: &Path) -> Option<(Arc<LogDir>, LastRun)> {
    if klamm_storage::read_meta(&**disk, path).ok()?.is_none() {
        format_log_dir(&**disk, path, &identity()).ok()?;
    }
    let expected = ExpectedIdentity { cluster_id: None, node_id: NodeId(0) };
    LogDir::open(Arc::clone(disk), path, &expected).ok()
}

pub(crate) fn open_log(
    dir: &Arc<LogDir>,
    last: &LastRun,
    topic: &str,
    config: &LogConfig,
) -> Result<Opened, klamm_storage::OpenError> {
    let partition = partition(topic);
    let last = last.of(&partition);
    let cache = HandleCache::new(50);
    PartitionLog::open(
        dir,
        &cache,
        partition,
        Arc::new(config.clone()),
        last,
        NOW_MS,
    )
}

pub(crate) fn context(origin: Origin) -> AppendContext {
    AppendContext {
        leader_epoch: 0,
        now_ms: NOW_MS,
        origin,
        transactions_v2: false,
        admission: klamm_storage::Admission::Free,
    }
}

/// Notes where the log is on disk.
pub(crate) fn checkpoint(dir: &LogDir, log: &PartitionLog) {
    for (file, offset) in [
        (CheckpointFile::RecoveryPoint, log.recovery_point()),
        (CheckpointFile::LogStart, log.log_start_offset()),
    ] {
        dir.write_checkpoint(file, [(log.partition(), offset)].into_iter())
            .unwrap();
    }
}

/// A batch whose records name their number: the content proves which batch it is.
pub(crate) fn numbered(number: i32, count: usize, fields: &BatchFields) -> Bytes {
    let mut builder = BatchBuilder::new();
    for i in 0..count {
        let value = format!(
            "batch {number} record {i} {}",
            "x".repeat((number % 7) as usize * 9)
        );
        let record = NewRecord {
            timestamp_ms: NOW_MS + i64::from(number),
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder
        .build(fields, Codec::default(), &mut Deflater::new())
        .unwrap()
}

pub(crate) fn producer(id: i64, sequence: i32, transactional: bool) -> BatchFields {
    BatchFields {
        producer_id: ProducerId(id),
        producer_epoch: 0,
        base_sequence: sequence,
        transactional,
        ..BatchFields::default()
    }
}

pub(crate) fn marker(id: i64, end: EndTransaction) -> Bytes {
    let marker = EndTransactionMarker { end, coordinator_epoch: 0 };
    let fields = producer(id, -1, true);
    let record = ControlRecord { control_type: marker.control_type(), value: &marker.value() };
    control_batch(&fields, NOW_MS, &[record]).unwrap()
}

/// Base offset, last offset and body of every batch; checks CRC, order, and that no read stalls.
pub(crate) fn read_all(log: &PartitionLog) -> Vec<(i64, i64, Vec<u8>)> {
    let (mut all, mut at) = (Vec::new(), log.log_start_offset());
    let mut last = -1;
    while at < log.log_end_offset() {
        let slice = log.read(at, 700, true, UpperBound::LogEnd).unwrap();
        assert!(slice.next_offset > at, "no progress at {at}");
        at = slice.next_offset;
        let bytes = slice.range.unwrap().read().unwrap();
        for batch in batches(&bytes) {
            let batch = batch.unwrap();
            batch.verify_crc().unwrap();
            let header = batch.header();
            assert!(header.base_offset.0 > last);
            last = header.last_offset().0;
            all.push((header.base_offset.0, last, batch.body().to_vec()));
        }
    }
    all
}

/// Every batch's timestamp leads to the first batch that is not older, as a walk over the log finds it.
pub(crate) fn check_times(log: &PartitionLog, story: &str) {
    let (mut all, mut at) = (Vec::new(), log.log_start_offset());
    while at < log.log_end_offset() {
        let slice = log.read(at, 1 << 20, true, UpperBound::LogEnd).unwrap();
        at = slice.next_offset;
        let bytes = slice.range.unwrap().read().unwrap();
        for batch in batches(&bytes) {
            let header = *batch.unwrap().header();
            if header.record_count == 0 {
                continue;
            }
            all.push((
                header.max_timestamp_ms,
                header.base_offset.0,
                header.last_offset().0,
            ));
        }
    }
    for (time, _, _) in &all {
        let (_, base, last) = all.iter().find(|(t, _, _)| t >= time).unwrap();
        let found = log.offset_for_timestamp(*time).unwrap().unwrap().offset;
        assert!(
            (*base..=*last).contains(&found),
            "{story}: {found} for {time}, not {base} to {last}"
        );
    }
    let largest = all.iter().map(|(time, _, _)| *time).max();
    let found = log.max_timestamp().unwrap().map(|found| found.timestamp_ms);
    assert_eq!(found, largest, "{story}");
}
