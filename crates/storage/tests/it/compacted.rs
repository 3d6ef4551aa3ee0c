//! The cleaner: what stays of a compacted log, and that nothing else changes.

use crate::store::{check_times, context, marker, open_dir, open_log, partition, producer};
use bytes::Bytes;
use klamm_host::{Disk, OpenMode};
use klamm_host_sim::{CrashPolicy, DiskFault, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::{
    BatchBuilder, BatchFields, Codec, Compression, Deflater, EndTransaction, HeaderView,
    InflateLimit, Inflater, NewRecord, Records, batches,
};
use klamm_storage::{
    CheckpointFile, CleanError, CleanLimits, CleanStats, HandleCache, LogConfig, LogDir, Opened,
    Origin, PartitionLog, Step, SyncScope, UpperBound,
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
        self.put_as(records, &BatchFields::default(), Compression::None)
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
    let Some(view) = log.clean_view() else {
        return Ok(CleanStats::default());
    };
    let dirtiness = view.dirtiness(now_ms)?;
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
fn a_record_replaces_none_before_it_is_on_disk() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.close_segment();
    bench.put(&[("a", Some("2")), ("b", Some("2"))]);
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    bench.clean();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(
        bench.short(),
        [some(0, "a", "1"), some(1, "b", "1")],
        "the power took the newer ones"
    );
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.clean();
    let last = bench.offsets().last().copied().unwrap_or_default();
    assert_eq!(bench.short(), [some(1, "b", "1"), some(last, "a", "3")]);
}

#[test]
fn the_log_ends_where_the_power_left_it_though_a_later_segment_has_a_name() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.sync(SyncScope::All);
    bench.checkpoint();
    bench.put(&[("c", Some("1")), ("d", Some("1"))]);
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    // The folder is synced for some other reason, the segment's end is not.
    let folder = Path::new(DATA).join("t-0");
    bench.disk.mount().sync_dir(&folder).unwrap();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.short(), [some(0, "a", "1"), some(1, "b", "1")]);
    assert_eq!(bench.log.log_end_offset(), 2, "no offset is left out");
    bench.put(&[("c", Some("2"))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
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
fn aborted_records_go_at_once_and_their_marker_later() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put_as(
        &[("a", Some("aborted"))],
        &producer(7, 0, true),
        Compression::None,
    );
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    bench.put_as(
        &[("b", Some("kept"))],
        &producer(7, 1, true),
        Compression::None,
    );
    bench.append(&marker(7, EndTransaction::Commit), Origin::Coordinator);
    // The producer goes on elsewhere: nothing of it must stay for its sake.
    bench.close_segment();
    bench.put_as(
        &[("z", Some("1"))],
        &producer(7, 2, false),
        Compression::None,
    );
    assert_eq!(seen(&bench.log, UpperBound::LastStable).len(), 3);
    bench.clean();
    let aborted = |bench: &Bench| {
        let slice = bench
            .log
            .read(0, 1 << 20, true, UpperBound::LastStable)
            .unwrap();
        slice.aborted.len()
    };
    assert_eq!(bench.offsets(), [0, 3, 5]);
    assert_eq!(
        aborted(&bench),
        1,
        "readers of the old files need the entry"
    );
    let markers = |bench: &Bench| {
        let range = bench
            .log
            .read(0, 1 << 20, true, UpperBound::LogEnd)
            .unwrap()
            .range
            .unwrap();
        let bytes = range.read().unwrap();
        let control = |b: &i64| *b;
        let found: Vec<i64> = batches(&bytes)
            .map(|b| *b.unwrap().header())
            .filter(|h| h.is_control())
            .map(|h| h.base_offset.0)
            .collect();
        found.iter().map(control).collect::<Vec<_>>()
    };
    assert_eq!(markers(&bench), [2, 4]);
    // The next pass finds nothing of the transaction and sets the horizon; the entry is of no use any more.
    for round in 0..2 {
        bench.put(&[("c", Some("1"))]);
        bench.close_segment();
        bench.put(&[("y", Some("1"))]);
        bench.clean();
        assert_eq!(aborted(&bench), 0);
        let left: &[i64] = if round == 0 { &[2, 4] } else { &[4] };
        assert_eq!(markers(&bench), left, "round {round}");
        bench.now_ms += HORIZON_MS;
    }
    assert!(
        bench.names().iter().all(|n| !n.contains("txnindex")),
        "{:?}",
        bench.names()
    );
}

#[test]
fn a_transaction_that_ends_beyond_the_pass_is_known_as_aborted() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put_as(
        &[("a", Some("aborted"))],
        &producer(7, 0, true),
        Compression::None,
    );
    bench.close_segment();
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    bench.clean();
    assert_eq!(seen(&bench.log, UpperBound::LastStable), bench.seen());
    assert_eq!(
        bench.short(),
        [some(0, "a", "1")],
        "the older record is the newest that counts"
    );
}

#[test]
fn nothing_is_cleaned_from_an_open_transaction_on() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("a", Some("2"))]);
    bench.close_segment();
    bench.put_as(
        &[("b", Some("open"))],
        &producer(7, 0, true),
        Compression::None,
    );
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.put(&[("a", Some("4"))]);
    bench.close_segment();
    let dirtiness = bench.log.clean_view().unwrap().dirtiness(0).unwrap();
    assert_eq!((dirtiness.first_dirty, dirtiness.clean_end), (0, 2));
    bench.clean();
    assert_eq!(bench.offsets(), [1, 2, 3, 4]);
    bench.append(&marker(7, EndTransaction::Commit), Origin::Coordinator);
    bench.clean();
    assert_eq!(bench.offsets(), [2, 4]);
}

#[test]
fn a_producer_goes_on_with_its_sequence_after_its_records_are_gone() {
    let mut bench = Bench::new();
    bench.put_as(
        &[("a", Some("1"))],
        &producer(3, 0, false),
        Compression::None,
    );
    bench.put_as(
        &[("a", Some("2"))],
        &producer(3, 1, false),
        Compression::None,
    );
    for _ in 0..2 {
        bench.put(&[("a", Some("3"))]);
    }
    bench.close_segment();
    bench.put(&[("b", Some("1"))]);
    bench.clean();
    assert_eq!(bench.offsets(), [3, 4]);
    // Nothing but the log says so.
    for name in bench.names() {
        if name.ends_with("snapshot") {
            let path = Path::new(DATA).join("t-0").join(name);
            bench.disk.mount().remove_file(&path).unwrap();
        }
    }
    let mut bench = bench.restart(CrashPolicy::KeepAll, &config());
    let again = keyed(
        &[("a", Some("2"))],
        0,
        &producer(3, 1, false),
        Compression::None,
    );
    let appended = bench
        .log
        .append_as_leader(&again, context(Origin::Client))
        .unwrap();
    assert!(
        appended.duplicate && appended.base_offset == 1,
        "{appended:?}"
    );
    bench.put_as(
        &[("a", Some("4"))],
        &producer(3, 2, false),
        Compression::None,
    );
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

#[test]
fn records_younger_than_the_lag_are_left_alone() {
    let config = LogConfig { min_compaction_lag_ms: 100, ..config() };
    let mut bench = Bench::with(config);
    bench.now_ms = 1000;
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("a", Some("2"))]);
    bench.close_segment();
    bench.now_ms = 2000;
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.now_ms = 2050;
    bench.clean();
    assert_eq!(bench.offsets(), [1, 2]);
    bench.now_ms = 2101;
    bench.clean();
    assert_eq!(bench.offsets(), [2]);
}

#[test]
fn a_log_is_due_by_ratio_and_by_age() {
    let mut bench = Bench::with(LogConfig { max_compaction_lag_ms: 500, ..config() });
    bench.now_ms = 1000;
    bench.put(&[("a", Some("1"))]);
    bench.close_segment();
    let due = |bench: &Bench, now_ms| {
        let view = bench.log.clean_view().unwrap();
        let dirtiness = view.dirtiness(now_ms).unwrap();
        (dirtiness.delay_ms, dirtiness.is_due(view.config()))
    };
    assert_eq!(due(&bench, 1200), (0, true), "nothing was ever clean");
    bench.clean();
    assert!(bench.log.clean_view().is_none(), "and now all is");
    bench.put(&[("b", None)]);
    bench.close_segment();
    assert_eq!(due(&bench, 1200), (0, false), "less than half is dirty");
    assert_eq!(due(&bench, 1600), (99, true));
    let other = LogConfig { cleanup_compact: false, ..config() };
    bench.log.set_config(Arc::new(other));
    assert!(bench.log.clean_view().is_none());
}

#[test]
fn damage_leaves_the_log_as_it_is() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    let at = bench.log.size_bytes() + 70;
    bench.put(&[("a", Some("2"))]);
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    let path = Path::new(DATA).join("t-0/00000000000000000000.log");
    let mounted = bench.disk.mount();
    let file = mounted.open(&path, OpenMode::ReadWrite).unwrap();
    file.write_all_at(&[std::io::IoSlice::new(b"!")], at)
        .unwrap();
    let before = bench.names();
    let error = clean(&mut bench.log, 1, LIMITS, 10).unwrap_err();
    assert!(error.is_lasting(), "{error}");
    assert_eq!(bench.names(), before);
    assert!(bench.dir.is_online());
}

#[test]
fn a_pass_over_a_log_that_was_cut_changes_nothing() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[("a", Some(&n.to_string()))]);
        bench.close_segment();
    }
    let view = bench.log.clean_view().unwrap();
    let dirtiness = view.dirtiness(1).unwrap();
    let marks = bench.log.producer_marks();
    let mut cleaning = view.begin(&dirtiness, marks, LIMITS, 1).unwrap();
    let Step::Swap(segment) = cleaning.step(u64::MAX).unwrap() else {
        panic!("one group")
    };
    // Cut, and filled again with the same number of bytes.
    bench.log.truncate_to(3, 1).unwrap();
    for n in 3..6 {
        bench.put(&[("a", Some(&n.to_string()))]);
        bench.close_segment();
    }
    let before = bench.names();
    assert!(matches!(
        bench.log.begin_swap(segment),
        Err(CleanError::Abandoned)
    ));
    assert!(matches!(
        bench.log.note_cleaned(&view, 6),
        Err(CleanError::Abandoned)
    ));
    assert_eq!(bench.offsets(), [0, 1, 2, 3, 4, 5]);
    assert!(before.iter().any(|n| n.ends_with("cleaned")));
    assert!(bench.names().iter().all(|n| !n.ends_with("cleaned")));
    bench.clean();
    assert_eq!(bench.offsets(), [5]);
}

#[test]
fn a_pass_over_segments_that_retention_took_changes_nothing() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[("a", Some(&n.to_string()))]);
        bench.close_segment();
    }
    let view = bench.log.clean_view().unwrap();
    let dirtiness = view.dirtiness(1).unwrap();
    let mut cleaning = view
        .begin(&dirtiness, bench.log.producer_marks(), LIMITS, 1)
        .unwrap();
    let Step::Swap(segment) = cleaning.step(u64::MAX).unwrap() else {
        panic!("one group")
    };
    bench.log.advance_log_start(2).unwrap();
    let gone = bench.log.expired(1).unwrap().unwrap();
    gone.mark().unwrap();
    gone.remove().unwrap();
    assert!(matches!(
        bench.log.begin_swap(segment),
        Err(CleanError::Abandoned)
    ));
    assert_eq!(bench.offsets(), [2, 3, 4, 5]);
    assert!(bench.names().iter().all(|n| !n.ends_with("cleaned")));
}

#[test]
fn what_a_reader_holds_outlives_the_swap() {
    let mut bench = Bench::new();
    for n in 0..4 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    let held = bench
        .log
        .read(0, 1 << 20, true, UpperBound::LogEnd)
        .unwrap()
        .range
        .unwrap();
    let before = held.read().unwrap();
    bench.clean();
    assert_eq!(held.read().unwrap(), before);
    assert_eq!(bench.offsets(), [3]);
}

#[test]
fn readers_are_served_while_files_change_places() {
    let mut bench = Bench::new();
    bench.put_as(
        &[("a", Some("0"))],
        &producer(7, 0, true),
        Compression::None,
    );
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    for n in 0..4 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    bench.put(&[("b", None)]);
    let view = bench.log.clean_view().unwrap();
    let dirtiness = view.dirtiness(1).unwrap();
    let mut cleaning = view
        .begin(&dirtiness, bench.log.producer_marks(), LIMITS, 1)
        .unwrap();
    let Step::Swap(segment) = cleaning.step(u64::MAX).unwrap() else {
        panic!("one group")
    };
    let work = bench.log.begin_swap(segment).unwrap();
    // The names on disk are still the old ones.
    assert_eq!(bench.offsets(), [5, 6]);
    assert_eq!(seen(&bench.log, UpperBound::LastStable), bench.seen());
    check_times(&bench.log, "between");
    assert!(bench.log.expired(1).unwrap().is_none());
    let done = work.run().unwrap();
    let old = bench.log.end_swap(done);
    assert_eq!(bench.offsets(), [5, 6]);
    assert!(bench.names().iter().any(|n| n.ends_with(".log.deleted")));
    old.remove().unwrap();
    assert!(bench.names().iter().all(|n| !n.ends_with("deleted")));
}

#[test]
fn a_swap_that_never_ran_takes_the_directory_offline() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("0"))]);
    bench.close_segment();
    let view = bench.log.clean_view().unwrap();
    let dirtiness = view.dirtiness(1).unwrap();
    let mut cleaning = view
        .begin(&dirtiness, bench.log.producer_marks(), LIMITS, 1)
        .unwrap();
    let Step::Swap(segment) = cleaning.step(u64::MAX).unwrap() else {
        panic!("one group")
    };
    drop(bench.log.begin_swap(segment).unwrap());
    assert!(!bench.dir.is_online());
}

#[test]
fn a_full_volume_ends_a_pass_and_nothing_else() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    let before = bench.names();
    bench.disk.inject(DiskFault::once(
        OpFilter::Is(klamm_host_sim::DiskOp::Write),
        0,
        Effect::Enospc,
    ));
    let error = clean(&mut bench.log, 1, LIMITS, 10).unwrap_err();
    assert!(!error.is_lasting() && bench.dir.is_online(), "{error}");
    assert_eq!(bench.names(), before);
    bench.clean();
    assert_eq!(bench.offsets(), [5]);
}

#[test]
fn a_log_that_is_not_compacted_any_more_keeps_what_lies_behind_a_hole() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("", Some("it goes"))]);
    bench.close_segment();
    bench.put(&[("b", Some("x".repeat(450).as_str()))]);
    bench.close_segment();
    bench.put(&[("c", Some("1"))]);
    // Two groups: the first one's end is a hole.
    bench.clean();
    bench.sync(SyncScope::Data);
    let tp = partition("t");
    let line = [(&tp, bench.log.cleaned_to().unwrap())];
    bench
        .dir
        .write_checkpoint(CheckpointFile::Cleaner, line.into_iter())
        .unwrap();
    let offsets = bench.offsets();
    assert_eq!(offsets, [0, 2, 3]);
    let plain = LogConfig { cleanup_compact: false, cleanup_delete: true, ..config() };
    let bench = bench.restart(CrashPolicy::DropUnsynced, &plain);
    assert_eq!(bench.offsets(), offsets);
}

#[test]
fn a_cut_lowers_the_cleaners_place_on_disk_before_anything_is_cut() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[(&n.to_string(), Some("1"))]);
    }
    bench.close_segment();
    bench.clean();
    bench.checkpoint();
    assert_eq!(bench.log.cleaned_to(), Some(6));
    bench.log.truncate_to(2, 1).unwrap();
    assert_eq!(bench.log.cleaned_to(), Some(2));
    for n in 0..6 {
        bench.put(&[(&n.to_string(), Some("2"))]);
    }
    bench.sync(SyncScope::Data);
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.log.cleaned_to(), Some(2));
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets(), [2, 3, 4, 5, 6, 7]);
}

/// A log with every kind of record, and the state that its readers must still find after any crash.
fn mixed(disk: &SimDisk) -> Option<(Arc<LogDir>, PartitionLog)> {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA))?;
    let cache = HandleCache::new(3);
    let log = PartitionLog::create(&dir, &cache, partition("t"), None, Arc::new(config()), 0);
    let mut log = log.ok()?;
    let mut append = |bytes: &Bytes, origin| {
        log.append_as_leader(bytes, context(origin)).ok()?;
        log.set_high_watermark(log.log_end_offset());
        Some(())
    };
    for n in 0..16i32 {
        let (key, value) = (format!("k{}", n % 5), n.to_string());
        let record = [(&*key, (n % 6 != 5).then_some(&*value))];
        let codec = if n % 2 == 0 {
            Compression::None
        } else {
            Compression::Lz4
        };
        let fields = if n % 4 == 0 {
            producer(7, n / 4, true)
        } else {
            BatchFields::default()
        };
        append(
            &keyed(&record, 1000 + i64::from(n), &fields, codec),
            Origin::Client,
        )?;
        if n % 4 == 0 {
            let end = if n % 8 == 0 {
                EndTransaction::Abort
            } else {
                EndTransaction::Commit
            };
            append(&marker(7, end), Origin::Coordinator)?;
        }
    }
    log.roll(2000).ok()?;
    let work = log.sync_work(SyncScope::All).ok()??;
    let done = work.run();
    let fine = done.is_ok();
    log.synced(done);
    fine.then_some((dir, log))
}

/// The newest value of each key, tombstones as none: what a compacted log promises to every reader.
fn newest(log: &PartitionLog) -> BTreeMap<String, Option<String>> {
    let all = seen(log, UpperBound::LastStable);
    all.into_iter().map(|s| (s.key.unwrap(), s.value)).collect()
}

#[test]
fn the_power_may_go_before_any_call_of_a_pass() {
    let (disk, mut tried) = (SimDisk::new(), 0);
    let (_dir, log) = mixed(&disk).unwrap();
    let (before, promised) = (seen(&log, UpperBound::LastStable), newest(&log));
    let end = log.log_end_offset();
    let policies = [
        CrashPolicy::KeepAll,
        CrashPolicy::DropUnsynced,
        CrashPolicy::Random { torn: true, reorder: false },
        CrashPolicy::Random { torn: true, reorder: true },
        CrashPolicy::Random { torn: true, reorder: true },
        CrashPolicy::Random { torn: false, reorder: true },
    ];
    let mut outcomes = BTreeSet::new();
    for call in 0.. {
        let disk = SimDisk::new();
        let (dir, mut log) = mixed(&disk).unwrap();
        disk.inject(DiskFault::once(OpFilter::Mutating, call, Effect::PowerOff));
        let done = clean(&mut log, 5000, LIMITS, 200).is_ok();
        drop((dir, log));
        for (seed, policy) in policies.into_iter().enumerate() {
            let fork = disk.fork();
            let seed = call * 10 + seed as u64;
            fork.crash(policy, &mut SimRng::new(seed));
            let story = format!("call {call}, {policy:?}");
            let left = check_cleaned(&fork, (&before, &promised, end), &story);
            outcomes.insert(left);
            // The recovery itself is cut short, and then done again.
            for again in 0..2 {
                let fork = disk.fork();
                fork.crash(policy, &mut SimRng::new(seed));
                fork.inject(DiskFault::once(
                    OpFilter::Mutating,
                    again * 3 + call % 3,
                    Effect::PowerOff,
                ));
                let mounted: Arc<dyn Disk> = Arc::new(fork.mount());
                if let Some((dir, last)) = open_dir(&mounted, Path::new(DATA)) {
                    drop(open_log(&dir, &last, "t", &config()));
                }
                fork.crash(
                    CrashPolicy::Random { torn: true, reorder: true },
                    &mut SimRng::new(seed),
                );
                check_cleaned(
                    &fork,
                    (&before, &promised, end),
                    &format!("{story}, again {again}"),
                );
                tried += 1;
            }
        }
        if done {
            assert!(call > 20, "{call}");
            break;
        }
    }
    assert!(outcomes.len() >= 2 && tried > 300, "{outcomes:?} {tried}");
}

/// Records left; the newest value of each key is there, order and offsets are as before, and the log can be cleaned.
fn check_cleaned(
    disk: &SimDisk,
    (before, promised, end): (&[Seen], &BTreeMap<String, Option<String>>, i64),
    story: &str,
) -> usize {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).expect("the directory opens");
    let Opened { mut log, .. } = open_log(&dir, &last, "t", &config()).unwrap();
    assert_eq!(log.log_end_offset(), end, "{story}");
    log.set_high_watermark(end);
    let after = seen(&log, UpperBound::LastStable);
    assert!(
        after.iter().all(|s| before.contains(s)),
        "{story}: {after:#?}"
    );
    assert_eq!(&newest(&log), promised, "{story}");
    check_times(&log, story);
    for offset in 0..end {
        let slice = log.read(offset, 1, true, UpperBound::LogEnd).unwrap();
        assert!(
            slice.next_offset > offset || slice.is_empty(),
            "{story}: {offset}"
        );
    }
    let folder = mounted.list(&Path::new(DATA).join("t-0")).unwrap();
    let leftover =
        |n: &str| n.ends_with(".swap") || n.ends_with(".cleaned") || n.ends_with(".deleted");
    assert!(
        folder.iter().all(|e| !leftover(&e.name)),
        "{story}: {folder:?}"
    );
    clean(&mut log, 5000, LIMITS, u64::MAX).unwrap_or_else(|e| panic!("{story}: {e}"));
    assert_eq!(&newest(&log), promised, "{story}: after another pass");
    after.len()
}

#[test]
fn random_logs_keep_their_newest_values() {
    for seed in 0..150 {
        let mut rng = SimRng::new(seed);
        let mut bench = Bench::with(LogConfig {
            segment_bytes: rng.between(300, 3000) as u32,
            index_interval_bytes: rng.between(1, 300) as u32,
            ..config()
        });
        let mut sequences = [0; 3];
        let mut open = [false; 3];
        for _ in 0..rng.between(20, 120) {
            match rng.below(20) {
                0 => bench.close_segment(),
                1..=3 => {
                    let id = rng.index(3);
                    if open[id] {
                        let abort = rng.percent(50);
                        let end = if abort {
                            EndTransaction::Abort
                        } else {
                            EndTransaction::Commit
                        };
                        bench.append(&marker(id as i64, end), Origin::Coordinator);
                        open[id] = false;
                    }
                }
                4 => bench.now_ms += HORIZON_MS / 2,
                5..=6 => random_pass(&mut bench, &mut rng, seed),
                7 => {
                    bench.checkpoint();
                    let config = (**bench.log.config()).clone();
                    let policy = if rng.percent(50) {
                        CrashPolicy::KeepAll
                    } else {
                        CrashPolicy::DropUnsynced
                    };
                    bench = bench.restart(policy, &config);
                }
                8..=11 => {
                    let id = rng.index(3);
                    open[id] |= rng.percent(60);
                    let fields = producer(id as i64, sequences[id], open[id]);
                    sequences[id] += random_put(&mut bench, &mut rng, &fields);
                }
                _ => {
                    random_put(&mut bench, &mut rng, &BatchFields::default());
                }
            }
        }
        bench.close_segment();
        random_pass(&mut bench, &mut rng, seed);
        // Every producer goes on where it was.
        for id in 0..3 {
            if sequences[id] > 0 {
                let fields = producer(id as i64, sequences[id], open[id]);
                bench.put_as(&[("end", Some("1"))], &fields, Compression::None);
            }
        }
    }
}

fn random_put(bench: &mut Bench, rng: &mut SimRng, fields: &BatchFields) -> i32 {
    let count = rng.between(1, 4) as usize;
    let keys: Vec<_> = (0..count)
        .map(|_| format!("key {}", rng.below(8)))
        .collect();
    let value = rng.below(1000).to_string();
    let tombstones: Vec<_> = (0..count).map(|_| rng.percent(20)).collect();
    let records: Vec<_> = keys
        .iter()
        .zip(tombstones)
        .map(|(key, tombstone)| (&**key, (!tombstone).then_some(&*value)))
        .collect();
    let codecs = [Compression::None, Compression::Zstd, Compression::Snappy];
    bench.put_as(&records, fields, codecs[rng.index(3)]);
    count as i32
}

/// A pass: nothing new, nothing moved, and the newest of each key is what it was, a tombstone or nothing being the same.
fn random_pass(bench: &mut Bench, rng: &mut SimRng, seed: u64) {
    let before = seen(&bench.log, UpperBound::LastStable);
    let mut newest_before = newest(&bench.log);
    let limits = CleanLimits { map_bytes: rng.between(64, 4000) as usize, ..LIMITS };
    clean(&mut bench.log, bench.now_ms, limits, rng.between(1, 2000)).unwrap();
    let after = seen(&bench.log, UpperBound::LastStable);
    assert!(after.iter().all(|s| before.contains(s)), "seed {seed}");
    let mut newest_after = newest(&bench.log);
    newest_before.retain(|_, value| value.is_some());
    newest_after.retain(|_, value| value.is_some());
    assert_eq!(newest_after, newest_before, "seed {seed}");
}
