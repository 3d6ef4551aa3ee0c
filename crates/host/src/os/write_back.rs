//! Parts of a file on their way to the device: `sync_file_range(2)`, and `msync(2)`, which is an `fdatasync` of a range.

use rustix::io::Errno;
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Whether the device must have taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Yes,
    No,
}

/// See `DiskFile::write_back`.
#[allow(unsafe_code, reason = "no safe wrapper of sync_file_range exists")]
pub(super) fn range(file: BorrowedFd<'_>, position: u64, len: u64, wait: Wait) -> io::Result<()> {
    // To the kernel 0 is all that follows.
    if len == 0 {
        return Ok(());
    }
    let signed = |n: u64| i64::try_from(n).map_err(io::Error::other);
    let (position, len) = (signed(position)?, signed(len)?);
    let flags = match wait {
        Wait::Yes => libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER,
        Wait::No => libc::SYNC_FILE_RANGE_WRITE,
    };
    loop {
        // SAFETY: the descriptor is open, and no memory is passed.
        if unsafe { libc::sync_file_range(file.as_raw_fd(), position, len, flags) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match Errno::from_io_error(&error) {
            Some(Errno::INTR) => {}
            // The sync that follows writes it.
            Some(Errno::NOSYS | Errno::OPNOTSUPP) => return Ok(()),
            _ => return Err(error),
        }
    }
}

/// See `DiskFile::sync_data_before`. `false` if the file can't be mapped: nothing was done. The mapping is of the same open file,
/// so that this is where a failed write-back is told, once, as by `fdatasync`. No page of it is touched.
#[allow(unsafe_code, reason = "a mapping that nobody reads or writes")]
pub(super) fn sync_before(file: BorrowedFd<'_>, end: u64) -> io::Result<bool> {
    let Ok(len) = usize::try_from(end) else {
        return Ok(false);
    };
    if len == 0 {
        return Ok(false);
    }
    let (any, read, shared) = (std::ptr::null_mut(), ProtFlags::READ, MapFlags::SHARED);
    // SAFETY: a new mapping, at an address of the kernel's choice.
    let Ok(start) = (unsafe { rustix::mm::mmap(any, len, read, shared, file, 0) }) else {
        return Ok(false);
    };
    // SAFETY: the mapping stands, and nobody else knows it.
    let synced = unsafe { rustix::mm::msync(start, len, MsyncFlags::SYNC) };
    // SAFETY: as above; it is not used any more.
    let unmapped = unsafe { rustix::mm::munmap(start, len) };
    synced.and(unmapped)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::os::OsDisk;
    use crate::{Disk, OpenMode};
    use std::io::IoSlice;

    #[test]
    fn ranges_are_written_back_and_synced_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let file = OsDisk.open(&path, OpenMode::Create).unwrap();
        file.sync_data_before(0).unwrap();
        file.write_all_at(&[IoSlice::new(&[1; 100_000])], 0)
            .unwrap();
        for (position, len) in [
            (0, 100_000),
            (5_000, 1),
            (99_999, 1 << 20),
            (0, 0),
            (1 << 40, 1),
        ] {
            file.begin_write_back(position, len);
            file.write_back(position, len).unwrap();
        }
        assert!(file.write_back(u64::MAX, 1).is_err());
        for end in [0, 1, 4_096, 50_001, 100_000, 1 << 30, u64::MAX] {
            file.sync_data_before(end).unwrap();
        }
        let mut read = vec![0; 100_000];
        file.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, vec![1; 100_000]);
    }

    #[test]
    fn only_what_lies_before_the_end_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let file = OsDisk.open(&path, OpenMode::Create).unwrap();
        let piece = vec![7; 1 << 20];
        for n in 0..8 {
            let position = n << 20;
            file.write_all_at(&[IoSlice::new(&piece)], position)
                .unwrap();
        }
        file.sync_data_before(4 << 20).unwrap();
        let dirty = |position| {
            crate::os::residency::dirty_pages(file.os_handle().unwrap(), position, 4 << 20)
        };
        // Before Linux 6.5 nobody says, and a file system in memory never writes.
        if dirty(4 << 20).is_some_and(|pages| pages > 0) {
            assert_eq!(dirty(0), Some(0));
        }
    }
}
