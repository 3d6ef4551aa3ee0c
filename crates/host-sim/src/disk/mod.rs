//! A disk in memory with a page cache that can be lost.
//!
//! What it promises is what POSIX and Linux promise, and no more:
//! - Data of a file is durable after `sync_data` or `sync_all` of that file; every unsynced edit may or may not be.
//! - A name (creation, removal, rename) is durable after `sync_dir` of its folder. Syncing a new file does *not* make
//!   its name durable, and syncing a folder does not make the folder's own name durable: each parent needs its sync.
//! - The sync of the volume makes all data and all names durable that there are.
//! - A rename is atomic. Between two folders it is durable with the sync of the folder it went to.
//! - A cut or extension of a file is an edit like a write: unsynced, it may be lost while a later write is kept.
//! - A sync that fails drops the unsynced edits of the file: reads still see them, later syncs succeed and leave them out.
//! - A process kill ([`CrashPolicy::KeepAll`]) loses nothing, and leaves everything as unsynced as it was.

mod content;
mod crash;
mod fault;
mod serve;
#[cfg(test)]
mod tests;
mod tree;

pub use crash::CrashPolicy;
pub use fault::{DiskFault, DiskOp, Effect, OpFilter};

use crate::{Trace, digest};
use fault::{eio, enospc};
use klamm_host::Residency;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tree::{NodeId, Tree};

/// Larger files are refused with `FileTooLarge`: a wrong position must not take the machine's memory.
const FILE_LEN_MAX: u64 = 1 << 32;

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk {
    shared: Arc<Shared>,
    /// The boot whose calls are served; `None` follows the disk through its crashes.
    boot: Option<u64>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    trace: Trace,
}

type WallClock = Arc<dyn Fn() -> i64 + Send + Sync>;

type Latency = Arc<dyn Fn(DiskOp, u64) -> Duration + Send + Sync>;

#[derive(Clone)]
struct State {
    tree: Tree,
    seq: u64,
    boot: u64,
    off: bool,
    faults: Vec<DiskFault>,
    capacity: u64,
    locks: BTreeSet<NodeId>,
    calls: u64,
    mutations: u64,
    latency: Option<Latency>,
    owed: Duration,
    residency: Option<Residency>,
    names_in_order: bool,
    wall_clock: Option<WallClock>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("boot", &self.boot)
            .field("calls", &self.calls)
            .field("nodes", &self.tree.nodes.len())
            .finish_non_exhaustive()
    }
}

/// How a call goes on.
enum Verdict {
    Run,
    Lie,
    Short,
    Fail(io::Error),
}

impl SimDisk {
    /// An empty disk of 1 TiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_trace(Trace::new())
    }

    /// An empty disk that tells its calls to a trace.
    #[must_use]
    pub fn with_trace(trace: Trace) -> Self {
        let state = State {
            tree: Tree::new(),
            seq: 0,
            boot: 0,
            off: false,
            faults: Vec::new(),
            capacity: 1 << 40,
            locks: BTreeSet::new(),
            calls: 0,
            mutations: 0,
            latency: None,
            owed: Duration::ZERO,
            residency: None,
            names_in_order: false,
            wall_clock: None,
        };
        Self {
            shared: Arc::new(Shared { state: Mutex::new(state), trace }),
            boot: None,
        }
    }

    /// The disk as a node sees it until the next crash: all its calls fail from then on.
    #[must_use]
    pub fn mount(&self) -> Self {
        let boot = self.shared.state.lock().boot;
        Self { shared: Arc::clone(&self.shared), boot: Some(boot) }
    }

    /// A second disk with the same content, cached and durable, but without faults, handles and locks. Lets a test try
    /// several ends of one story.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut state = self.shared.state.lock().clone();
        state.locks.clear();
        state.faults.clear();
        state.boot += 1;
        state.close_handles();
        state.tree.collect();
        Self {
            shared: Arc::new(Shared { state: Mutex::new(state), trace: Trace::new() }),
            boot: None,
        }
    }

    /// Forgets all content. Every mount and handle fails from then on.
    pub fn wipe(&self) {
        let mut state = self.shared.state.lock();
        state.boot += 1;
        state.locks.clear();
        state.tree = Tree::new();
    }

    /// Adds a fault. Faults added earlier win.
    pub fn inject(&self, fault: DiskFault) {
        self.shared.state.lock().faults.push(fault);
    }

    /// Removes all faults that wait.
    pub fn clear_faults(&self) {
        self.shared.state.lock().faults.clear();
    }

    /// Sets the volume's size, in bytes. Writes beyond it fail with `ENOSPC`.
    pub fn set_capacity(&self, bytes: u64) {
        self.shared.state.lock().capacity = bytes;
    }

    /// Sets how long a call of some bytes takes. The time is owed, see [`Self::take_owed`].
    pub fn set_latency(&self, latency: impl Fn(DiskOp, u64) -> Duration + Send + Sync + 'static) {
        self.shared.state.lock().latency = Some(Arc::new(latency));
    }

    /// The time that calls should have taken since the last look. Calls can't wait in simulated time, so whoever ran
    /// them as blocking work waits afterwards.
    pub fn take_owed(&self) -> Duration {
        std::mem::take(&mut self.shared.state.lock().owed)
    }

    /// What `residency` answers from now on. Without this: cold after a power cut until read or warmed.
    pub fn set_residency(&self, residency: Residency) {
        self.shared.state.lock().residency = Some(residency);
    }

    /// Whether unsynced names survive a reordering power cut in their order only, as they do in the journals of ext4 and
    /// XFS. POSIX does not promise it: off by default.
    pub fn set_names_in_order(&self, in_order: bool) {
        self.shared.state.lock().names_in_order = in_order;
    }

    /// Where files get their times of change from, in milliseconds since the Unix epoch. Without it all are of 1970.
    pub fn set_wall_clock(&self, now_ms: impl Fn() -> i64 + Send + Sync + 'static) {
        self.shared.state.lock().wall_clock = Some(Arc::new(now_ms));
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.state.lock().calls
    }

    /// Calls so far that could change what is on the disk.
    #[must_use]
    pub fn mutations(&self) -> u64 {
        self.shared.state.lock().mutations
    }

    /// Changes of names and contents that the device does not hold yet: the range of [`CrashPolicy::Prefix`].
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.state.lock().pending_numbers().len()
    }

    /// The trace that the calls go to.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.shared.trace
    }

    /// Changes bytes of a file behind everybody's back, on the device and in the cache: a medium that rots.
    ///
    /// # Errors
    /// There is no such file, or the range ends behind its end.
    pub fn corrupt(&self, path: &Path, position: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        let node = state.tree.found(path)?;
        let file = state
            .tree
            .file_mut(node)
            .ok_or(io::ErrorKind::IsADirectory)?;
        if position + bytes.len() as u64 > file.live.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.live.write(bytes, position);
        if position < file.durable.len() {
            file.durable.write(bytes, position);
        }
        Ok(())
    }
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    /// Counts a call, tells the trace, and decides how it goes on.
    fn begin(
        &self,
        state: &mut State,
        boot: Option<u64>,
        (op, path): (DiskOp, &Path),
        numbers: [u64; 3],
    ) -> io::Result<Verdict> {
        if boot.is_some_and(|boot| boot != state.boot) {
            return Err(io::Error::other("the node crashed since"));
        }
        if state.off {
            return Err(io::Error::other("the power is off"));
        }
        state.calls += 1;
        state.mutations += u64::from(op.is_mutating());
        let name = digest(path.as_os_str().as_encoded_bytes());
        self.trace
            .event(op.name(), &[name, numbers[0], numbers[1], numbers[2]]);
        if let Some(latency) = state.latency.clone() {
            state.owed += latency(op, numbers[1]);
        }
        let mut hit = None;
        for fault in &mut state.faults {
            hit = hit.or(fault.meets(op, path));
        }
        Ok(match hit {
            None => Verdict::Run,
            Some(Effect::Eio) => Verdict::Fail(eio()),
            Some(Effect::Enospc) => Verdict::Fail(enospc()),
            Some(Effect::ShortWrite) if op == DiskOp::Write => Verdict::Short,
            Some(Effect::ShortWrite) => Verdict::Fail(enospc()),
            Some(Effect::Lie) if op.is_mutating() => Verdict::Lie,
            Some(Effect::Lie) => Verdict::Run,
            Some(Effect::PowerOff) => {
                state.off = true;
                Verdict::Fail(io::Error::other("the power is off"))
            }
        })
    }

    /// As `begin`, for calls without a special way to fail: whether to run or to lie.
    fn runs(
        &self,
        state: &mut State,
        boot: Option<u64>,
        call: (DiskOp, &Path),
    ) -> io::Result<bool> {
        match self.begin(state, boot, call, [0; 3])? {
            Verdict::Run => Ok(true),
            Verdict::Lie => Ok(false),
            Verdict::Short => Err(enospc()),
            Verdict::Fail(error) => Err(error),
        }
    }
}

impl State {
    fn now_ms(&self) -> i64 {
        self.wall_clock.as_ref().map_or(0, |now_ms| now_ms())
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn close_handles(&mut self) {
        for node in self.tree.nodes.values_mut() {
            if let tree::Node::File(file) = node {
                file.handles = 0;
            }
        }
    }

    /// Fails if `more` bytes do not fit.
    fn make_room(&mut self, more: u64) -> io::Result<()> {
        // Far from the limit nothing has to be added up.
        if more == 0 || self.capacity >= 1 << 40 {
            return Ok(());
        }
        if self.tree.used() + more > self.capacity {
            self.tree.collect();
            if self.tree.used() + more > self.capacity {
                return Err(enospc());
            }
        }
        Ok(())
    }
}
