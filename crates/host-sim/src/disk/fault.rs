//! Faults of a disk: which call, and what goes wrong.

use std::io;
use std::path::Path;

/// What a call to the disk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named after the calls of Disk and DiskFile")]
pub enum DiskOp {
    Open,
    Create,
    CreateDir,
    RemoveFile,
    RemoveDir,
    Rename,
    List,
    Stat,
    SyncDir,
    Lock,
    Space,
    Len,
    Read,
    Write,
    SetLen,
    Preallocate,
    WriteBack,
    SyncData,
    SyncAll,
    SyncVolume,
    SetModified,
}

impl DiskOp {
    /// Whether the call can change what is on the disk.
    #[must_use]
    pub const fn is_mutating(self) -> bool {
        !matches!(
            self,
            Self::Open | Self::List | Self::Stat | Self::Space | Self::Len | Self::Read
        )
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "disk open",
            Self::Create => "disk create",
            Self::CreateDir => "disk create_dir",
            Self::RemoveFile => "disk remove_file",
            Self::RemoveDir => "disk remove_dir",
            Self::Rename => "disk rename",
            Self::List => "disk list",
            Self::Stat => "disk stat",
            Self::SyncDir => "disk sync_dir",
            Self::Lock => "disk lock",
            Self::Space => "disk space",
            Self::Len => "disk len",
            Self::Read => "disk read",
            Self::Write => "disk write",
            Self::SetLen => "disk set_len",
            Self::Preallocate => "disk preallocate",
            Self::WriteBack => "disk write_back",
            Self::SyncData => "disk sync_data",
            Self::SyncAll => "disk sync_all",
            Self::SyncVolume => "disk sync_volume",
            Self::SetModified => "disk set_modified",
        }
    }
}

/// Which calls a fault looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpFilter {
    /// Every call.
    Any,
    /// Calls that can change what is on the disk.
    Mutating,
    /// `sync_data` and `sync_all` of a file, `sync` of the volume; and `write_back`, which may fail as they do.
    Sync,
    /// One kind of call.
    Is(DiskOp),
}

impl OpFilter {
    pub(super) fn matches(self, op: DiskOp) -> bool {
        match self {
            Self::Any => true,
            Self::Mutating => op.is_mutating(),
            Self::Sync => matches!(
                op,
                DiskOp::WriteBack | DiskOp::SyncData | DiskOp::SyncAll | DiskOp::SyncVolume
            ),
            Self::Is(wanted) => wanted == op,
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `EIO`. On a sync of a file, or of all, the unsynced edits are dropped for good, and later syncs succeed: what Linux does.
    Eio,
    /// `ENOSPC`, with the same consequence on a sync.
    Enospc,
    /// A write stops half-way and fails with `ENOSPC`; another call fails with `ENOSPC` at once.
    ShortWrite,
    /// The power goes before the call: it and all later ones fail until [`crash`](super::SimDisk::crash).
    PowerOff,
    /// The call claims success and does nothing: a device that lies, or a planted bug.
    Lie,
}

/// A fault that waits for its call.
#[derive(Debug, Clone)]
pub struct DiskFault {
    /// Which calls it counts.
    pub ops: OpFilter,
    /// Counts only calls on paths that contain each of these words; all if there is none.
    pub path_contains: String,
    /// Calls to let pass.
    pub skip: u64,
    /// Calls to hit after that.
    pub times: u64,
    /// What happens to them.
    pub effect: Effect,
}

impl DiskFault {
    /// Hits the call number `skip`, counted from 0 among those that match, and no other.
    #[must_use]
    pub const fn once(ops: OpFilter, skip: u64, effect: Effect) -> Self {
        Self { ops, path_contains: String::new(), skip, times: 1, effect }
    }

    /// Hits every call that matches.
    #[must_use]
    pub const fn always(ops: OpFilter, effect: Effect) -> Self {
        Self {
            ops,
            path_contains: String::new(),
            skip: 0,
            times: u64::MAX,
            effect,
        }
    }

    /// Looks only at paths that contain each word of a text.
    #[must_use]
    pub fn on(mut self, words: &str) -> Self {
        words.clone_into(&mut self.path_contains);
        self
    }

    /// Counts a call; the effect if it is hit.
    pub(super) fn meets(&mut self, op: DiskOp, path: &Path) -> Option<Effect> {
        let path = path.to_string_lossy();
        let mut words = self.path_contains.split_whitespace();
        let on_path = words.all(|word| path.contains(word));
        if self.times == 0 || !on_path || !self.ops.matches(op) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.effect)
    }
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

pub(super) fn eio() -> io::Error {
    io::Error::from_raw_os_error(EIO)
}

pub(super) fn enospc() -> io::Error {
    io::Error::from_raw_os_error(ENOSPC)
}
