//! Identity, lock, checkpoints and the sticky failure of a directory.

use super::*;
use klamm_host::os::OsDisk;
use klamm_host_sim::{CrashPolicy, DiskFault, Effect, OpFilter, SimDisk, SimRng};
use klamm_model::TopicName;

fn meta() -> MetaProperties {
    MetaProperties {
        cluster_id: "abc".into(),
        node_id: NodeId(1),
        directory_id: Uuid::from_random(7),
    }
}

fn expected(cluster: Option<&str>, node: i32) -> ExpectedIdentity {
    ExpectedIdentity { cluster_id: cluster.map(Into::into), node_id: NodeId(node) }
}

fn open(path: &Path) -> Result<(Arc<LogDir>, LastRun), OpenDirError> {
    LogDir::open(Arc::new(OsDisk), path, &expected(Some("abc"), 1))
}

fn partition(p: i32) -> TopicPartition {
    TopicPartition { topic: TopicName::new("t").unwrap(), partition: p }
}

#[test]
fn a_directory_is_formatted_once_and_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    assert_eq!(format_log_dir(&OsDisk, &path, &meta()).unwrap(), meta());
    let again = MetaProperties { directory_id: Uuid::from_random(8), ..meta() };
    assert_eq!(format_log_dir(&OsDisk, &path, &again).unwrap(), meta());
    let other = MetaProperties { cluster_id: "x".into(), ..meta() };
    let refused = format_log_dir(&OsDisk, &path, &other);
    assert!(matches!(refused, Err(OpenDirError::OtherCluster { .. })));
}

#[test]
fn a_formatted_directory_is_there_after_a_power_cut() {
    let disk = SimDisk::new();
    let path = Path::new("/new/way/data");
    format_log_dir(&disk, path, &meta()).unwrap();
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    assert!(read_meta(&disk, path).unwrap().is_some());
}

#[test]
fn another_identity_and_a_second_process_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(OpenDirError::NotFormatted(_))
    ));
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let other = LogDir::open(Arc::clone(&disk), folder.path(), &expected(Some("x"), 1));
    assert!(matches!(other, Err(OpenDirError::OtherCluster { .. })));
    let other = LogDir::open(disk, folder.path(), &expected(None, 2));
    assert!(matches!(other, Err(OpenDirError::OtherNode { .. })));
    let held = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenDirError::InUse(_))));
    drop(held);
    open(folder.path()).unwrap();
}

#[test]
fn the_clean_marker_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let (dir, last) = open(folder.path()).unwrap();
    assert!(!last.clean);
    let entries = [(&partition(0), 5), (&partition(1), 7)];
    dir.write_checkpoint(CheckpointFile::RecoveryPoint, entries.into_iter())
        .unwrap();
    dir.write_checkpoint(CheckpointFile::HighWatermark, entries.into_iter())
        .unwrap();
    dir.mark_clean_stop(42).unwrap();
    drop(dir);
    let (dir, last) = open(folder.path()).unwrap();
    assert_eq!((last.clean, last.broker_epoch), (true, Some(42)));
    let expected = LastOffsets {
        clean: true,
        recovery_point: 7,
        knows_recovery_point: true,
        log_start: 0,
        high_watermark: 7,
        cleaned: None,
    };
    assert_eq!(last.of(&partition(1)), expected);
    drop(dir);
    let (_dir, last) = open(folder.path()).unwrap();
    assert!(!last.clean);
}

#[test]
fn a_damaged_checkpoint_counts_as_absent() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    std::fs::write(
        folder.path().join("recovery-point-offset-checkpoint"),
        "0\n7\n\0\0",
    )
    .unwrap();
    let (_dir, last) = open(folder.path()).unwrap();
    assert_eq!(last.of(&partition(0)), LastOffsets::default());
}

#[test]
fn a_failure_is_final_and_keeps_its_first_cause() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let (dir, _) = open(folder.path()).unwrap();
    assert!(dir.is_online());
    dir.fail("first");
    dir.fail("second");
    assert!(!dir.is_online());
    assert_eq!(dir.failure().as_deref(), Some("first"));
    let refused = dir.mark_clean_stop(1);
    assert!(matches!(refused, Err(StorageError::Offline { .. })));
    assert!(!folder.path().join(".kafka_cleanshutdown").exists());
}

#[test]
fn a_failure_that_could_not_be_noted_is_noted_later() {
    let disk = SimDisk::new();
    let path = Path::new("/data");
    format_log_dir(&disk, path, &meta()).unwrap();
    let open = || LogDir::open(Arc::new(disk.mount()), path, &expected(None, 1));
    let (dir, _) = open().unwrap();
    let fault = DiskFault::always(OpFilter::Mutating, Effect::Eio).on(FAILED_FILE);
    disk.inject(fault);
    dir.fail("a sync");
    dir.note_failure();
    let is_noted = || disk.exists(&path.join(FAILED_FILE)).unwrap();
    assert!(!is_noted());
    disk.clear_faults();
    dir.fail("another");
    assert!(!is_noted(), "only who owes it");
    dir.close();
    assert!(is_noted());
    drop(dir);
    assert!(open().unwrap().0.failed_before());
}

#[test]
fn broker_epochs_are_read_from_all_forms() {
    assert_eq!(
        parse_broker_epoch(b"{\"version\":0,\"brokerEpoch\":12}"),
        Some(12)
    );
    assert_eq!(
        parse_broker_epoch(b"{ \"brokerEpoch\" : -1 , \"version\":0}"),
        Some(-1)
    );
    for bad in [&b""[..], b"{}", b"{\"brokerEpoch\":null}", b"\xff"] {
        assert_eq!(parse_broker_epoch(bad), None);
    }
}

#[test]
fn names_that_are_used_again_leave_no_line_and_the_files_are_written_once_for_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let (dir, _) = open(folder.path()).unwrap();
    let names: Vec<_> = (0..4).map(partition).collect();
    for file in [CheckpointFile::RecoveryPoint, CheckpointFile::LogStart] {
        dir.write_checkpoint(file, names.iter().map(|name| (name, 5)))
            .unwrap();
    }
    for name in &names[..3] {
        dir.orphan(name);
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (points, starts) = (
        "recovery-point-offset-checkpoint",
        "log-start-offset-checkpoint",
    );
    dir.scrub(&names[0]).unwrap();
    assert_eq!(
        (read(points), read(starts)),
        ("0\n1\nt 3 5\n".into(), "0\n1\nt 3 5\n".into())
    );
    std::fs::remove_file(folder.path().join(points)).unwrap();
    dir.scrub(&names[1]).unwrap();
    assert!(!folder.path().join(points).exists(), "written once more");
}

#[test]
fn a_log_that_nobody_asked_keeps_its_recovery_point_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let (dir, _) = open(folder.path()).unwrap();
    let names: Vec<_> = (0..2).map(partition).collect();
    let write = || {
        let asked = [(&names[1], 7)].into_iter();
        dir.write_checkpoint(CheckpointFile::RecoveryPoint, asked)
            .unwrap();
        std::fs::read_to_string(folder.path().join("recovery-point-offset-checkpoint")).unwrap()
    };
    for (name, point) in names.iter().zip([5, 7]) {
        dir.set_recovery_point(name, point);
    }
    assert_eq!(
        write(),
        "0\n2\nt 1 7\nt 0 5\n",
        "a copy may have replaced it"
    );
    dir.orphan(&names[0]);
    assert_eq!(write(), "0\n1\nt 1 7\n");
}

#[test]
fn a_log_that_this_start_has_not_come_to_keeps_its_lines_when_another_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    format_log_dir(&OsDisk, folder.path(), &meta()).unwrap();
    let (dir, _) = open(folder.path()).unwrap();
    let names: Vec<_> = (0..2).map(partition).collect();
    dir.write_checkpoint(CheckpointFile::LogStart, names.iter().map(|name| (name, 5)))
        .unwrap();
    drop(dir);
    let (dir, _) = open(folder.path()).unwrap();
    dir.scrub(&names[0]).unwrap();
    let starts =
        std::fs::read_to_string(folder.path().join("log-start-offset-checkpoint")).unwrap();
    assert_eq!(starts, "0\n1\nt 1 5\n");
}
