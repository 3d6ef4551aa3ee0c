//! The cleaner: what stays of a compacted log, and that nothing else changes.

mod due;
mod power;
mod swaps;
mod transactions;

use crate::store::{check_times, context, marker, open_dir, open_log, partition, producer};
use bytes::Bytes;
use klamm_host::{Disk, OpenMode};
use klamm_host_sim::{CrashPolicy, DiskFault, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::{
    BatchBuilder, BatchFields, Codec, Compression, Deflater, EndTransaction, HeaderView,
    InflateLimit, Inflater, NewRecord, Records, batches,
};
use klamm_storage::{
    CheckpointFile, CleanError, CleanLimits, CleanStats, CleanView, CleanedSegment, HandleCache,
    LogConfig, LogDir, Opened, Origin, PartitionLog, Step, SyncScope, UpperBound,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const DATA: &str = "/data";
const LIMITS: CleanLimits = CleanLimits { map_bytes: 1 << 20, io_bytes: 512, seed: 1 };
const HORIZON_MS: i64 = 1000;

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 600,
        index_interval_bytes: 100,
        cleanup_compact: true,
        cleanup_delete: false,
        delete_retention_ms: HORIZON_MS,
        producer_id_expiration_ms: i64::MAX,
        ..LogConfig::default()
    }
}

/// A log with one directory, and the time of its next record.
struct Bench {
    disk: SimDisk,
    dir: Arc<LogDir>,
    log: PartitionLog,
    now_ms: i64,
}

type KeyValue<'a> = (&'a str, Option<&'a str>);

/// A record as a consumer sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    offset: i64,
    key: Option<String>,
    value: Option<String>,
    timestamp_ms: i64,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Bench {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: LogConfig) -> Self {
        let disk = SimDisk::new();
        let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
        let cache = HandleCache::new(4);
        let log = PartitionLog::create(&dir, &cache, partition("t"), None, Arc::new(config), 0);
        Self { disk, dir, log: log.unwrap(), now_ms: 1000 }
    }

    /// Appends one batch; gives its first offset.
    fn append(&mut self, bytes: &Bytes, origin: Origin) -> i64 {
        let base = self
            .log
            .append_as_leader(bytes, context(origin))
            .unwrap()
            .base_offset;
        self.log.set_high_watermark(self.log.log_end_offset());
        base
    }

    fn put(&mut self, records: &[KeyValue<'_>]) -> i64 {
        self.put_from(&BatchFields::default(), records)
    }

    fn put_as(
        &mut self,
        records: &[KeyValue<'_>],
        fields: &BatchFields,
        codec: Compression,
    ) -> i64 {
        let bytes = keyed(records, self.now_ms, fields, codec);
        self.now_ms += 1;
        self.append(&bytes, Origin::Client)
    }

    /// One key, overwritten: a segment for each value.
    fn put_in_segments(&mut self, values: std::ops::Range<i32>) {
        for value in values {
            self.put(&[("a", Some(&value.to_string()))]);
            self.close_segment();
        }
    }

    /// Appends one batch of a producer, uncompressed.
    fn put_from(&mut self, producer: &BatchFields, records: &[KeyValue<'_>]) -> i64 {
        self.put_as(records, producer, Compression::None)
    }

    /// Cleans until the first group of segments has its replacement.
    fn clean_first_group(&mut self) -> (CleanView, CleanedSegment) {
        self.sync(SyncScope::All);
        let view = self.log.clean_view().unwrap();
        let dirtiness = view.dirtiness(1).unwrap();
        let marks = self.log.producer_marks();
        let mut cleaning = view.begin(&dirtiness, marks, LIMITS, 1).unwrap();
        match cleaning.step(u64::MAX).unwrap() {
            Step::Swap(segment) => (view, segment),
            _ => panic!("no group"),
        }
    }

    /// A roll, and the sync that follows it soon: all before is closed and on disk.
    fn close_segment(&mut self) {
        self.log.roll(self.now_ms).unwrap();
        self.sync(SyncScope::Data);
    }

    fn clean(&mut self) -> CleanStats {
        let now_ms = self.now_ms;
        clean(&mut self.log, now_ms, LIMITS, u64::MAX).unwrap()
    }

    fn seen(&self) -> Vec<Seen> {
        seen(&self.log, UpperBound::LogEnd)
    }

    /// Offset, key and value of every record.
    fn short(&self) -> Vec<(i64, String, Option<String>)> {
        let short = |s: Seen| (s.offset, s.key.unwrap_or_default(), s.value);
        self.seen().into_iter().map(short).collect()
    }

    fn offsets(&self) -> Vec<i64> {
        self.seen().iter().map(|s| s.offset).collect()
    }

    fn names(&self) -> Vec<String> {
        let folder = Path::new(DATA).join("t-0");
        let entries = self.disk.mount().list(&folder).unwrap();
        entries.into_iter().map(|e| e.name).collect()
    }

    fn sync(&mut self, scope: SyncScope) {
        if let Some(work) = self.log.sync_work(scope).unwrap() {
            let done = work.run();
            self.log.synced(done);
        }
    }

    fn checkpoint(&mut self) {
        self.sync(SyncScope::All);
        let tp = partition("t");
        let cleaned = self.log.cleaned_to();
        for (file, value) in [
            (
                CheckpointFile::RecoveryPoint,
                Some(self.log.recovery_point()),
            ),
            (CheckpointFile::LogStart, Some(self.log.log_start_offset())),
            (
                CheckpointFile::HighWatermark,
                Some(self.log.high_watermark()),
            ),
            (CheckpointFile::Cleaner, cleaned),
        ] {
            let lines: Vec<_> = value.map(|v| (&tp, v)).into_iter().collect();
            self.dir.write_checkpoint(file, lines.into_iter()).unwrap();
        }
    }

    /// Kills the process and starts again.
    fn restart(self, policy: CrashPolicy, config: &LogConfig) -> Self {
        let Self { disk, dir, log, now_ms } = self;
        drop((dir, log));
        disk.crash(policy, &mut SimRng::new(1));
        let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
        let Opened { mut log, .. } = open_log(&dir, &last, "t", config).unwrap();
        log.set_high_watermark(log.log_end_offset());
        Self { disk, dir, log, now_ms }
    }
}

fn keyed(records: &[KeyValue<'_>], now_ms: i64, fields: &BatchFields, codec: Compression) -> Bytes {
    let mut builder = BatchBuilder::new();
    for (key, value) in records {
        let header = [HeaderView { key: b"h", value: Some(key.as_bytes()) }];
        let record = NewRecord {
            timestamp_ms: now_ms,
            key: (!key.is_empty()).then_some(key.as_bytes()),
            value: value.map(str::as_bytes),
            headers: &header,
        };
        builder.append(&record).unwrap();
    }
    builder
        .build(fields, Codec::from(codec), &mut Deflater::new())
        .unwrap()
}

/// One whole pass, in steps of so many bytes.
fn clean(
    log: &mut PartitionLog,
    now_ms: i64,
    limits: CleanLimits,
    step: u64,
) -> Result<CleanStats, CleanError> {
    let Some(mut view) = log.clean_view() else {
        return Ok(CleanStats::default());
    };
    let mut dirtiness = view.dirtiness(now_ms)?;
    if view.wants_full_sync(&dirtiness) {
        log.sync_in_place(SyncScope::All)?;
        view = log.clean_view().ok_or(CleanError::Abandoned)?;
        dirtiness = view.dirtiness(now_ms)?;
    }
    if dirtiness.cleanable_bytes == 0 {
        return Ok(CleanStats::default());
    }
    let mut cleaning = view.begin(&dirtiness, log.producer_marks(), limits, now_ms)?;
    loop {
        match cleaning.step(step)? {
            Step::More => {}
            Step::Swap(segment) => {
                let done = log.begin_swap(segment)?.run()?;
                log.end_swap(done).remove()?;
            }
            Step::Done(end) => {
                log.note_cleaned(&view, end)?;
                return Ok(cleaning.stats());
            }
        }
    }
}

/// Everything that a reader from the start gets. Checks order and CRCs, and that no read stalls.
fn seen(log: &PartitionLog, upper: UpperBound) -> Vec<Seen> {
    let (mut all, mut at) = (Vec::new(), log.log_start_offset());
    let end = match upper {
        UpperBound::LastStable => log.last_stable_offset(),
        _ => log.log_end_offset(),
    };
    let mut last = -1;
    while at < end {
        let slice = log.read(at, 400, true, upper).unwrap();
        let Some(range) = slice.range else {
            // Nothing is left up to the log's end.
            break;
        };
        assert!(slice.next_offset > at, "no progress at {at}");
        at = slice.next_offset;
        for batch in batches(&range.read().unwrap()) {
            let batch = batch.unwrap();
            batch.validate_stored().unwrap();
            let header = batch.header();
            assert!(header.base_offset.0 > last, "offsets rise");
            last = header.last_offset().0;
            let is_aborted = header.is_transactional()
                && slice.aborted.iter().any(|txn| {
                    txn.producer_id == header.producer_id.0
                        && (txn.first_offset..=txn.last_offset).contains(&last)
                });
            if header.is_control() || is_aborted {
                continue;
            }
            let body = batch
                .inflate(&mut Inflater::new(), InflateLimit::bytes(1 << 20))
                .unwrap();
            for record in Records::new(header, &body) {
                let record = record.unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                all.push(Seen {
                    offset: record.offset.0,
                    key: record.key.map(text),
                    value: record.value.map(text),
                    timestamp_ms: record.timestamp_ms,
                    headers: record
                        .headers
                        .map(|h| (text(h.key), h.value.map(<[u8]>::to_vec)))
                        .collect(),
                });
            }
        }
    }
    all
}

fn some(offset: i64, key: &str, value: &str) -> (i64, String, Option<String>) {
    (offset, key.into(), Some(value.into()))
}

#[test]
fn the_newest_record_of_each_key_stays_where_it_was() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1")), ("a", Some("2"))]);
    bench.put(&[("c", Some("1"))]);
    bench.put(&[("b", Some("2")), ("d", Some("1"))]);
    let before = bench.seen();
    bench.close_segment();
    bench.put(&[("c", Some("active"))]);
    let stats = bench.clean();
    let expected = [
        some(2, "a", "2"),
        some(3, "c", "1"),
        some(4, "b", "2"),
        some(5, "d", "1"),
        some(6, "c", "active"),
    ];
    assert_eq!(
        bench.short(),
        expected,
        "the active segment counts for nothing yet"
    );
    // Timestamps and headers too.
    assert!(bench.seen()[..4].iter().all(|seen| before.contains(seen)));
    assert_eq!(
        (stats.records_before, stats.records_after, stats.keys),
        (6, 4, 4)
    );
    assert_eq!(bench.log.cleaned_to(), Some(6));
    assert_eq!(bench.log.log_start_offset(), 0);
    check_times(&bench.log, "cleaned");
    assert!(
        bench
            .names()
            .iter()
            .all(|n| !n.ends_with("d") && !n.ends_with("swap"))
    );
}

#[test]
fn records_without_a_key_go() {
    let mut bench = Bench::new();
    bench.put(&[("", Some("1")), ("a", Some("1"))]);
    bench.put(&[("", Some("2"))]);
    bench.put(&[("b", Some("1"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.short(), [some(1, "a", "1"), some(3, "b", "1")]);
}

#[test]
fn a_log_with_more_keys_than_memory_takes_several_passes() {
    let key = |n: u32| format!("key number {:05}", n % 1000);
    let mut bench = Bench::with(LogConfig { segment_bytes: 20_000, ..config() });
    for n in 0..3000 {
        bench.put(&[(&key(n), Some(&n.to_string()))]);
    }
    bench.close_segment();
    let before = bench.seen();
    let limits = CleanLimits { map_bytes: 10_000, ..LIMITS };
    let (mut passes, mut place) = (0, 0);
    while bench.log.cleaned_to() != Some(3000) {
        let stats = clean(&mut bench.log, 1, limits, 1000).unwrap();
        assert!(stats.map_bytes <= 10_000, "{stats:?}");
        assert!(
            bench.log.cleaned_to() > Some(place),
            "each pass gets further"
        );
        place = bench.log.cleaned_to().unwrap();
        passes += 1;
    }
    assert!(passes > 3, "{passes}");
    assert_eq!(bench.seen(), before[2000..]);
}

#[test]
fn one_key_larger_than_the_map_does_not_stop_it() {
    let mut bench = Bench::with(LogConfig { segment_bytes: 1 << 20, ..config() });
    let (long, other) = ("x".repeat(5000), "y".repeat(6000));
    for n in 0..3 {
        let value = n.to_string();
        bench.put(&[(&long, Some(&value)), (&other, Some(&value))]);
    }
    bench.close_segment();
    let limits = CleanLimits { map_bytes: 100, ..LIMITS };
    for _ in 0..6 {
        clean(&mut bench.log, 1, limits, 100).unwrap();
    }
    assert_eq!(bench.offsets(), [4, 5]);
}

#[test]
fn tombstones_stay_until_their_horizon_has_passed() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.put(&[("a", None), ("c", Some("1"))]);
    bench.put(&[("b", Some("2"))]);
    bench.close_segment();
    let before = bench.seen();
    bench.clean();
    let tombstone = (2, "a".to_owned(), None);
    let stays = [tombstone, some(3, "c", "1"), some(4, "b", "2")];
    assert_eq!(bench.short(), stays);
    assert!(
        bench.seen().iter().all(|seen| before.contains(seen)),
        "timestamps stay"
    );
    let horizon = bench.now_ms + HORIZON_MS;
    let first_horizon = |bench: &Bench| {
        let range = bench
            .log
            .read(2, 1, true, UpperBound::LogEnd)
            .unwrap()
            .range
            .unwrap();
        let bytes = range.read().unwrap();
        let batch = batches(&bytes).next().unwrap().unwrap();
        batch.header().delete_horizon_ms()
    };
    assert_eq!(first_horizon(&bench), Some(horizon));
    // Later passes do not move the horizon.
    bench.now_ms = horizon - 10;
    bench.put(&[("d", Some("1"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(first_horizon(&bench), Some(horizon));
    assert_eq!(bench.short()[..3], stays);
    bench.now_ms = horizon;
    bench.put(&[("e", Some("1"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(
        bench.offsets(),
        [3, 4, 5, 6],
        "the tombstone is gone, its neighbour is not"
    );
}

#[test]
fn every_codec_stays_what_it_was() {
    let mut bench = Bench::with(LogConfig { segment_bytes: 1 << 20, ..config() });
    let codecs = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    let long = "value ".repeat(50);
    for codec in codecs {
        let name = format!("{codec:?}");
        let records = [("shared", Some("1")), (&*name, Some(&*long))];
        bench.put_as(&records, &BatchFields::default(), codec);
    }
    bench.put(&[("shared", Some("2"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets(), [1, 3, 5, 7, 9, 10]);
    for (codec, offset) in codecs.into_iter().zip([1, 3, 5, 7, 9]) {
        let range = bench
            .log
            .read(offset, 1, true, UpperBound::LogEnd)
            .unwrap()
            .range
            .unwrap();
        let bytes = range.read().unwrap();
        let batch = batches(&bytes).next().unwrap().unwrap();
        assert_eq!(batch.header().compression(), Some(codec));
        assert_eq!(
            batch.header().base_offset.0,
            offset - 1,
            "the batch keeps its bounds"
        );
    }
}

#[test]
fn a_batch_larger_than_the_buffers_passes() {
    let mut bench = Bench::with(LogConfig { segment_bytes: 1 << 20, ..config() });
    let long = "x".repeat(100_000);
    for _ in 0..2 {
        bench.put(&[("a", Some(&long)), ("b", Some("1"))]);
    }
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets(), [2, 3]);
}

#[test]
fn the_end_of_a_pass_keeps_its_offset() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("", Some("no key: it goes"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets(), [0]);
    let slice = bench
        .log
        .read(1, 1 << 20, true, UpperBound::LogEnd)
        .unwrap();
    assert_eq!(slice.next_offset, 2, "a reader gets past what is gone");
    assert!(!slice.is_empty());
}

#[test]
fn small_segments_are_joined_and_every_offset_still_leads_somewhere() {
    let mut bench = Bench::with(LogConfig { segment_bytes: 2000, ..config() });
    for n in 0..40 {
        bench.put(&[(&format!("k{}", n % 7), Some(&"v".repeat(n % 40)))]);
        if n % 3 == 2 {
            bench.close_segment();
        }
    }
    bench.close_segment();
    let before = bench.log.segments().len();
    let stats = bench.clean();
    let after = bench.log.segments().len();
    assert!(
        after < before / 3 && stats.segments.0 > stats.segments.1,
        "{before} {after}"
    );
    assert_eq!(bench.offsets().len(), 7);
    for offset in 0..40 {
        let slice = bench.log.read(offset, 1, true, UpperBound::LogEnd).unwrap();
        assert!(slice.next_offset > offset);
    }
    check_times(&bench.log, "joined");
    let offsets = bench.offsets();
    bench.checkpoint();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.offsets(), offsets);
    assert_eq!(bench.log.cleaned_to(), Some(40));
    bench.put(&[("k1", Some("new"))]);
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets().len(), 7);
}

#[test]
fn a_joined_segment_is_as_old_as_the_newest_of_its_sources() {
    let mut bench = Bench::with(LogConfig { segment_bytes: 2000, ..config() });
    let first_log = Path::new(DATA).join("t-0/00000000000000000000.log");
    let file = |bench: &Bench, base: i64| {
        let path = first_log.with_file_name(format!("{base:020}.log"));
        bench.disk.mount().open(&path, OpenMode::Read).unwrap()
    };
    let mut ages_ms = Vec::new();
    for n in 0..4 {
        bench.put(&[(&format!("k{n}"), Some("v"))]);
        bench.close_segment();
        ages_ms.push(1_000_000 + 1000 * n);
    }
    let sources: Vec<_> = bench.log.segments().iter().map(|s| s.base_offset).collect();
    for (base, age_ms) in sources.iter().zip(&ages_ms) {
        file(&bench, *base).set_modified_ms(*age_ms).unwrap();
    }
    bench.disk.set_wall_clock(|| 9_000_000);
    let stats = bench.clean();
    assert_eq!(stats.segments, (4, 1));
    assert_eq!(file(&bench, 0).modified_ms().unwrap(), ages_ms[3]);
}
