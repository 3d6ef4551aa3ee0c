//! Files and folders: the narrow seam below storage.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;

/// How to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// An existing file, to read.
    Read,
    /// An existing file, to read and write.
    ReadWrite,
    /// Read and write; made empty if absent.
    Create,
    /// Read and write; fails with `AlreadyExists` if present.
    CreateNew,
    /// Read and write; made empty if absent, emptied if present.
    Overwrite,
}

/// A file or folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The name inside its folder.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Bytes, for a file.
    pub len: u64,
}

/// Room on the volume that holds a path, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// The volume's size.
    pub total: u64,
    /// What an ordinary process may still write.
    pub usable: u64,
}

/// Whether a range of a file is in the page cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residency {
    /// Reading will not wait for the device.
    Resident,
    /// Some of it is on the device only.
    Cold,
    /// The system can't tell.
    Unknown,
}

/// Held until dropped: no other process uses the folder.
pub trait DirLock: Debug + Send + Sync {}

/// The volume that a folder lies on.
pub trait Volume: Debug + Send + Sync {
    /// Makes all durable that was written to the volume before the call, contents and names, also by other programs. Fails
    /// if any write-back failed since the volume was opened, or since the last call.
    fn sync(&self) -> io::Result<()>;
}

/// A file system. Calls block; whoever opens, syncs, renames or lists does so off the reactor.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes a folder; fails with `AlreadyExists` if something has its name. Durable once the parent was synced.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a folder and those above it. Durable once the parent was synced.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and all in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Moves a file or folder over `to`. Durable once the parent was synced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// What is in a folder, sorted by name.
    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>>;
    /// A file's length; `None` if there is no such file.
    fn file_len(&self, path: &Path) -> io::Result<Option<u64>>;
    /// Whether a file or folder is there.
    fn exists(&self, path: &Path) -> io::Result<bool>;
    /// Makes creations, renames and removals in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// The volume that a folder lies on. `None` where its sync might keep a failure to itself.
    fn volume(&self, path: &Path) -> io::Result<Option<Box<dyn Volume>>>;
    /// Locks a file (made if absent) against other processes. `WouldBlock` if another holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>>;
    /// Room on the volume.
    fn space(&self, path: &Path) -> io::Result<Space>;
    /// Memory that this process and its page cache may take, in bytes. `None` if nobody says.
    fn memory_bytes(&self) -> Option<u64> {
        None
    }

    /// The whole of a small file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, OpenMode::Read)?;
        let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Replaces a small file so that a crash leaves the old or the new content: temporary file, sync, rename, folder
    /// sync.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut name = path.as_os_str().to_owned();
        name.push(".tmp");
        let temporary = Path::new(&name);
        let file = self.open(temporary, OpenMode::Overwrite)?;
        file.write_all_at(&[IoSlice::new(content)], 0)?;
        file.sync_all()?;
        drop(file);
        self.rename(temporary, path)?;
        match path.parent() {
            Some(parent) => self.sync_dir(parent),
            None => Ok(()),
        }
    }
}

/// An open file. Positions are absolute, so one handle serves many readers beside a writer.
#[allow(
    clippy::len_without_is_empty,
    reason = "a file's length is a fallible call"
)]
pub trait DiskFile: Debug + Send + Sync {
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Reads up to `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;
    /// Writes all slices, one after the other. After an error the file may hold any prefix of them.
    fn write_all_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<()>;
    /// Cuts or extends (with zeros).
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Reserves room for `len` bytes from a position on, without changing the length. Does nothing where the system
    /// can't. `set_len` gives back what lies beyond the length it sets.
    fn preallocate(&self, position: u64, len: u64) -> io::Result<()>;
    /// Begins to send what of a range is in the page cache only to the device. A failure is told by `write_back`, or the sync.
    fn begin_write_back(&self, _position: u64, _len: u64) {}
    /// The same, and returns when the device has taken it. It is not durable before a sync. What fails is told once, as by a
    /// sync: it is lost, and no later sync knows of it. Does nothing where the system can't.
    fn write_back(&self, position: u64, len: u64) -> io::Result<()>;
    /// Makes the content durable.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes the content before a position durable: what others append behind it meanwhile is not waited for. Everything,
    /// where the system can't tell them apart.
    fn sync_data_before(&self, end: u64) -> io::Result<()>;
    /// Makes content and attributes durable.
    fn sync_all(&self) -> io::Result<()>;
    /// When the content was last changed, in milliseconds since the Unix epoch.
    fn modified_ms(&self) -> io::Result<i64>;
    /// Says when the content was last changed.
    fn set_modified_ms(&self, ms: i64) -> io::Result<()>;
    /// Whether a range is in the page cache.
    fn residency(&self, position: u64, len: u64) -> Residency;
    /// Brings a range into the page cache, and returns when it is there. Blocks. Whoever reads it next meets what failed.
    fn warm(&self, position: u64, len: u64);
    /// The system's handle, for sendfile; `None` in a simulation.
    fn os_handle(&self) -> Option<BorrowedFd<'_>>;

    /// Fills the buffer or fails with `UnexpectedEof`.
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read_at(&mut buffer[done..], position + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
        }
        Ok(())
    }
}

/// A range of an open file, to be sent.
#[derive(Debug, Clone)]
pub struct FileRange {
    /// The file, kept open by this range even if it is deleted meanwhile.
    pub file: Arc<dyn DiskFile>,
    /// First byte.
    pub position: u64,
    /// Bytes.
    pub len: usize,
}

impl FileRange {
    /// Copies the range into memory.
    ///
    /// # Errors
    /// The file is shorter than the range, or can't be read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.len];
        self.file.read_exact_at(&mut bytes, self.position)?;
        Ok(bytes)
    }
}
