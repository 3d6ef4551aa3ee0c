//! Fetches that wait for a partition to grow.

use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// Who wants to know when a partition grows. A watcher is told once and must register again.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    waiting: Mutex<Vec<Weak<Notify>>>,
}

/// Watches several partitions for as long as it takes. Fresh for each turn: partitions that did not change in the last
/// one still know the old one, which is dead, and drop it; they would keep the same one again and again.
#[derive(Debug, Default)]
pub(crate) struct Watch(Arc<Notify>);

impl Watch {
    /// Begins a turn: the next change of any of these ends it.
    pub(crate) fn begin<'w>(&mut self, all: impl Iterator<Item = &'w Watchers>) {
        self.0 = Arc::new(Notify::new());
        for watchers in all {
            watchers.register(&self.0);
        }
    }

    /// Waits for the end of the turn.
    pub(crate) async fn changed(&self) {
        self.0.notified().await;
    }
}

/// Above this many, those that gave up are dropped at the next registration.
const PRUNE_ABOVE: usize = 16;

impl Watchers {
    /// Tells `watcher` at the next change.
    fn register(&self, watcher: &Arc<Notify>) {
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

    #[tokio::test]
    async fn one_who_waits_long_does_not_pile_up_where_nothing_happens() {
        let (busy, idle) = (Watchers::default(), Watchers::default());
        let mut watch = Watch::default();
        for _ in 0..10_000 {
            watch.begin([&busy, &idle].into_iter());
            busy.wake();
            watch.changed().await;
        }
        assert!(idle.len() <= 2 * PRUNE_ABOVE, "{}", idle.len());
        watch.begin([&busy, &idle].into_iter());
        idle.wake();
        watch.changed().await;
    }

    #[test]
    fn watchers_that_gave_up_do_not_pile_up() {
        let watchers = Watchers::default();
        for _ in 0..10_000 {
            watchers.register(&Arc::new(Notify::new()));
        }
        assert!(watchers.len() <= 2 * PRUNE_ABOVE, "{}", watchers.len());
    }
}
