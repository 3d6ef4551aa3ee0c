//! Tests of the disk model: each fault and promise by name.

mod naive;

use super::*;
use crate::SimRng;
use klamm_host::{Disk, DiskFile, OpenMode};
use std::io::IoSlice;

fn put(file: &dyn DiskFile, bytes: &[u8], position: u64) -> io::Result<()> {
    file.write_all_at(&[IoSlice::new(bytes)], position)
}

fn content(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    disk.read(Path::new(path)).ok()
}

fn new_file(disk: &SimDisk, path: &str) -> Arc<dyn DiskFile> {
    disk.open(Path::new(path), OpenMode::CreateNew).unwrap()
}

/// A file whose name and first content are durable.
fn durable_file(disk: &SimDisk, path: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = new_file(disk, path);
    put(&*file, bytes, 0).unwrap();
    file.sync_all().unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    file
}

fn rng() -> SimRng {
    SimRng::new(1)
}

#[test]
fn a_synced_file_without_a_synced_name_is_gone() {
    let disk = SimDisk::new();
    let file = new_file(&disk, "/a");
    put(&*file, b"x", 0).unwrap();
    file.sync_all().unwrap();
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/a"), None);
}

#[test]
fn a_folder_needs_the_sync_of_its_parent() {
    for sync_parent in [false, true] {
        let disk = SimDisk::new();
        disk.create_dir_all(Path::new("/d/e")).unwrap();
        new_file(&disk, "/d/e/a");
        disk.sync_dir(Path::new("/d/e")).unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        if sync_parent {
            disk.sync_dir(Path::new("/")).unwrap();
        }
        disk.crash(CrashPolicy::DropUnsynced, &mut rng());
        assert_eq!(content(&disk, "/d/e/a").is_some(), sync_parent);
    }
}

#[test]
fn a_renamed_folder_keeps_its_files_on_either_side_of_a_cut() {
    for (keep, place) in [(0, "/d/a"), (1, "/e/a")] {
        let disk = SimDisk::new();
        disk.create_dir_all(Path::new("/d")).unwrap();
        let file = new_file(&disk, "/d/a");
        put(&*file, b"x", 0).unwrap();
        file.sync_data().unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.rename(Path::new("/d"), Path::new("/e")).unwrap();
        assert_eq!(disk.pending(), 1);
        disk.crash(CrashPolicy::Prefix(keep), &mut rng());
        assert_eq!(content(&disk, place), Some(b"x".to_vec()));
        assert_eq!(disk.list(Path::new("/")).unwrap().len(), 1);
    }
}

#[test]
fn replace_is_atomic_at_every_call_and_every_cut() {
    let mut outcomes = BTreeSet::new();
    for call in 0.. {
        let disk = SimDisk::new();
        durable_file(&disk, "/f", b"old");
        disk.inject(DiskFault::once(OpFilter::Mutating, call, Effect::PowerOff));
        let done = disk.replace(Path::new("/f"), b"new content").is_ok();
        for seed in 0..16 {
            let fork = disk.fork();
            let policy = CrashPolicy::Random { torn: true, reorder: true };
            fork.crash(policy, &mut SimRng::new(seed));
            let found = content(&fork, "/f").unwrap();
            assert!(found == b"new content" || (found == b"old" && !done));
            outcomes.insert(found);
        }
        if done {
            break;
        }
    }
    assert_eq!(outcomes.len(), 2, "both outcomes were seen");
}

#[test]
fn a_rename_before_the_sync_of_its_content_is_caught() {
    let broken = |seed| {
        let disk = SimDisk::new();
        durable_file(&disk, "/f", b"old");
        let file = new_file(&disk, "/t");
        put(&*file, b"new", 0).unwrap();
        disk.rename(Path::new("/t"), Path::new("/f")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.crash(
            CrashPolicy::Random { torn: true, reorder: true },
            &mut SimRng::new(seed),
        );
        let found = content(&disk, "/f").unwrap();
        found != b"old" && found != b"new"
    };
    assert!((0..64).any(broken));
}

#[test]
fn a_failed_sync_drops_the_pages_and_the_next_one_lies() {
    let disk = SimDisk::new();
    let file = durable_file(&disk, "/f", b"old");
    put(&*file, b"new", 0).unwrap();
    disk.inject(DiskFault::once(OpFilter::Sync, 0, Effect::Eio));
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
    file.sync_data().unwrap();
    assert_eq!(
        content(&disk, "/f"),
        Some(b"new".to_vec()),
        "the cache has it still"
    );
    disk.crash(CrashPolicy::Prefix(usize::MAX), &mut rng());
    assert_eq!(content(&disk, "/f"), Some(b"old".to_vec()));
}

#[test]
fn a_sync_of_what_lies_before_a_position_leaves_the_rest() {
    let disk = SimDisk::new();
    let file = durable_file(&disk, "/f", b"");
    put(&*file, b"abcd", 0).unwrap();
    put(&*file, b"efgh", 4).unwrap();
    file.write_back(0, 8).unwrap();
    put(&*file, b"B", 1).unwrap();
    file.sync_data_before(4).unwrap();
    // A cut behind a write that waits has to wait with it.
    file.set_len(6).unwrap();
    file.sync_data_before(4).unwrap();
    assert_eq!(content(&disk, "/f"), Some(b"aBcdef".to_vec()));
    let fork = disk.fork();
    fork.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&fork, "/f"), Some(b"aBcd".to_vec()));
    file.sync_data_before(6).unwrap();
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/f"), Some(b"aBcdef".to_vec()));
}

#[test]
fn writing_back_fails_as_a_sync_does() {
    let disk = SimDisk::new();
    let file = durable_file(&disk, "/f", b"old");
    put(&*file, b"new", 0).unwrap();
    disk.inject(DiskFault::once(OpFilter::Sync, 0, Effect::Eio));
    assert!(file.write_back(0, 3).is_err());
    file.sync_data().unwrap();
    disk.crash(CrashPolicy::Prefix(usize::MAX), &mut rng());
    assert_eq!(content(&disk, "/f"), Some(b"old".to_vec()));
}

#[test]
fn a_short_write_leaves_half_and_fails() {
    let disk = SimDisk::new();
    let file = new_file(&disk, "/f");
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::Write), 1, Effect::ShortWrite).on("/f"));
    put(&*file, b"whole", 0).unwrap();
    let error = put(&*file, b"half", 5).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(content(&disk, "/f"), Some(b"wholeha".to_vec()));
    put(&*file, b"again", 0).unwrap();
}

#[test]
fn a_full_disk_takes_what_fits_and_recovers_when_files_go() {
    let disk = SimDisk::new();
    disk.set_capacity(10);
    let first = new_file(&disk, "/a");
    put(&*first, b"12345678", 0).unwrap();
    let second = new_file(&disk, "/b");
    assert!(put(&*second, b"abcd", 0).is_err());
    assert_eq!(content(&disk, "/b"), Some(b"ab".to_vec()));
    assert_eq!(disk.space(Path::new("/")).unwrap().usable, 0);
    assert!(second.preallocate(0, 3).is_err());
    disk.remove_file(Path::new("/a")).unwrap();
    assert!(
        put(&*second, b"abcd", 0).is_err(),
        "an open handle holds the room"
    );
    drop(first);
    disk.sync_dir(Path::new("/")).unwrap();
    put(&*second, b"abcd", 0).unwrap();
}

#[test]
fn the_power_stays_off_until_the_crash() {
    let disk = SimDisk::new();
    let file = durable_file(&disk, "/f", b"old");
    put(&*file, b"new", 0).unwrap();
    disk.inject(DiskFault::once(OpFilter::Sync, 0, Effect::PowerOff));
    assert!(file.sync_data().is_err());
    assert!(file.sync_data().is_err());
    assert!(disk.list(Path::new("/")).is_err());
    disk.crash(CrashPolicy::Prefix(usize::MAX), &mut rng());
    assert_eq!(
        content(&disk, "/f"),
        Some(b"new".to_vec()),
        "not a failed sync: still pending"
    );
}

#[test]
fn a_lying_sync_loses_data_and_a_lying_folder_sync_names() {
    let disk = SimDisk::new();
    disk.inject(DiskFault::always(OpFilter::Sync, Effect::Lie));
    durable_file(&disk, "/f", b"x");
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/f"), Some(Vec::new()));

    let disk = SimDisk::new();
    disk.inject(DiskFault::always(
        OpFilter::Is(DiskOp::SyncDir),
        Effect::Lie,
    ));
    durable_file(&disk, "/f", b"x");
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/f"), None);
}

#[test]
fn a_crash_ends_handles_mounts_and_locks() {
    let disk = SimDisk::new();
    let mount = disk.mount();
    let lock = mount.lock(Path::new("/.lock")).unwrap();
    assert_eq!(
        mount.lock(Path::new("/.lock")).unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
    let file = new_file(&mount, "/f");
    disk.crash(CrashPolicy::KeepAll, &mut rng());
    assert!(file.len().is_err() && put(&*file, b"x", 0).is_err());
    assert!(mount.exists(Path::new("/f")).is_err());
    assert!(disk.exists(Path::new("/f")).unwrap());
    let again = disk.mount().lock(Path::new("/.lock")).unwrap();
    drop(lock);
    assert!(
        disk.lock(Path::new("/.lock")).is_err(),
        "an old lock's end frees nothing"
    );
    drop(again);
    disk.lock(Path::new("/.lock")).unwrap();
}

#[test]
fn names_follow_the_rules_of_the_system() {
    let disk = SimDisk::new();
    let kind = |result: io::Result<()>| result.unwrap_err().kind();
    disk.create_dir_all(Path::new("/d/e")).unwrap();
    new_file(&disk, "/f");
    let p = Path::new;
    assert_eq!(
        kind(disk.rename(p("/f"), p("/d"))),
        io::ErrorKind::IsADirectory
    );
    assert_eq!(
        kind(disk.rename(p("/d"), p("/f"))),
        io::ErrorKind::NotADirectory
    );
    assert_eq!(
        kind(disk.rename(p("/d/e"), p("/x/e"))),
        io::ErrorKind::NotFound
    );
    assert_eq!(
        kind(disk.rename(p("/d"), p("/d/e/x"))),
        io::ErrorKind::InvalidInput
    );
    assert_eq!(kind(disk.remove_file(p("/d"))), io::ErrorKind::IsADirectory);
    assert_eq!(
        kind(disk.create_dir_all(p("/f/g"))),
        io::ErrorKind::NotADirectory
    );
    let exists = disk.open(p("/f"), OpenMode::CreateNew).unwrap_err();
    assert_eq!(exists.kind(), io::ErrorKind::AlreadyExists);
    let read_only = disk.open(p("/f"), OpenMode::Read).unwrap();
    assert!(put(&*read_only, b"x", 0).is_err());
    assert_eq!(disk.file_len(p("/d")).unwrap(), None);
    disk.remove_dir_all(p("/d")).unwrap();
    assert!(!disk.exists(p("/d/e")).unwrap());
    assert_eq!(disk.list(p("/")).unwrap().len(), 1);
}

#[test]
fn an_unsynced_removal_of_a_tree_may_be_half_done() {
    let halves = (0..=3).filter(|n| {
        let disk = SimDisk::new();
        disk.create_dir_all(Path::new("/d")).unwrap();
        new_file(&disk, "/d/a");
        new_file(&disk, "/d/b");
        disk.sync_dir(Path::new("/d")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.remove_dir_all(Path::new("/d")).unwrap();
        disk.crash(CrashPolicy::Prefix(*n), &mut rng());
        disk.list(Path::new("/d")).is_ok_and(|left| left.len() == 1)
    });
    assert_eq!(halves.count(), 1);
}

#[test]
fn names_survive_in_their_order_if_asked() {
    for in_order in [false, true] {
        let out_of_order = (0..64).any(|seed| {
            let disk = SimDisk::new();
            disk.set_names_in_order(in_order);
            new_file(&disk, "/a");
            new_file(&disk, "/b");
            let policy = CrashPolicy::Random { torn: true, reorder: true };
            disk.crash(policy, &mut SimRng::new(seed));
            content(&disk, "/a").is_none() && content(&disk, "/b").is_some()
        });
        assert_eq!(out_of_order, !in_order);
    }
}

#[test]
fn a_wiped_disk_is_empty_and_its_handles_fail() {
    let disk = SimDisk::new();
    let file = durable_file(&disk, "/f", b"x");
    disk.wipe();
    assert!(file.len().is_err());
    assert!(disk.list(Path::new("/")).unwrap().is_empty());
}

#[test]
fn files_are_cold_after_a_power_cut_until_read() {
    let disk = SimDisk::new();
    durable_file(&disk, "/f", b"x");
    disk.crash(CrashPolicy::KeepAll, &mut rng());
    let open = || disk.open(Path::new("/f"), OpenMode::Read).unwrap();
    assert_eq!(open().residency(0, 1), Residency::Resident);
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(open().residency(0, 1), Residency::Cold);
    content(&disk, "/f");
    assert_eq!(open().residency(0, 1), Residency::Resident);
}

#[test]
fn rotten_bytes_show_up_on_both_sides() {
    let disk = SimDisk::new();
    durable_file(&disk, "/f", b"abc");
    disk.corrupt(Path::new("/f"), 1, b"X").unwrap();
    assert_eq!(content(&disk, "/f"), Some(b"aXc".to_vec()));
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/f"), Some(b"aXc".to_vec()));
    assert!(disk.corrupt(Path::new("/f"), 3, b"X").is_err());
}

#[test]
fn the_same_calls_leave_the_same_trace() {
    let trace_of = |fill| {
        let disk = SimDisk::new();
        put(&*new_file(&disk, "/f"), &[fill; 100], 0).unwrap();
        disk.crash(
            CrashPolicy::Random { torn: true, reorder: true },
            &mut rng(),
        );
        (disk.trace().hash(), disk.calls(), disk.mutations())
    };
    assert_eq!(trace_of(1), trace_of(1));
    assert_ne!(trace_of(1), trace_of(2));
    assert_eq!(trace_of(1).1, 2);
}

#[test]
fn latency_is_owed_and_taken_once() {
    let disk = SimDisk::new();
    disk.set_latency(|op, bytes| match op {
        DiskOp::Write => Duration::from_micros(bytes),
        _ => Duration::ZERO,
    });
    put(&*new_file(&disk, "/f"), &[0; 100], 0).unwrap();
    assert_eq!(disk.take_owed(), Duration::from_micros(100));
    assert_eq!(disk.take_owed(), Duration::ZERO);
}

#[test]
fn a_file_knows_when_it_was_changed() {
    let disk = SimDisk::new();
    disk.set_wall_clock(|| 17);
    let file = new_file(&disk, "/f");
    assert_eq!(file.modified_ms().unwrap(), 0);
    put(&*file, b"x", 0).unwrap();
    assert_eq!(file.modified_ms().unwrap(), 17);
    disk.set_wall_clock(|| 18);
    file.set_len(1).unwrap();
    assert_eq!(file.modified_ms().unwrap(), 17, "nothing changed");
    file.set_len(0).unwrap();
    assert_eq!(file.modified_ms().unwrap(), 18);
}

#[test]
fn the_sync_of_the_volume_covers_every_name_and_content() {
    let disk = SimDisk::new();
    let volume = disk.volume(Path::new("/")).unwrap().unwrap();
    disk.create_dir(Path::new("/d")).unwrap();
    let file = new_file(&disk, "/d/f");
    put(&*file, b"x", 0).unwrap();
    durable_file(&disk, "/old", b"o");
    disk.rename(Path::new("/old"), Path::new("/d/new")).unwrap();
    volume.sync().unwrap();
    put(&*file, b"y", 1).unwrap();
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    assert_eq!(content(&disk, "/d/f"), Some(b"x".to_vec()));
    assert_eq!(content(&disk, "/d/new"), Some(b"o".to_vec()));
    assert_eq!(content(&disk, "/old"), None);
    assert!(volume.sync().is_err(), "of another boot");
}

#[test]
fn a_failed_sync_of_the_volume_drops_the_pages_of_all() {
    let disk = SimDisk::new();
    let volume = disk.volume(Path::new("/")).unwrap().unwrap();
    let files = ["/a", "/b"].map(|name| durable_file(&disk, name, b"old"));
    for file in &files {
        put(&**file, b"new", 0).unwrap();
    }
    disk.inject(DiskFault::once(
        OpFilter::Is(DiskOp::SyncVolume),
        0,
        Effect::Eio,
    ));
    assert_eq!(volume.sync().unwrap_err().raw_os_error(), Some(5));
    volume.sync().unwrap();
    disk.crash(CrashPolicy::DropUnsynced, &mut rng());
    for name in ["/a", "/b"] {
        assert_eq!(content(&disk, name), Some(b"old".to_vec()));
    }
}

#[test]
fn a_file_is_overwritten_as_a_whole_and_a_folder_is_made_once() {
    let disk = SimDisk::new();
    durable_file(&disk, "/f", b"long");
    let file = disk.open(Path::new("/f"), OpenMode::Overwrite).unwrap();
    assert_eq!(file.len().unwrap(), 0);
    put(&*file, b"s", 0).unwrap();
    assert_eq!(content(&disk, "/f"), Some(b"s".to_vec()));
    disk.open(Path::new("/new"), OpenMode::Overwrite).unwrap();
    assert_eq!(content(&disk, "/new"), Some(Vec::new()));
    disk.create_dir(Path::new("/d")).unwrap();
    for taken in ["/d", "/f"] {
        let error = disk.create_dir(Path::new(taken)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
    let error = disk.create_dir(Path::new("/x/y")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}
