//! One file of a log directory with any content: the log opens, or says why not, and goes on.
//!
//! The first byte says which file; its highest bit whether the last run stopped in order.

use bytes::Bytes;
use klamm_host::{Disk, OpenMode};
use klamm_host_sim::SimDisk;
use klamm_model::{NodeId, TopicName, TopicPartition, Uuid};
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord};
use klamm_storage::{
    AppendContext, ExpectedIdentity, HandleCache, LogConfig, LogDir, MetaProperties, OpenDirError,
    Origin, PartitionLog, UpperBound, format_log_dir,
};
use std::io::IoSlice;
use std::path::Path;
use std::sync::Arc;

const DIR: &str = "/d";
const FILES: [&str; 15] = [
    "t-0/00000000000000000000.log",
    "t-0/00000000000000000000.index",
    "t-0/00000000000000000000.timeindex",
    "t-0/00000000000000000000.txnindex",
    "t-0/00000000000000000006.log",
    "t-0/00000000000000000006.index",
    "t-0/00000000000000000006.timeindex",
    "t-0/00000000000000000006.snapshot",
    "t-0/00000000000000000012.snapshot",
    "t-0/leader-epoch-checkpoint",
    "t-0/partition.metadata",
    "meta.properties",
    "recovery-point-offset-checkpoint",
    "log-start-offset-checkpoint",
    ".kafka_cleanshutdown",
];

/// Puts the bytes in the place of a file of a sound log.
pub(crate) fn run(data: &[u8]) {
    let Some((selector, content)) = data.split_first() else {
        return;
    };
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new());
    sound_log(&disk, selector & 0x80 != 0);
    let name = FILES[usize::from(selector & 0x7f) % FILES.len()];
    write(&*disk, name, content);
    let (dir, last) = match open_dir(&disk) {
        Ok(opened) => opened,
        Err(OpenDirError::Io { path, source }) => panic!("{}: {source}", path.display()),
        Err(_) => return,
    };
    let cache = HandleCache::new(3);
    let partition = partition();
    let of_last = last.of(&partition);
    let opened = PartitionLog::open(&dir, &cache, partition, config(), of_last, 0);
    let mut log = opened
        .expect("derived files are rebuilt, records are cut")
        .log;
    use_log(&mut log);
}

/// Every way to look at a log. Damage may be reported; it may not be served for ever.
fn use_log(log: &mut PartitionLog) {
    let end = log.log_end_offset();
    assert!(log.log_start_offset() <= end);
    log.set_high_watermark(end);
    let mut at = log.log_start_offset();
    while at < end {
        match log.read(at, 100, true, UpperBound::LastStable) {
            Ok(slice) if slice.next_offset > at => at = slice.next_offset,
            Ok(_) | Err(_) => break,
        }
    }
    for time in [i64::MIN, 0, 1_790_000_000_000, i64::MAX] {
        let _ = log.offset_for_timestamp(time);
    }
    let _ = (log.max_timestamp(), log.segments(), log.producers().count());
    let context = AppendContext {
        leader_epoch: 1 << 30,
        now_ms: 5,
        origin: Origin::Client,
        transactions_v2: false,
        admission: klamm_storage::Admission::Free,
    };
    match log.append_as_leader(&batch(6), context) {
        Ok(appended) => assert_eq!(appended.base_offset, end),
        // Only a log at the end of all offsets may refuse.
        Err(error) => assert!(end > i64::MAX - 10, "{error} at {end}"),
    }
    let _ = log.expired(0);
    let middle = log.log_start_offset() + (log.log_end_offset() - log.log_start_offset()) / 2;
    if log.truncate_to(middle, 0).is_ok() {
        assert!(log.log_end_offset() <= middle);
    }
    let _ = log.prepare_close();
}

/// Two segments of two batches each, closed in order.
fn sound_log(disk: &Arc<dyn Disk>, clean: bool) {
    let meta = MetaProperties {
        cluster_id: "c".into(),
        node_id: NodeId(0),
        directory_id: Uuid::from_random(1),
    };
    format_log_dir(&**disk, Path::new(DIR), &meta).expect("a new disk");
    let (dir, _) = open_dir(disk).expect("it was formatted");
    let cache = HandleCache::new(3);
    let log = PartitionLog::create(&dir, &cache, partition(), Some(Uuid::ONE), config(), 0);
    let mut log = log.expect("a new disk");
    let context = AppendContext {
        leader_epoch: 0,
        now_ms: 5,
        origin: Origin::Client,
        transactions_v2: false,
        admission: klamm_storage::Admission::Free,
    };
    for i in 0..4 {
        if i == 2 {
            log.roll(0).expect("a sound disk");
        }
        log.append_as_leader(&batch(i), context)
            .expect("a sound disk");
    }
    log.set_high_watermark(12);
    if let Some(work) = log.prepare_close().expect("a sound disk") {
        log.synced(work.run());
    }
    if clean {
        dir.mark_clean_stop(1).expect("a sound disk");
    }
    dir.close();
}

fn batch(i: i32) -> Bytes {
    let mut builder = BatchBuilder::new();
    for k in 0..3 {
        let record = NewRecord {
            timestamp_ms: 1_790_000_000_000 + i64::from(i) * 10 + k,
            key: None,
            value: Some(b"value"),
            headers: &[],
        };
        builder.append(&record).expect("small");
    }
    let fields = BatchFields {
        producer_id: klamm_model::ProducerId(1 << 40 | i64::from(i)),
        producer_epoch: i16::MAX,
        base_sequence: 0,
        ..BatchFields::default()
    };
    builder
        .build(&fields, Codec::default(), &mut Deflater::new())
        .expect("small")
}

fn config() -> Arc<LogConfig> {
    Arc::new(LogConfig {
        index_interval_bytes: 1,
        retention_ms: 1,
        ..LogConfig::default()
    })
}

fn partition() -> TopicPartition {
    TopicPartition { topic: TopicName::new("t").expect("a name"), partition: 0 }
}

fn open_dir(disk: &Arc<dyn Disk>) -> Result<(Arc<LogDir>, klamm_storage::LastRun), OpenDirError> {
    let expected = ExpectedIdentity { cluster_id: None, node_id: NodeId(0) };
    LogDir::open(Arc::clone(disk), Path::new(DIR), &expected)
}

fn write(disk: &dyn Disk, name: &str, content: &[u8]) {
    let file = disk
        .open(&Path::new(DIR).join(name), OpenMode::Create)
        .expect("a sound disk");
    file.set_len(0).expect("a sound disk");
    file.write_all_at(&[IoSlice::new(content)], 0)
        .expect("a sound disk");
}
