//! The file system.

use super::{memory, volume, write_back};
use crate::{DirEntry, DirLock, Disk, DiskFile, OpenMode, Residency, Space, Volume};
use rustix::fs::{FallocateFlags, FlockOperation, Timespec, Timestamps, UTIME_OMIT};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

#[cfg(test)]
mod tests;

/// Linux files.
#[derive(Debug)]
pub struct OsDisk;

#[derive(Debug)]
struct OsFile(File);

#[derive(Debug)]
struct OsLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DirLock for OsLock {}

impl Disk for OsDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => &mut options,
            OpenMode::ReadWrite => options.write(true),
            OpenMode::Create => options.write(true).create(true).truncate(false),
            OpenMode::CreateNew => options.write(true).create_new(true),
            // Not cut afterwards: ext4 takes that for a replaced file and writes it out when it is closed.
            OpenMode::Overwrite => options.write(true).create(true).truncate(true),
        };
        Ok(Arc::new(OsFile(options.open(path)?)))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            // Folders are not asked for more: there may be very many.
            let found = entry.file_type().and_then(|kind| match kind.is_dir() {
                true => Ok((true, 0)),
                false => Ok((false, entry.metadata()?.len())),
            });
            let (is_dir, len) = match found {
                Ok(found) => found,
                // Removed since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            entries.push(DirEntry { name, is_dir, len });
        }
        entries.sort();
        Ok(entries)
    }

    fn file_len(&self, path: &Path) -> io::Result<Option<u64>> {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // The parent of a bare name is the empty path, which means the current folder.
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        File::open(path)?.sync_all()
    }

    fn volume(&self, path: &Path) -> io::Result<Option<Box<dyn Volume>>> {
        volume::open(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        // Kafka locks with fcntl; take that as well, so that neither starts beside the other.
        rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|e| {
            if e == rustix::io::Errno::ACCESS {
                io::ErrorKind::WouldBlock.into()
            } else {
                io::Error::from(e)
            }
        })?;
        Ok(Box::new(OsLock(file)))
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let volume = rustix::fs::statvfs(path)?;
        Ok(Space {
            total: volume.f_blocks.saturating_mul(volume.f_frsize),
            usable: volume.f_bavail.saturating_mul(volume.f_frsize),
        })
    }

    fn memory_bytes(&self) -> Option<u64> {
        memory::limit_bytes()
    }
}

impl DiskFile for OsFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        loop {
            match self.0.read_at(buffer, position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_all_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        let total: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut done = 0;
        while done < total {
            // The whole, unless the system took a part only.
            let left = match done {
                0 => Cow::Borrowed(slices),
                done => Cow::Owned(rest(slices, done)),
            };
            match rustix::io::pwritev(&self.0, &left, position + done as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => done += n,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn preallocate(&self, position: u64, len: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.0, FallocateFlags::KEEP_SIZE, position, len) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn begin_write_back(&self, position: u64, len: u64) {
        let _ = write_back::range(self.0.as_fd(), position, len, write_back::Wait::No);
    }

    fn write_back(&self, position: u64, len: u64) -> io::Result<()> {
        write_back::range(self.0.as_fd(), position, len, write_back::Wait::Yes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_data_before(&self, end: u64) -> io::Result<()> {
        if write_back::sync_before(self.0.as_fd(), end)? {
            return Ok(());
        }
        self.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn modified_ms(&self) -> io::Result<i64> {
        let since = self.0.metadata()?.modified()?.duration_since(UNIX_EPOCH);
        // Before 1970 somebody played with the clock.
        Ok(since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }))
    }

    fn set_modified_ms(&self, ms: i64) -> io::Result<()> {
        let times = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec {
                tv_sec: ms.div_euclid(1000),
                tv_nsec: ms.rem_euclid(1000) * 1_000_000,
            },
        };
        Ok(rustix::fs::futimens(&self.0, &times)?)
    }

    fn residency(&self, position: u64, len: u64) -> Residency {
        super::residency::of(self.0.as_fd(), position, len)
    }

    fn warm(&self, position: u64, len: u64) {
        super::residency::warm(&self.0, position, len);
    }

    fn os_handle(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

/// The slices without their first `done` bytes.
fn rest<'a>(slices: &'a [IoSlice<'a>], mut done: usize) -> Vec<IoSlice<'a>> {
    let mut left = Vec::with_capacity(slices.len());
    for slice in slices {
        if done >= slice.len() {
            done -= slice.len();
        } else {
            left.push(IoSlice::new(&slice[done..]));
            done = 0;
        }
    }
    left
}
