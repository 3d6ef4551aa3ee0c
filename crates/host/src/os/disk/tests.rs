//! Tests of the real file system behind the trait.

use super::*;
use std::io::ErrorKind;

fn put(file: &dyn DiskFile, bytes: &[u8], position: u64) {
    file.write_all_at(&[IoSlice::new(bytes)], position).unwrap();
}

#[test]
fn open_modes_differ_in_what_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let kind = |mode| OsDisk.open(&path, mode).map(|_| ()).map_err(|e| e.kind());
    assert_eq!(kind(OpenMode::Read), Err(ErrorKind::NotFound));
    assert_eq!(kind(OpenMode::ReadWrite), Err(ErrorKind::NotFound));
    assert_eq!(kind(OpenMode::CreateNew), Ok(()));
    assert_eq!(kind(OpenMode::CreateNew), Err(ErrorKind::AlreadyExists));
    put(&*OsDisk.open(&path, OpenMode::Create).unwrap(), b"kept", 0);
    assert_eq!(
        OsDisk.open(&path, OpenMode::Create).unwrap().len().unwrap(),
        4
    );
    let read_only = OsDisk.open(&path, OpenMode::Read).unwrap();
    assert!(read_only.write_all_at(&[IoSlice::new(b"x")], 0).is_err());
}

#[test]
fn many_slices_are_written_in_order_at_their_position() {
    let folder = tempfile::tempdir().unwrap();
    let file = OsDisk
        .open(&folder.path().join("f"), OpenMode::Create)
        .unwrap();
    // More slices than one system call takes, some of them empty.
    let parts: Vec<Vec<u8>> = (0..5_000u32)
        .map(|i| vec![i.to_le_bytes()[0]; (i % 4) as usize])
        .collect();
    let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    file.write_all_at(&slices, 10).unwrap();
    let whole = parts.concat();
    let mut read = vec![0; whole.len()];
    file.read_exact_at(&mut read, 10).unwrap();
    assert_eq!(read, whole);
    file.write_all_at(&[], 0).unwrap();
    assert_eq!(file.len().unwrap(), 10 + whole.len() as u64);
}

#[test]
fn the_rest_of_slices_begins_inside_one() {
    let slices = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")];
    for (done, left) in [(0, "abcde"), (1, "bcde"), (2, "cde"), (3, "de"), (5, "")] {
        let rest: Vec<u8> = rest(&slices, done)
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect();
        assert_eq!(rest, left.as_bytes());
    }
}

#[test]
fn reads_stop_at_the_end_and_lengths_are_cut_and_grown() {
    let folder = tempfile::tempdir().unwrap();
    let file = OsDisk
        .open(&folder.path().join("f"), OpenMode::Create)
        .unwrap();
    put(&*file, b"abcdef", 0);
    let mut buffer = [9; 4];
    assert_eq!(file.read_at(&mut buffer, 4).unwrap(), 2);
    assert_eq!(file.read_at(&mut buffer, 6).unwrap(), 0);
    let error = file.read_exact_at(&mut buffer, 4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    file.set_len(2).unwrap();
    file.set_len(4).unwrap();
    file.preallocate(0, 1 << 20).unwrap();
    file.read_exact_at(&mut buffer, 0).unwrap();
    assert_eq!((file.len().unwrap(), &buffer), (4, b"ab\0\0"));
    file.sync_data().unwrap();
}

#[test]
fn folders_list_sorted_and_rename_and_remove_whole_trees() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    OsDisk.create_dir_all(&at("d/e")).unwrap();
    put(
        &*OsDisk.open(&at("d/z"), OpenMode::Create).unwrap(),
        b"12345",
        0,
    );
    OsDisk.rename(&at("d"), &at("moved")).unwrap();
    OsDisk.sync_dir(folder.path()).unwrap();
    let entry = |name: &str, is_dir, len| DirEntry { name: name.to_owned(), is_dir, len };
    assert_eq!(
        OsDisk.list(&at("moved")).unwrap(),
        [entry("e", true, 0), entry("z", false, 5)]
    );
    assert_eq!(OsDisk.file_len(&at("moved/z")).unwrap(), Some(5));
    assert_eq!(OsDisk.file_len(&at("moved")).unwrap(), None);
    assert_eq!(OsDisk.file_len(&at("d/z")).unwrap(), None);
    OsDisk.remove_file(&at("moved/z")).unwrap();
    OsDisk.remove_dir_all(&at("moved")).unwrap();
    assert!(!OsDisk.exists(&at("moved")).unwrap());
}

#[test]
fn replace_leaves_the_new_content_and_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    OsDisk.replace(&path, b"a longer first content").unwrap();
    OsDisk.replace(&path, b"second").unwrap();
    assert_eq!(OsDisk.read(&path).unwrap(), b"second");
    assert_eq!(OsDisk.list(folder.path()).unwrap().len(), 1);
}

#[test]
fn the_folder_of_a_bare_name_can_be_synced() {
    let parent = Path::new("name").parent().unwrap();
    OsDisk.sync_dir(parent).unwrap();
}

#[test]
fn a_lock_is_held_once_in_both_ways_and_ends_when_dropped() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".lock");
    let lock = OsDisk.lock(&path).unwrap();
    let inode = format!(":{} ", std::fs::metadata(&path).unwrap().ino());
    let held = std::fs::read_to_string("/proc/locks").unwrap();
    let ours: Vec<&str> = held.lines().filter(|line| line.contains(&inode)).collect();
    // Kafka looks at the second kind.
    for kind in ["FLOCK", "POSIX"] {
        assert!(
            ours.iter().any(|line| line.contains(kind)),
            "{kind}: {ours:?}"
        );
    }
    assert_eq!(
        OsDisk.lock(&path).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    drop(lock);
    OsDisk.lock(&path).unwrap();
}

#[test]
fn space_is_that_of_the_volume() {
    let space = OsDisk.space(Path::new("/")).unwrap();
    assert!(space.usable <= space.total && space.total > 1 << 20);
    assert!(OsDisk.space(Path::new("/no/such/path")).is_err());
}

#[test]
fn a_file_knows_when_it_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let file = OsDisk.open(&path, OpenMode::Create).unwrap();
    let time = UNIX_EPOCH + std::time::Duration::from_millis(1_234_567);
    let same = File::options().write(true).open(&path).unwrap();
    same.set_modified(time).unwrap();
    assert_eq!(file.modified_ms().unwrap(), 1_234_567);
}
