//! The measurements under way, one for each who is measured. Bounded: idle ones are forgotten.

use hashbrown::HashMap;
use std::hash::Hash;

/// A measurement that nobody touched for this long is forgotten.
const IDLE_MS_MAX: i64 = 3_600_000;
const SWEEP_INTERVAL_MS: i64 = 60_000;

/// Measurements by what they are of.
#[derive(Debug)]
pub(crate) struct Measures<K, M> {
    by_key: HashMap<K, Entry<M>, foldhash::fast::FixedState>,
    /// More than this are not kept: the half that was idle for longest is forgotten.
    max: usize,
    swept_ms: i64,
}

#[derive(Debug)]
struct Entry<M> {
    measure: M,
    used_ms: i64,
}

impl<K: Hash + Eq, M: Default> Measures<K, M> {
    pub(crate) fn new(max: usize) -> Self {
        Self { by_key: HashMap::default(), max, swept_ms: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The measurement of a key; a new one if there is none.
    pub(crate) fn get(&mut self, key: K, now_ms: i64) -> &mut M {
        if !self.by_key.contains_key(&key) {
            self.make_room(now_ms);
        }
        let new = || Entry { measure: M::default(), used_ms: now_ms };
        let entry = self.by_key.entry(key).or_insert_with(new);
        entry.used_ms = now_ms;
        &mut entry.measure
    }

    fn make_room(&mut self, now_ms: i64) {
        if now_ms.saturating_sub(self.swept_ms) >= SWEEP_INTERVAL_MS {
            self.swept_ms = now_ms;
            self.by_key
                .retain(|_, entry| now_ms.saturating_sub(entry.used_ms) < IDLE_MS_MAX);
            self.by_key.shrink_to_fit();
        }
        if self.by_key.len() < self.max {
            return;
        }
        let mut used: Vec<i64> = self.by_key.values().map(|entry| entry.used_ms).collect();
        let middle = used.len() / 2;
        let (_, oldest_kept, _) = used.select_nth_unstable(middle);
        let (oldest_kept, mut surplus) = (*oldest_kept, self.by_key.len() - middle);
        self.by_key.retain(|_, entry| {
            // Of those with the same age, as many go as must.
            let goes = entry.used_ms <= oldest_kept && surplus > 0;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_measurements_are_forgotten_and_used_ones_kept() {
        let mut measures: Measures<u32, u32> = Measures::new(100);
        *measures.get(1, 0) = 7;
        *measures.get(2, 0) = 8;
        assert_eq!(*measures.get(1, IDLE_MS_MAX - 1), 7);
        measures.get(3, IDLE_MS_MAX);
        assert_eq!(measures.len(), 2, "the second is gone");
        assert_eq!(*measures.get(1, IDLE_MS_MAX), 7);
    }

    #[test]
    fn a_flood_of_names_stays_within_the_bound() {
        let mut measures: Measures<u32, u32> = Measures::new(100);
        for name in 0..10_000 {
            *measures.get(name, i64::from(name / 50)) = name;
            assert!(measures.len() <= 100);
        }
        assert_eq!(*measures.get(9_999, 200), 9_999, "the newest are kept");
        for name in 0..10_000 {
            measures.get(name, 300);
            assert!(measures.len() <= 100);
        }
    }
}
