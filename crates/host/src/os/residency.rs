//! Asks the kernel which pages of a file are in memory: `cachestat(2)`, Linux 6.5.

use crate::Residency;
use std::os::fd::{AsRawFd, BorrowedFd};

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
#[allow(unsafe_code, reason = "no safe wrapper of cachestat exists")]
pub(super) fn of(file: BorrowedFd<'_>, position: u64, len: u64) -> Residency {
    if len == 0 {
        return Residency::Resident;
    }
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
    if result != 0 {
        return Residency::Unknown;
    }
    let touched = (position + len - 1) / PAGE - position / PAGE + 1;
    if pages.cached >= touched {
        Residency::Resident
    } else {
        Residency::Cold
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
        file.prefetch(0, 100_000);
        let mut bytes = vec![0; 100_000];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_ne!(file.residency(0, 100_000), Residency::Cold);
    }
}
