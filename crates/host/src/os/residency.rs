//! Which pages of a file are in memory: asks the kernel, by `cachestat(2)` of Linux 6.5, and has it read them.

use crate::Residency;
use rustix::fs::Advice;
use std::fs::File;
use std::num::NonZeroU64;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

#[repr(C)]
struct Range {
    position: u64,
    len: u64,
}

#[repr(C)]
#[derive(Default)]
struct Pages {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

const CACHESTAT: libc::c_long = 451;
const PAGE: u64 = 4096;

/// Whether all pages that a range touches are cached.
pub(super) fn of(file: BorrowedFd<'_>, position: u64, len: u64) -> Residency {
    if len == 0 {
        return Residency::Resident;
    }
    let Some(pages) = pages(file, position, len) else {
        return Residency::Unknown;
    };
    let touched = (position + len - 1) / PAGE - position / PAGE + 1;
    if pages.cached >= touched {
        Residency::Resident
    } else {
        Residency::Cold
    }
}

/// Pages of a range that are not written back.
#[cfg(test)]
pub(super) fn dirty_pages(file: BorrowedFd<'_>, position: u64, len: u64) -> Option<u64> {
    pages(file, position, len).map(|pages| pages.dirty)
}

/// `None` where the kernel does not say.
#[allow(unsafe_code, reason = "no safe wrapper of cachestat exists")]
fn pages(file: BorrowedFd<'_>, position: u64, len: u64) -> Option<Pages> {
    let range = Range { position, len };
    let mut pages = Pages::default();
    // SAFETY: both structs have the kernel's layout and outlive the call; the descriptor is open.
    let result = unsafe {
        libc::syscall(
            CACHESTAT,
            file.as_raw_fd(),
            &raw const range,
            &raw mut pages,
            0u32,
        )
    };
    (result == 0).then_some(pages)
}

/// All reads of the range are begun; then its pages are sent to nowhere, which waits for each of them and copies nothing.
pub(super) fn warm(file: &File, position: u64, len: u64) {
    if len == 0 {
        return;
    }
    // Advice only: a failure costs speed, not correctness.
    let _ = rustix::fs::fadvise(file, position, NonZeroU64::new(len), Advice::WillNeed);
    let Some(nowhere) = nowhere() else {
        return read_all(file, position, len);
    };
    let (mut at, end) = (position, position.saturating_add(len));
    while at < end {
        let step = usize::try_from(end - at).unwrap_or(usize::MAX);
        match rustix::fs::sendfile(nowhere, file, Some(&mut at), step) {
            Ok(0) => return,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return read_all(file, at, end - at),
        }
    }
}

/// `/dev/null`, opened once; `None` where it can't be.
fn nowhere() -> Option<&'static File> {
    static NOWHERE: OnceLock<Option<File>> = OnceLock::new();
    let open = || File::options().write(true).open("/dev/null").ok();
    NOWHERE.get_or_init(open).as_ref()
}

/// For systems that send nothing to nowhere.
fn read_all(file: &File, position: u64, len: u64) {
    let mut page = vec![0; 128 << 10];
    let (mut at, end) = (position, position.saturating_add(len));
    while at < end {
        let step = usize::try_from(end - at).map_or(page.len(), |left| left.min(page.len()));
        match file.read_at(&mut page[..step], at) {
            Ok(n) if n > 0 => at += n as u64,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::os::OsDisk;
    use crate::{Disk, OpenMode, Residency};
    use std::io::IoSlice;

    #[test]
    fn written_pages_are_resident_until_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let file = OsDisk.open(&path, OpenMode::Create).unwrap();
        file.write_all_at(&[IoSlice::new(&[1; 100_000])], 0)
            .unwrap();
        assert_ne!(file.residency(0, 100_000), Residency::Cold);
        assert_eq!(file.residency(4_096, 0), Residency::Resident);
        file.sync_all().unwrap();
        let handle = file.os_handle().unwrap();
        rustix::fs::fadvise(handle, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        // A file system in memory never drops a page.
        const TMPFS: i64 = 0x0102_1994;
        if rustix::fs::statfs(folder.path()).unwrap().f_type != TMPFS {
            assert_ne!(file.residency(0, 100_000), Residency::Resident);
        }
        file.warm(0, 100_000);
        assert_ne!(file.residency(0, 100_000), Residency::Cold);
        // A range that begins within a page, and one behind the end.
        file.warm(5_000, 1);
        file.warm(99_999, 1 << 20);
        file.warm(200_000, 1);
    }
}
