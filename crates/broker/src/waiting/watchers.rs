//! Fetches that wait for a partition to grow.

use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Who wants to know when a partition grows. A watcher is told once and must register again.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    waiting: Mutex<Vec<Weak<Notify>>>,
}

/// Above this many, those that gave up are dropped at the next registration.
const PRUNE_ABOVE: usize = 16;

impl Watchers {
    /// Tells `watcher` at the next change.
    pub(crate) fn register(&self, watcher: &Arc<Notify>) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= PRUNE_ABOVE && waiting.len() == waiting.capacity() {
            waiting.retain(|w| w.strong_count() > 0);
        }
        waiting.push(Arc::downgrade(watcher));
    }

    /// The partition changed.
    pub(crate) fn wake(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return;
        }
        for watcher in std::mem::take(&mut *waiting) {
            if let Some(watcher) = watcher.upgrade() {
                watcher.notify_one();
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.waiting.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_that_gave_up_do_not_pile_up() {
        let watchers = Watchers::default();
        for _ in 0..10_000 {
            watchers.register(&Arc::new(Notify::new()));
        }
        assert!(watchers.len() <= 2 * PRUNE_ABOVE, "{}", watchers.len());
    }
}
