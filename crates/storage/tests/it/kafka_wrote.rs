//! Directories that Kafka 4.3.1 wrote: stopped in order, and copied while it ran.
//!
//! Both were made by one producer program: `plain` has 150 records in five codecs over three segments, `stamped` five
//! records with LogAppendTime, `txn` eight transactions (the second, fifth and eighth aborted), seven idempotent
//! batches of one record, and an open transaction. `segment.index.bytes` is 1200, so indexes of the running broker are
//! preallocated to that.

use crate::store::{NOW_MS, context, numbered, open_dir, open_log, partition, producer, read_all};
use klamm_host::Disk;
use klamm_host::os::OsDisk;
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord, batches};
use klamm_storage::{CheckpointFile, LogConfig, Origin, SyncScope, UpperBound};
use std::path::Path;
use std::sync::Arc;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn fixture(kind: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    copy(&fixtures.join(format!("kafka-4.3.1-{kind}")), folder.path());
    folder
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(OsDisk)
}

fn config() -> LogConfig {
    LogConfig {
        index_bytes_max: 1200,
        index_interval_bytes: 300,
        retention_ms: -1,
        ..LogConfig::default()
    }
}

#[test]
fn every_record_is_read_after_either_stop() {
    for kind in ["clean", "killed"] {
        let folder = fixture(kind);
        let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
        assert_eq!(last.clean, kind == "clean");
        assert_eq!(last.broker_epoch, (kind == "clean").then_some(16));
        for (topic, end, segments) in [("plain", 150, 3), ("stamped", 5, 1), ("txn", 88, 2)] {
            let opened = open_log(&dir, &last, topic, &config()).unwrap();
            let log = opened.log;
            assert_eq!(opened.recovery.is_some(), kind == "killed");
            assert_eq!(opened.recovery.and_then(|r| r.cut), None, "{topic}");
            assert_eq!(log.log_end_offset(), end, "{topic}");
            assert_eq!(log.segments().len(), segments, "{topic}");
            assert_eq!(log.latest_epoch(), Some(0));
            assert!(log.topic_id().is_some());
            let all = read_all(&log);
            assert_eq!(
                all.iter()
                    .map(|(base, last, _)| last - base + 1)
                    .sum::<i64>(),
                end
            );
        }
    }
}

#[test]
fn indexes_that_recovery_builds_equal_kafkas() {
    let (clean, killed) = (fixture("clean"), fixture("killed"));
    let (dir, last) = open_dir(&disk(), killed.path()).unwrap();
    for (topic, interval) in [("plain", 300), ("stamped", 4096), ("txn", 300)] {
        let config = LogConfig { index_interval_bytes: interval, ..config() };
        let mut log = open_log(&dir, &last, topic, &config).unwrap().log;
        let work = log.prepare_close().unwrap().unwrap();
        let done = work.run();
        log.synced(done);
        let folder = partition(topic).to_string();
        for entry in std::fs::read_dir(clean.path().join(&folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with("snapshot") {
                continue;
            }
            let ours = std::fs::read(killed.path().join(&folder).join(&name)).unwrap();
            let kafkas = std::fs::read(clean.path().join(&folder).join(&name)).unwrap();
            assert_eq!(ours, kafkas, "{folder}/{name}");
        }
    }
}

#[test]
fn transactions_are_known() {
    for kind in ["clean", "killed"] {
        let folder = fixture(kind);
        let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
        let mut log = open_log(&dir, &last, "txn", &config()).unwrap().log;
        log.set_high_watermark(88);
        assert_eq!(log.last_stable_offset(), 87);
        let open: Vec<_> = log
            .producers()
            .filter(|p| p.current_txn_start_offset >= 0)
            .collect();
        assert_eq!(open.len(), 1);
        assert_eq!(
            (open[0].producer_id, open[0].current_txn_start_offset),
            (7, 87)
        );
        let slice = log.read(0, 1 << 20, true, UpperBound::LastStable).unwrap();
        // The first segment has one transaction, which was committed.
        assert_eq!((slice.next_offset, slice.aborted.len()), (9, 0));
        let slice = log.read(9, 1 << 20, true, UpperBound::LastStable).unwrap();
        let aborted: Vec<_> = slice
            .aborted
            .iter()
            .map(|t| (t.first_offset, t.last_offset))
            .collect();
        assert_eq!(
            (slice.next_offset, aborted),
            (87, vec![(10, 19), (40, 49), (70, 79)])
        );
        let slice = log.read(20, 500, true, UpperBound::LastStable).unwrap();
        assert_eq!(slice.aborted, []);
    }
}

#[test]
fn an_idempotent_producer_goes_on_where_it_was() {
    for kind in ["clean", "killed"] {
        let folder = fixture(kind);
        let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
        let mut log = open_log(&dir, &last, "txn", &config()).unwrap().log;
        let newest = log.append_as_leader(
            &numbered(0, 1, &producer(6, 6, false)),
            context(Origin::Client),
        );
        let newest = newest.unwrap();
        assert_eq!((newest.duplicate, newest.base_offset), (true, 86));
        // Kafka's snapshot has the newest batch only; the other four are found in the log.
        for (sequence, offset) in [(2, 82), (3, 83), (4, 84), (5, 85)] {
            let again = numbered(0, 1, &producer(6, sequence, false));
            let again = log
                .append_as_leader(&again, context(Origin::Client))
                .unwrap();
            assert_eq!(
                (again.duplicate, again.base_offset),
                (true, offset),
                "{kind}"
            );
        }
        let gap = log.append_as_leader(
            &numbered(0, 1, &producer(6, 8, false)),
            context(Origin::Client),
        );
        assert!(gap.is_err());
        let next = log.append_as_leader(
            &numbered(0, 1, &producer(6, 7, false)),
            context(Origin::Client),
        );
        assert_eq!(next.unwrap().base_offset, 88);
    }
}

#[test]
fn times_are_found_in_every_codec() {
    let folder = fixture("clean");
    let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
    let log = open_log(&dir, &last, "plain", &config()).unwrap().log;
    let time_of = |i: i64| 1_790_000_000_000 + i * 20 + (i % 5 % 2) * 7;
    for i in 0..150 {
        let found = log.offset_for_timestamp(time_of(i)).unwrap().unwrap();
        assert_eq!((found.offset, found.timestamp_ms), (i, time_of(i)));
    }
    assert_eq!(log.offset_for_timestamp(time_of(149) + 1).unwrap(), None);
    let newest = log.max_timestamp().unwrap().unwrap();
    assert_eq!(newest.offset, 149);
}

#[test]
fn a_log_goes_on_and_stays_whole() {
    let folder = fixture("clean");
    {
        let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
        let mut log = open_log(&dir, &last, "plain", &config()).unwrap().log;
        for i in 0..20 {
            let bytes = numbered(i, 3, &BatchFields::default());
            log.append_as_leader(&bytes, context(Origin::Client))
                .unwrap();
        }
        let done = log.sync_work(SyncScope::All).unwrap().unwrap().run();
        log.synced(done);
        let done = log.prepare_close().unwrap().unwrap().run();
        log.synced(done);
        let tp = partition("plain");
        let point = [(&tp, log.recovery_point())];
        dir.write_checkpoint(CheckpointFile::RecoveryPoint, point.into_iter())
            .unwrap();
        dir.mark_clean_stop(17).unwrap();
    }
    let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
    assert_eq!(last.broker_epoch, Some(17));
    let opened = open_log(&dir, &last, "plain", &config()).unwrap();
    assert_eq!(opened.recovery, None);
    assert_eq!(
        read_all(&opened.log)
            .iter()
            .map(|(b, l, _)| l - b + 1)
            .sum::<i64>(),
        210
    );
}

#[test]
fn old_timestamps_do_not_expire_without_a_limit() {
    let folder = fixture("clean");
    let (dir, last) = open_dir(&disk(), folder.path()).unwrap();
    let mut log = open_log(&dir, &last, "plain", &config()).unwrap().log;
    log.set_high_watermark(150);
    assert!(log.expired(i64::MAX).unwrap().is_none());
    let day = LogConfig { retention_ms: 86_400_000, ..config() };
    log.set_config(Arc::new(day));
    assert!(log.expired(NOW_MS).unwrap().is_none());
    let gone = log.expired(NOW_MS + 2 * 86_400_000).unwrap().unwrap();
    gone.mark().unwrap();
    gone.remove().unwrap();
    assert_eq!(
        (
            log.log_start_offset(),
            log.log_end_offset(),
            log.size_bytes()
        ),
        (150, 150, 0)
    );
    let mut builder = BatchBuilder::new();
    let record = NewRecord { timestamp_ms: 5, key: None, value: None, headers: &[] };
    builder.append(&record).unwrap();
    let bytes = builder.build(
        &BatchFields::default(),
        Codec::default(),
        &mut Deflater::new(),
    );
    log.append_as_leader(&bytes.unwrap(), context(Origin::Client))
        .unwrap();
    let slice = log.read(150, 100, true, UpperBound::LogEnd).unwrap();
    let bytes = slice.range.unwrap().read().unwrap();
    assert_eq!(batches(&bytes).count(), 1);
}
