//! Open files of all logs, bounded: an idle partition holds none.
//!
//! Every segment file has a `Slot`. The slot keeps the handle between uses, so the hot path takes no lock that others
//! wait for; the cache walks over open slots like a clock's hand and closes those that were not used since its last
//! visit. A range that is still being sent keeps its own reference to the file.

use klamm_host::{Disk, DiskFile, OpenMode};
use parking_lot::Mutex;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Bounds the handles that logs keep open. One for the process.
#[derive(Debug)]
pub struct HandleCache {
    capacity: usize,
    ring: Mutex<Ring>,
    when_many: OnceLock<WhenMany>,
}

/// Who is told that there are more files open than a node at rest keeps.
struct WhenMany(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for WhenMany {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhenMany")
    }
}

/// Files that stay open however long nobody uses them.
const AT_REST: usize = 32;

#[derive(Debug, Default)]
struct Ring {
    open: Vec<Weak<Slot>>,
    hand: usize,
}

/// Keeps one file open between uses.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    file: Mutex<Option<Arc<dyn DiskFile>>>,
    used: AtomicBool,
    /// Has unsynced writes: a write-back error is reported to the handle that wrote, so it must stay until the sync.
    pinned: AtomicBool,
    /// The file has not the name that belongs to the slot (yet): it could not be opened again.
    held: AtomicBool,
}

/// A slot that is made when its file is first used: of many partitions most are idle.
///
/// A copy that is made before that gets a slot of its own, and opens the file a second time.
#[derive(Debug, Clone, Default)]
pub(crate) struct LazySlot(OnceLock<Arc<Slot>>);

impl LazySlot {
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        self.0.get_or_init(Slot::new)
    }

    /// A share in it.
    pub(crate) fn get(&self) -> Arc<Slot> {
        Arc::clone(self.slot())
    }

    /// The file if it is open.
    pub(crate) fn held(&self) -> Option<Arc<dyn DiskFile>> {
        self.0.get()?.held()
    }

    /// See [`Slot::unpin`].
    pub(crate) fn unpin(&self) {
        if let Some(slot) = self.0.get() {
            slot.unpin();
        }
    }

    /// See [`Slot::close`].
    pub(crate) fn close(&self) {
        if let Some(slot) = self.0.get() {
            slot.close();
        }
    }

    /// See [`Slot::let_go`].
    pub(crate) fn let_go(&self, cache: &HandleCache) {
        if let Some(slot) = self.0.get() {
            slot.let_go(cache);
        }
    }
}

impl From<Arc<Slot>> for LazySlot {
    fn from(slot: Arc<Slot>) -> Self {
        Self(slot.into())
    }
}

impl HandleCache {
    /// A cache that keeps up to `capacity` files open, not counting those with unsynced writes.
    #[must_use]
    pub fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity: capacity.max(1),
            ring: Mutex::default(),
            when_many: OnceLock::new(),
        })
    }

    /// Files open at the moment, those with unsynced writes included.
    #[must_use]
    pub fn open_files(&self) -> usize {
        let ring = self.ring.lock();
        ring.open
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|slot| slot.file.lock().is_some())
            .count()
    }

    fn admit(&self, slot: &Arc<Slot>) {
        let (closed, is_first_of_many) = {
            let mut ring = self.ring.lock();
            let steps = (2 * ring.open.len()).min(STEPS_MAX);
            let closed = ring.shrink_below(self.capacity, steps);
            ring.open.push(Arc::downgrade(slot));
            (closed, ring.open.len() == AT_REST + 1)
        };
        drop(closed);
        if is_first_of_many && let Some(when_many) = self.when_many.get() {
            (when_many.0)();
        }
    }

    /// Calls this whenever more files are open than a node at rest keeps; once set, it stays. It must not wait.
    pub fn when_many(&self, tell: impl Fn() + Send + Sync + 'static) {
        let _ = self.when_many.set(WhenMany(Box::new(tell)));
    }

    /// So few files are open that none needs to be closed.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.ring.lock().open.len() <= AT_REST
    }

    /// Closes files that were not used since the last call, until few are open. Those with unsynced writes stay.
    pub fn close_idle(&self) {
        let mut ring = self.ring.lock();
        let steps = ring.open.len();
        let closed = ring.shrink_below(AT_REST + 1, steps);
        drop(ring);
        drop(closed);
    }

    /// Closes what is too much, now that files were unpinned.
    pub(crate) fn trim(&self) {
        let mut ring = self.ring.lock();
        let steps = (2 * ring.open.len()).min(STEPS_MAX);
        let closed = ring.shrink_below(self.capacity + 1, steps);
        drop(ring);
        drop(closed);
    }
}

impl Ring {
    /// Turns the hand until fewer than `limit` files are open, or so many steps were made. Gives the files that are to be
    /// closed: not under the lock.
    fn shrink_below(&mut self, limit: usize, mut steps: usize) -> Vec<Arc<dyn DiskFile>> {
        let mut closed = Vec::new();
        while self.open.len() >= limit && steps > 0 {
            steps -= 1;
            let at = self.hand % self.open.len();
            match self.open.get(at).and_then(Weak::upgrade) {
                Some(slot) => match slot.release() {
                    Ok(file) => {
                        closed.extend(file);
                        self.open.swap_remove(at);
                    }
                    Err(InUse) => self.hand = at + 1,
                },
                None => {
                    self.open.swap_remove(at);
                }
            }
        }
        closed
    }
}

/// Steps of the hand while somebody waits: twice around, since the first visit may only take the mark of use away; but
/// never for long.
const STEPS_MAX: usize = 256;

impl Slot {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A slot over an open file, which stays open until `let_go`.
    pub(crate) fn holding(file: Arc<dyn DiskFile>) -> Arc<Self> {
        let slot = Self::new();
        slot.held.store(true, Ordering::Relaxed);
        *slot.file.lock() = Some(file);
        slot
    }

    /// The file has its name now: it may be closed when idle.
    pub(crate) fn let_go(self: &Arc<Self>, cache: &HandleCache) {
        self.held.store(false, Ordering::Relaxed);
        cache.admit(self);
    }

    /// The file, opened if it is not.
    pub(crate) fn get(
        self: &Arc<Self>,
        cache: &HandleCache,
        disk: &dyn Disk,
        mode: OpenMode,
        path: impl FnOnce() -> PathBuf,
    ) -> io::Result<Arc<dyn DiskFile>> {
        if let Some(file) = self.held() {
            return Ok(file);
        }
        // Not under the lock: a writer of the file does not wait for a reader's open.
        let opened = disk.open(&path(), mode)?;
        {
            let mut held = self.file.lock();
            if let Some(other) = &*held {
                return Ok(Arc::clone(other));
            }
            *held = Some(Arc::clone(&opened));
        }
        cache.admit(self);
        Ok(opened)
    }

    /// The file if it is open.
    pub(crate) fn held(&self) -> Option<Arc<dyn DiskFile>> {
        self.used.store(true, Ordering::Relaxed);
        self.file.lock().clone()
    }

    /// Keeps the file open until `unpin`.
    pub(crate) fn pin(&self) {
        self.pinned.store(true, Ordering::Relaxed);
    }

    pub(crate) fn unpin(&self) {
        self.pinned.store(false, Ordering::Relaxed);
    }

    /// Closes the file, whatever its use: it is about to go.
    pub(crate) fn close(&self) {
        self.unpin();
        *self.file.lock() = None;
    }

    /// Gives the file up, unless it was used since the last call.
    fn release(&self) -> Result<Option<Arc<dyn DiskFile>>, InUse> {
        let busy = self.pinned.load(Ordering::Relaxed) || self.held.load(Ordering::Relaxed);
        if self.used.swap(false, Ordering::Relaxed) || busy {
            return Err(InUse);
        }
        // A lock that is taken means use at this moment.
        self.file
            .try_lock()
            .map(|mut file| file.take())
            .ok_or(InUse)
    }
}

/// The file stays open.
struct InUse;

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_host::os::OsDisk;

    #[test]
    fn the_least_used_file_is_closed_and_pinned_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cache = HandleCache::new(3);
        let slots: Vec<_> = (0..6).map(|_| Slot::new()).collect();
        let open = |i: usize| {
            let path = || folder.path().join(i.to_string());
            slots[i]
                .get(&cache, &OsDisk, OpenMode::Create, path)
                .unwrap()
        };
        open(0);
        slots[0].pin();
        for i in 1..6 {
            open(i);
        }
        let is_open = |i: usize| slots[i].file.lock().is_some();
        assert!(is_open(0) && is_open(5));
        assert_eq!((0..6).filter(|i| is_open(*i)).count(), 3);
        assert_eq!(cache.open_files(), 3);
        slots[0].unpin();
        for i in 1..6 {
            open(i);
        }
        assert!(!is_open(0));
    }

    #[test]
    fn a_cache_at_rest_holds_few_files_and_says_when_there_are_more() {
        let folder = tempfile::tempdir().unwrap();
        let cache = HandleCache::new(100);
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        cache.when_many(move || tell.store(true, Ordering::Relaxed));
        let slots: Vec<_> = (0..AT_REST + 20).map(|_| Slot::new()).collect();
        let use_it = |i: usize| {
            let path = || folder.path().join(i.to_string());
            slots[i]
                .get(&cache, &OsDisk, OpenMode::Create, path)
                .unwrap();
        };
        (0..AT_REST).for_each(use_it);
        assert!(cache.is_at_rest() && !told.load(Ordering::Relaxed));
        (AT_REST..AT_REST + 20).for_each(use_it);
        assert!(!cache.is_at_rest() && told.load(Ordering::Relaxed));
        slots[0].pin();
        // The first look takes the marks of use away.
        cache.close_idle();
        assert_eq!(cache.open_files(), AT_REST + 20);
        use_it(1);
        cache.close_idle();
        assert_eq!(cache.open_files(), AT_REST);
        assert!(slots[0].file.lock().is_some() && slots[1].file.lock().is_some());
    }
}
