//! A disk that lets some things wait, reads of chosen files and renames to chosen names: a device that takes its time.

use klamm_host::{DirEntry, DirLock, Disk, DiskFile, OpenMode, Residency, Space, Volume};
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Lets opening, reading and renaming of files through, or not.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Part of the paths of the files that wait; `None`: none does.
    closed_for: Option<String>,
    waiting: usize,
    /// Somebody waited longer than anything takes here.
    gave_up: bool,
}

/// After this a closed gate lets everybody through: a test that would hang fails.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct GatedDisk {
    pub(crate) below: Arc<dyn Disk>,
    pub(crate) gate: Arc<Gate>,
}

#[derive(Debug)]
struct GatedFile {
    below: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
    path: String,
}

impl Gate {
    /// Whoever opens or reads a file with this in its path, or gives it such a name, waits from now on.
    pub(crate) fn close_for(&self, part_of_path: &str) {
        self.state.lock().unwrap().closed_for = Some(part_of_path.to_owned());
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().closed_for = None;
        self.changed.notify_all();
    }

    /// Blocks until so many wait.
    pub(crate) fn until_waiting(&self, count: usize) {
        let state = self.state.lock().unwrap();
        let (state, late) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.waiting < count)
            .unwrap();
        assert!(
            !late.timed_out(),
            "{} wait at the gate, not {count}",
            state.waiting
        );
    }

    /// Whether somebody was let through because it took too long.
    pub(crate) fn gave_up(&self) -> bool {
        self.state.lock().unwrap().gave_up
    }

    fn pass(&self, path: &str) {
        let is_closed = |state: &State| {
            let closed_for = state.closed_for.as_deref();
            closed_for.is_some_and(|part| path.contains(part))
        };
        let mut state = self.state.lock().unwrap();
        if !is_closed(&state) {
            return;
        }
        state.waiting += 1;
        self.changed.notify_all();
        let (mut state, late) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| is_closed(state))
            .unwrap();
        state.gave_up |= late.timed_out();
        state.waiting -= 1;
    }
}

impl Disk for GatedDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let name = path.display().to_string();
        self.gate.pass(&name);
        let below = self.below.open(path, mode)?;
        Ok(Arc::new(GatedFile {
            below,
            gate: Arc::clone(&self.gate),
            path: name,
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.below.create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.below.create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.below.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.below.remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.gate.pass(&to.display().to_string());
        self.below.rename(from, to)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.below.list(path)
    }

    fn file_len(&self, path: &Path) -> io::Result<Option<u64>> {
        self.below.file_len(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.below.exists(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.below.sync_dir(path)
    }

    fn volume(&self, path: &Path) -> io::Result<Option<Box<dyn Volume>>> {
        self.below.volume(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>> {
        self.below.lock(path)
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        self.below.space(path)
    }
}

impl DiskFile for GatedFile {
    fn modified_ms(&self) -> io::Result<i64> {
        self.below.modified_ms()
    }

    fn set_modified_ms(&self, ms: i64) -> io::Result<()> {
        self.below.set_modified_ms(ms)
    }

    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.gate.pass(&self.path);
        self.below.read_at(buffer, position)
    }

    fn write_all_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        self.below.write_all_at(slices, position)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.below.set_len(len)
    }

    fn preallocate(&self, position: u64, len: u64) -> io::Result<()> {
        self.below.preallocate(position, len)
    }

    fn begin_write_back(&self, position: u64, len: u64) {
        self.below.begin_write_back(position, len);
    }

    fn write_back(&self, position: u64, len: u64) -> io::Result<()> {
        self.below.write_back(position, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.below.sync_data()
    }

    fn sync_data_before(&self, end: u64) -> io::Result<()> {
        self.below.sync_data_before(end)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.below.sync_all()
    }

    fn residency(&self, position: u64, len: u64) -> Residency {
        self.below.residency(position, len)
    }

    fn warm(&self, position: u64, len: u64) {
        self.below.warm(position, len);
    }

    fn os_handle(&self) -> Option<BorrowedFd<'_>> {
        self.below.os_handle()
    }
}
