//! Tests of a log on a real file system: one bench that knows the API, and scenarios in files by subject.

mod appending;
mod reading;
mod restarting;
mod retaining;
mod syncing;
mod together;
mod transacting;
mod truncating;
mod viewing;

use super::*;
use crate::config::TimestampSource;
use crate::layout::FileKind;
use crate::log_dir::{ExpectedIdentity, LastOffsets, format_log_dir};
use crate::{CheckpointFile, HandleCache, MetaProperties};
use bytes::Bytes;
use klamm_host::os::OsDisk;
use klamm_model::{LeaderEpoch, NodeId, Offset, ProducerId, TopicName};
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord, batches};
use std::path::Path;

/// A log in a folder of its own, reopened at will.
struct Bench {
    folder: tempfile::TempDir,
    cache: Arc<HandleCache>,
    config: Arc<LogConfig>,
    log: Option<PartitionLog>,
    now_ms: i64,
}

const EPOCH: i32 = 3;

fn partition() -> TopicPartition {
    TopicPartition { topic: TopicName::new("orders").unwrap(), partition: 0 }
}

fn open_dir(path: &Path) -> (Arc<LogDir>, crate::LastRun) {
    let meta = MetaProperties {
        cluster_id: "c".into(),
        node_id: NodeId(1),
        directory_id: Uuid::from_random(1),
    };
    format_log_dir(&OsDisk, path, &meta).unwrap();
    let expected = ExpectedIdentity { cluster_id: None, node_id: NodeId(1) };
    LogDir::open(Arc::new(OsDisk), path, &expected).unwrap()
}

fn context(now_ms: i64) -> AppendContext {
    AppendContext {
        leader_epoch: EPOCH,
        now_ms,
        origin: Origin::Client,
        transactions_v2: false,
        admission: crate::Admission::Free,
    }
}

/// A batch of `count` records with 10-byte values.
fn batch(fields: &BatchFields, count: usize, timestamp_ms: i64) -> Bytes {
    let mut builder = BatchBuilder::new();
    for i in 0..count {
        let record = NewRecord {
            timestamp_ms: timestamp_ms + i as i64,
            key: None,
            value: Some(b"0123456789"),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder
        .build(fields, Codec::default(), &mut Deflater::new())
        .unwrap()
}

fn plain(count: usize, timestamp_ms: i64) -> Bytes {
    batch(&BatchFields::default(), count, timestamp_ms)
}

fn from_producer(id: i64, epoch: i16, sequence: i32, count: usize) -> Bytes {
    let fields = BatchFields {
        producer_id: ProducerId(id),
        producer_epoch: epoch,
        base_sequence: sequence,
        ..BatchFields::default()
    };
    batch(&fields, count, 1000)
}

impl Bench {
    fn new(config: LogConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self {
            folder,
            cache: HandleCache::new(100),
            config: Arc::new(config),
            log: None,
            now_ms: 1_000_000,
        };
        let (dir, _) = open_dir(bench.folder.path());
        let config = Arc::clone(&bench.config);
        let id = Some(Uuid::from_random(9));
        let log = PartitionLog::create(&dir, &bench.cache, partition(), id, config, bench.now_ms);
        bench.log = Some(log.unwrap());
        bench
    }

    /// Segments of 1 KiB with an index entry for nearly every batch.
    fn small() -> Self {
        Self::new(small_segments())
    }

    fn log(&mut self) -> &mut PartitionLog {
        self.log.as_mut().unwrap()
    }

    fn append(&mut self, records: &Bytes) -> Appended {
        self.try_append(records).unwrap()
    }

    fn try_append(&mut self, records: &Bytes) -> Result<Appended, AppendError> {
        self.now_ms += 1;
        let context = context(self.now_ms);
        let appended = self.log().append_as_leader(records, context)?;
        let end = self.log().log_end_offset();
        self.log().set_high_watermark(end);
        Ok(appended)
    }

    fn sync(&mut self, scope: SyncScope) {
        if let Some(work) = self.log().sync_work(scope).unwrap() {
            let done = work.run();
            self.log().synced(done);
        }
    }

    fn offsets(&self) -> LastOffsets {
        let log = self.log.as_ref().unwrap();
        LastOffsets {
            clean: false,
            recovery_point: log.recovery_point(),
            knows_recovery_point: true,
            log_start: log.log_start_offset(),
            high_watermark: log.high_watermark(),
            cleaned: log.cleaned_to(),
        }
    }

    /// Stops in order and starts again.
    fn restart(&mut self) {
        if let Some(work) = self.log().prepare_close().unwrap() {
            let done = work.run();
            self.log().synced(done);
        }
        let last = LastOffsets { clean: true, ..self.offsets() };
        assert_eq!(last.recovery_point, self.log().log_end_offset());
        let recovery = self.reopen(last);
        assert_eq!(recovery, None);
    }

    /// Stops without a word and starts again.
    fn crash(&mut self) -> RecoveryReport {
        let last = self.offsets();
        self.reopen(last).unwrap()
    }

    fn reopen(&mut self, last: LastOffsets) -> Option<RecoveryReport> {
        self.log = None;
        let (dir, _) = open_dir(self.folder.path());
        let config = Arc::clone(&self.config);
        let opened =
            PartitionLog::open(&dir, &self.cache, partition(), config, last, self.now_ms).unwrap();
        self.log = Some(opened.log);
        opened.recovery
    }

    fn read(&self, offset: i64, max_bytes: usize) -> Vec<(i64, i64)> {
        self.read_to(offset, max_bytes, UpperBound::HighWatermark).0
    }

    /// First and last offsets of the batches that a read gives, and the offset to read on from.
    fn read_to(&self, offset: i64, max_bytes: usize, upper: UpperBound) -> (Vec<(i64, i64)>, i64) {
        let log = self.log.as_ref().unwrap();
        let slice = log.read(offset, max_bytes, true, upper).unwrap();
        let bytes = slice
            .range
            .as_ref()
            .map_or(Vec::new(), |r| r.read().unwrap());
        let found = batches(&bytes).map(|b| {
            let b = b.unwrap();
            b.verify_crc().unwrap();
            (b.header().base_offset.0, b.header().last_offset().0)
        });
        (found.collect(), slice.next_offset)
    }

    /// All batches from the log's start.
    fn read_all(&self) -> Vec<(i64, i64)> {
        let log = self.log.as_ref().unwrap();
        let (mut all, mut at) = (Vec::new(), log.log_start_offset());
        while at < log.log_end_offset() {
            let (found, next) = self.read_to(at, 300, UpperBound::LogEnd);
            assert!(next > at, "no progress at {at}");
            all.extend(found);
            at = next;
        }
        all
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("orders-0").join(name)
    }

    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.path("")).unwrap();
        let mut names: Vec<_> = files
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn small_segments() -> LogConfig {
    LogConfig {
        segment_bytes: 1024,
        index_interval_bytes: 100,
        ..LogConfig::default()
    }
}

fn spans(count: i64, each: i64) -> Vec<(i64, i64)> {
    (0..count)
        .map(|i| (i * each, i * each + each - 1))
        .collect()
}
