//! Orderly stops, crashes, damage.

use super::*;

fn filled() -> Bench {
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    bench
}

#[test]
fn an_orderly_restart_finds_everything() {
    let mut bench = filled();
    bench.restart();
    assert_eq!(bench.read_all(), spans(30, 5));
    assert_eq!(bench.log().topic_id(), Some(Uuid::from_random(9)));
    assert_eq!(bench.log().latest_epoch(), Some(EPOCH));
    bench.append(&plain(5, 9));
    bench.restart();
    assert_eq!(bench.read_all(), spans(31, 5));
}

#[test]
fn a_crash_without_loss_finds_everything() {
    let mut bench = filled();
    let report = bench.crash();
    assert_eq!(report.cut, None);
    assert!(report.bytes_checked > 3000);
    assert_eq!(bench.read_all(), spans(30, 5));
}

#[test]
fn recovery_reads_from_the_recovery_point_only() {
    let mut bench = filled();
    bench.sync(SyncScope::All);
    assert_eq!(bench.log().recovery_point(), 150);
    bench.append(&plain(5, 9));
    let report = bench.crash();
    assert_eq!(report.bytes_checked, plain(5, 9).len() as u64);
    assert_eq!(report.segments_read, 1);
    assert_eq!(bench.read_all(), spans(31, 5));
}

#[test]
fn a_torn_tail_is_cut() {
    let mut bench = filled();
    let name = FileKind::Log.file_name(bench.log().segments().last().unwrap().base_offset);
    let path = bench.path(&name);
    let len = std::fs::metadata(&path).unwrap().len();
    std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(len - 3)
        .unwrap();
    let report = bench.crash();
    let torn = plain(5, 0).len() as u64 - 3;
    assert_eq!(report.cut, Some((torn, "a torn batch")));
    assert_eq!(bench.read_all(), spans(29, 5));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), len - 3 - torn);
    assert_eq!(bench.append(&plain(5, 0)).base_offset, 145);
}

#[test]
fn damage_drops_what_follows() {
    let mut bench = filled();
    let bases: Vec<_> = bench
        .log()
        .segments()
        .iter()
        .map(|s| s.base_offset)
        .collect();
    let path = bench.path(&FileKind::Log.file_name(bases[2]));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = bench.crash();
    assert_eq!(report.segments_dropped, bases.len() - 3);
    assert!(report.cut.is_some());
    assert_eq!(bench.log().log_end_offset(), bases[2]);
    assert_eq!(bench.read_all(), spans(bases[2] / 5, 5));
    assert!(!bench.files().contains(&FileKind::Log.file_name(bases[3])));
}

#[test]
fn derived_files_are_rebuilt_from_any_state() {
    for damage in 0..4 {
        let mut bench = filled();
        bench.append(&from_producer(1, 0, 0, 5));
        if damage == 3 {
            bench.sync(SyncScope::All);
        }
        for name in bench
            .files()
            .iter()
            .filter(|n| n.contains("index") || n.contains("snapshot"))
        {
            let path = bench.path(name);
            match damage {
                0 => std::fs::remove_file(path).unwrap(),
                1 => std::fs::write(path, []).unwrap(),
                // Kafka preallocates; a crash leaves zeros.
                2 => std::fs::write(path, vec![0; 10 << 10]).unwrap(),
                _ => std::fs::write(path, vec![0x41; 1003]).unwrap(),
            }
        }
        bench.crash();
        assert_eq!(bench.read_all(), spans(31, 5), "damage {damage}");
        assert!(
            bench.append(&from_producer(1, 0, 0, 5)).duplicate,
            "damage {damage}"
        );
        let found = bench.log().offset_for_timestamp(1013).unwrap().unwrap();
        assert_eq!(found.offset, 8, "damage {damage}");
    }
}

#[test]
fn a_batch_of_an_older_leader_behind_a_newer_one_is_cut() {
    let mut bench = Bench::new(LogConfig::default());
    let at = |offset, epoch| {
        let (base_offset, leader_epoch) = (Offset(offset), LeaderEpoch(epoch));
        batch(
            &BatchFields { base_offset, leader_epoch, ..BatchFields::default() },
            2,
            0,
        )
    };
    bench.log().append_as_follower(&at(0, 1), 0).unwrap();
    bench.log().append_as_follower(&at(2, 5), 0).unwrap();
    bench.log().append_as_follower(&at(4, 4), 0).unwrap();
    let report = bench.crash();
    assert_eq!(
        report.cut.unwrap().1,
        "the leader epoch is below the one before"
    );
    assert_eq!(bench.read_all(), [(0, 1), (2, 3)]);
    assert_eq!(bench.log().epoch_history().entries(), [(1, 0), (5, 2)]);
}

#[test]
fn checkpoints_carry_what_a_restart_needs() {
    let mut bench = filled();
    bench.sync(SyncScope::All);
    let p = partition();
    let log = bench.log();
    let dir = Arc::clone(log.dir());
    let value = log.recovery_point();
    dir.write_checkpoint(CheckpointFile::RecoveryPoint, [(&p, value)].into_iter())
        .unwrap();
    bench.log = None;
    drop(dir);
    let (_dir, last) = open_dir(bench.folder.path());
    assert_eq!(last.of(&p).recovery_point, 150);
}

#[test]
fn a_partition_made_anew_inherits_nothing_from_the_checkpoints() {
    let mut bench = filled();
    bench.sync(SyncScope::All);
    bench.log().advance_log_start(120).unwrap();
    let p = partition();
    let dir = Arc::clone(bench.log().dir());
    for (file, value) in [
        (CheckpointFile::RecoveryPoint, 150),
        (CheckpointFile::LogStart, 120),
        (CheckpointFile::HighWatermark, 150),
    ] {
        dir.write_checkpoint(file, [(&p, value)].into_iter())
            .unwrap();
    }
    let gone = bench.log.take().unwrap().delete(77).unwrap();
    dir.remove_folder(&gone).unwrap();
    let (cache, config) = (Arc::clone(&bench.cache), Arc::clone(&bench.config));
    let log = PartitionLog::create(&dir, &cache, p.clone(), None, config, 0).unwrap();
    bench.log = Some(log);
    bench.append(&plain(2, 5));
    bench.log = None;
    drop(dir);
    let (_dir, last) = open_dir(bench.folder.path());
    let nothing = LastOffsets { knows_recovery_point: true, ..LastOffsets::default() };
    assert_eq!(last.of(&p), nothing);
}

#[test]
fn a_stale_recovery_point_does_not_outlive_a_truncation() {
    let mut bench = filled();
    bench.sync(SyncScope::All);
    let p = partition();
    let stale = bench.log().recovery_point();
    let dir = Arc::clone(bench.log().dir());
    dir.write_checkpoint(CheckpointFile::RecoveryPoint, [(&p, stale)].into_iter())
        .unwrap();
    bench.log().truncate_to(60, 0).unwrap();
    // Written by someone who asked the log before it was cut.
    dir.write_checkpoint(CheckpointFile::RecoveryPoint, [(&p, stale)].into_iter())
        .unwrap();
    bench.log = None;
    drop(dir);
    let (_dir, last) = open_dir(bench.folder.path());
    assert_eq!(last.of(&p).recovery_point, 60);
}

#[test]
fn a_log_without_records_is_a_folder_until_the_first_one_comes() {
    let mut bench = Bench::small();
    assert_eq!(bench.files(), [""; 0]);
    bench.restart();
    let last = bench.offsets();
    assert_eq!(bench.reopen(last), None);
    assert_eq!(bench.files(), [""; 0]);
    assert_eq!(bench.read_all(), []);
    let id = Uuid::from_random(9);
    bench.log().assign_topic_id(id).unwrap();
    bench.append(&plain(5, 1000));
    let report = bench.crash();
    assert_eq!((report.cut, bench.read_all()), (None, spans(1, 5)));
    assert_eq!(bench.log().topic_id(), Some(id));
}

#[test]
fn a_view_of_a_log_that_was_just_opened_uses_the_handle_of_the_log() {
    let mut bench = filled();
    bench.restart();
    let view = bench.log().view();
    view.segments.active().open(&view.files).unwrap();
    assert!(bench.log().active_segment().log.held().is_some());
}

#[test]
fn an_idle_log_is_small() {
    // More here is more for each of very many logs: what few of them have belongs behind a pointer.
    let bytes = size_of::<PartitionLog>();
    assert!(bytes <= 680, "{bytes}");
}
