//! The calls of `Disk` and `DiskFile`.

use super::content::{Edit, File};
use super::fault::enospc;
use super::tree::{Change, Folder, Node, NodeId};
use super::{DiskOp, FILE_LEN_MAX, Shared, SimDisk, State, Verdict};
use crate::digest;
use bytes::Bytes;
use klamm_host::{DirEntry, DirLock, Disk, DiskFile, OpenMode, Residency, Space, Volume};
use parking_lot::MutexGuard;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug)]
struct SimFile {
    shared: Arc<Shared>,
    boot: u64,
    node: NodeId,
    path: PathBuf,
    writable: bool,
}

#[derive(Debug)]
struct SimLock {
    shared: Arc<Shared>,
    boot: u64,
    node: NodeId,
}

impl DirLock for SimLock {}

#[derive(Debug)]
struct SimVolume {
    shared: Arc<Shared>,
    boot: u64,
    path: PathBuf,
}

impl Volume for SimVolume {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        let call = (DiskOp::SyncVolume, &*self.path);
        match self
            .shared
            .begin(&mut state, Some(self.boot), call, [0; 3])?
        {
            Verdict::Run => state.tree.sync_all(),
            Verdict::Lie => {}
            Verdict::Fail(error) if state.off => return Err(error),
            Verdict::Fail(error) => {
                state.tree.each_file(File::forget_pending);
                return Err(error);
            }
            Verdict::Short => {
                state.tree.each_file(File::forget_pending);
                return Err(enospc());
            }
        }
        Ok(())
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.boot == self.boot {
            state.locks.remove(&self.node);
        }
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.boot == self.boot
            && let Some(file) = state.tree.file_mut(self.node)
        {
            file.handles = file.handles.saturating_sub(1);
        }
    }
}

impl SimDisk {
    /// Begins a call; `None` if it is to claim success without doing anything.
    fn enter(&self, op: DiskOp, path: &Path) -> io::Result<Option<MutexGuard<'_, State>>> {
        let mut state = self.shared.state.lock();
        let runs = self.shared.runs(&mut state, self.boot, (op, path))?;
        Ok(runs.then_some(state))
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let creates = matches!(
            mode,
            OpenMode::Create | OpenMode::CreateNew | OpenMode::Overwrite
        );
        let op = if creates {
            DiskOp::Create
        } else {
            DiskOp::Open
        };
        let mut state = self.shared.state.lock();
        self.shared.runs(&mut state, self.boot, (op, path))?;
        let node = match state.tree.find(path)? {
            Some(_) if mode == OpenMode::CreateNew => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            Some(node) => node,
            None if creates => {
                let at = state.tree.place(path)?;
                let seq = state.next_seq();
                state.tree.make(seq, at, Node::File(File::default()))
            }
            None => return Err(io::ErrorKind::NotFound.into()),
        };
        let file = state
            .tree
            .file_mut(node)
            .ok_or(io::ErrorKind::IsADirectory)?;
        file.handles += 1;
        if mode == OpenMode::Overwrite && file.live.len() > 0 {
            let (seq, now_ms) = (state.next_seq(), state.now_ms());
            if let Some(file) = state.tree.file_mut(node) {
                file.edit(seq, now_ms, Edit::SetLen(0));
            }
        }
        Ok(Arc::new(SimFile {
            shared: Arc::clone(&self.shared),
            boot: state.boot,
            node,
            path: path.to_owned(),
            writable: mode != OpenMode::Read,
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::CreateDir, path)? else {
            return Ok(());
        };
        let at = state.tree.place(path)?;
        if state.tree.at(&at).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let seq = state.next_seq();
        state.tree.make(seq, at, Node::Folder(Folder::default()));
        Ok(())
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::CreateDir, path)? else {
            return Ok(());
        };
        let mut levels: Vec<&Path> = path.ancestors().collect();
        levels.reverse();
        for level in levels {
            match state.tree.find(level)? {
                Some(node) => {
                    state.tree.folder(node)?;
                }
                None => {
                    let at = state.tree.place(level)?;
                    let seq = state.next_seq();
                    state.tree.make(seq, at, Node::Folder(Folder::default()));
                }
            }
        }
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::RemoveFile, path)? else {
            return Ok(());
        };
        let at = state.tree.place(path)?;
        let node = state.tree.found(path)?;
        if state.tree.file(node).is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let seq = state.next_seq();
        state.tree.change(seq, Change::Unlink { at, node });
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::RemoveDir, path)? else {
            return Ok(());
        };
        let at = state.tree.place(path)?;
        let node = state.tree.found(path)?;
        state.tree.folder(node)?;
        // Children first, as the system does it: a crash may leave half of it.
        let mut changes = vec![Change::Unlink { at, node }];
        let mut open = vec![node];
        while let Some(folder) = open.pop() {
            for (name, child) in &state.tree.folder(folder)?.live {
                changes.push(Change::Unlink { at: (folder, name.clone()), node: *child });
                if state.tree.file(*child).is_none() {
                    open.push(*child);
                }
            }
        }
        for change in changes.into_iter().rev() {
            let seq = state.next_seq();
            state.tree.change(seq, change);
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::Rename, from)? else {
            return Ok(());
        };
        let node = state.tree.found(from)?;
        let (from_place, to_place) = (state.tree.place(from)?, state.tree.place(to)?);
        let is_folder = state.tree.file(node).is_none();
        match state.tree.at(&to_place) {
            Some(old) if old == node => return Ok(()),
            Some(old) => match (is_folder, state.tree.file(old).is_none()) {
                (false, true) => return Err(io::ErrorKind::IsADirectory.into()),
                (true, false) => return Err(io::ErrorKind::NotADirectory.into()),
                (true, true) if !state.tree.folder(old)?.live.is_empty() => {
                    return Err(io::ErrorKind::DirectoryNotEmpty.into());
                }
                _ => {}
            },
            None => {}
        }
        if is_folder && to.starts_with(from) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let seq = state.next_seq();
        state
            .tree
            .change(seq, Change::Move { from: from_place, to: to_place, node });
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let Some(state) = self.enter(DiskOp::List, path)? else {
            return Ok(Vec::new());
        };
        let folder = state.tree.folder(state.tree.found(path)?)?;
        let entry = |(name, node): (&String, &NodeId)| {
            let file = state.tree.file(*node);
            DirEntry {
                name: name.clone(),
                is_dir: file.is_none(),
                len: file.map_or(0, |file| file.live.len()),
            }
        };
        Ok(folder.live.iter().map(entry).collect())
    }

    fn file_len(&self, path: &Path) -> io::Result<Option<u64>> {
        let Some(state) = self.enter(DiskOp::Stat, path)? else {
            return Ok(None);
        };
        let node = state.tree.find(path)?;
        Ok(node
            .and_then(|node| state.tree.file(node))
            .map(|file| file.live.len()))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let Some(state) = self.enter(DiskOp::Stat, path)? else {
            return Ok(false);
        };
        Ok(state.tree.find(path)?.is_some())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let Some(mut state) = self.enter(DiskOp::SyncDir, path)? else {
            return Ok(());
        };
        let node = state.tree.found(path)?;
        state.tree.folder(node)?;
        state.tree.sync(node);
        Ok(())
    }

    fn volume(&self, path: &Path) -> io::Result<Option<Box<dyn Volume>>> {
        let mut state = self.shared.state.lock();
        self.shared
            .runs(&mut state, self.boot, (DiskOp::Open, path))?;
        state.tree.found(path)?;
        Ok(Some(Box::new(SimVolume {
            shared: Arc::clone(&self.shared),
            boot: state.boot,
            path: path.to_owned(),
        })))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DirLock>> {
        let mut state = self.shared.state.lock();
        self.shared
            .runs(&mut state, self.boot, (DiskOp::Lock, path))?;
        let node = match state.tree.find(path)? {
            Some(node) => node,
            None => {
                let at = state.tree.place(path)?;
                let seq = state.next_seq();
                state.tree.make(seq, at, Node::File(File::default()))
            }
        };
        if !state.locks.insert(node) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let boot = state.boot;
        Ok(Box::new(SimLock {
            shared: Arc::clone(&self.shared),
            boot,
            node,
        }))
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let mut state = self.shared.state.lock();
        self.shared
            .runs(&mut state, self.boot, (DiskOp::Space, path))?;
        state.tree.found(path)?;
        let used = state.tree.used();
        Ok(Space {
            total: state.capacity,
            usable: state.capacity.saturating_sub(used),
        })
    }
}

impl SimFile {
    fn begin(&self, state: &mut State, op: DiskOp, numbers: [u64; 3]) -> io::Result<Verdict> {
        self.shared
            .begin(state, Some(self.boot), (op, &self.path), numbers)
    }

    /// Begins a call that has no special way to fail; `None` if it is to lie.
    fn enter(&self, op: DiskOp, numbers: [u64; 2]) -> io::Result<Option<MutexGuard<'_, State>>> {
        let mut state = self.shared.state.lock();
        match self.begin(&mut state, op, [numbers[0], numbers[1], 0])? {
            Verdict::Run => Ok(Some(state)),
            Verdict::Lie => Ok(None),
            Verdict::Short => Err(enospc()),
            Verdict::Fail(error) => Err(error),
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.writable {
            Ok(())
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    fn of<'a>(&self, state: &'a mut State) -> io::Result<&'a mut File> {
        state
            .tree
            .file_mut(self.node)
            .ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&self, op: DiskOp, run: impl FnOnce(&mut File)) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        match self.begin(&mut state, op, [0; 3])? {
            Verdict::Run => run(self.of(&mut state)?),
            Verdict::Lie => {}
            Verdict::Fail(error) if state.off => return Err(error),
            Verdict::Fail(error) => {
                self.of(&mut state)?.forget_pending();
                return Err(error);
            }
            Verdict::Short => {
                self.of(&mut state)?.forget_pending();
                return Err(enospc());
            }
        }
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        let Some(mut state) = self.enter(DiskOp::Len, [0; 2])? else {
            return Ok(0);
        };
        Ok(self.of(&mut state)?.live.len())
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let numbers = [position, buffer.len() as u64];
        let Some(mut state) = self.enter(DiskOp::Read, numbers)? else {
            return Ok(0);
        };
        let file = self.of(&mut state)?;
        file.cold = false;
        Ok(file.live.read(buffer, position))
    }

    fn write_all_at(&self, slices: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        self.check_writable()?;
        let mut bytes: Vec<u8> = slices
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect();
        let end = position.saturating_add(bytes.len() as u64);
        if end > FILE_LEN_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let numbers = [position, bytes.len() as u64, digest(&bytes)];
        let mut state = self.shared.state.lock();
        let mut result = match self.begin(&mut state, DiskOp::Write, numbers)? {
            Verdict::Run => Ok(()),
            Verdict::Lie => return Ok(()),
            Verdict::Fail(error) => return Err(error),
            Verdict::Short => {
                bytes.truncate(bytes.len() / 2);
                Err(enospc())
            }
        };
        let file = self.of(&mut state)?;
        let held = file.live.len().max(file.reserved);
        if let Err(full) = state.make_room(end.saturating_sub(held)) {
            let room = state.capacity.saturating_sub(state.tree.used()) + held;
            let fits = usize::try_from(room.saturating_sub(position)).unwrap_or(0);
            bytes.truncate(fits);
            result = Err(full);
        }
        if !bytes.is_empty() {
            let (seq, now_ms) = (state.next_seq(), state.now_ms());
            let bytes = Bytes::from(bytes);
            self.of(&mut state)?
                .edit(seq, now_ms, Edit::Write { position, bytes });
        }
        result
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        if len > FILE_LEN_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let Some(mut state) = self.enter(DiskOp::SetLen, [len, 0])? else {
            return Ok(());
        };
        let (seq, now_ms) = (state.next_seq(), state.now_ms());
        let file = self.of(&mut state)?;
        if file.live.len() != len {
            file.edit(seq, now_ms, Edit::SetLen(len));
        }
        file.reserved = file.reserved.min(len);
        Ok(())
    }

    fn preallocate(&self, position: u64, len: u64) -> io::Result<()> {
        self.check_writable()?;
        let len = position.saturating_add(len);
        let Some(mut state) = self.enter(DiskOp::Preallocate, [len, 0])? else {
            return Ok(());
        };
        let file = self.of(&mut state)?;
        let held = file.live.len().max(file.reserved);
        state.make_room(len.saturating_sub(held))?;
        let file = self.of(&mut state)?;
        file.reserved = file.reserved.max(len);
        Ok(())
    }

    fn write_back(&self, _position: u64, _len: u64) -> io::Result<()> {
        // What was written back may survive a power cut, as what was not.
        self.sync(DiskOp::WriteBack, |_| {})
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync(DiskOp::SyncData, File::sync)
    }

    fn sync_data_before(&self, end: u64) -> io::Result<()> {
        self.sync(DiskOp::SyncData, |file| file.sync_before(end))
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync(DiskOp::SyncAll, File::sync)
    }

    fn modified_ms(&self) -> io::Result<i64> {
        let Some(mut state) = self.enter(DiskOp::Len, [0; 2])? else {
            return Ok(0);
        };
        Ok(self.of(&mut state)?.modified_ms)
    }

    fn set_modified_ms(&self, ms: i64) -> io::Result<()> {
        if let Some(mut state) = self.enter(DiskOp::SetModified, [ms.cast_unsigned(), 0])? {
            self.of(&mut state)?.modified_ms = ms;
        }
        Ok(())
    }

    fn residency(&self, _position: u64, _len: u64) -> Residency {
        let mut state = self.shared.state.lock();
        if let Some(fixed) = state.residency {
            return fixed;
        }
        match self.of(&mut state) {
            Ok(file) if file.cold => Residency::Cold,
            _ => Residency::Resident,
        }
    }

    fn warm(&self, _position: u64, _len: u64) {
        let mut state = self.shared.state.lock();
        if let Ok(file) = self.of(&mut state) {
            file.cold = false;
        }
    }

    fn os_handle(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
