//! What a crash leaves.

use super::content::Survival;
use super::tree::{Node, Side};
use super::{SimDisk, State};
use crate::SimRng;

/// What happens to changes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPolicy {
    /// The process is killed: the system keeps its caches. Nothing is lost, nothing becomes durable.
    KeepAll,
    /// A power cut that loses all of it.
    DropUnsynced,
    /// A power cut with a random outcome.
    Random {
        /// Writes may be kept in part, at 512 or 4096 bytes.
        torn: bool,
        /// Changes are kept independently of each other. Otherwise a prefix of all changes in their order is kept.
        reorder: bool,
    },
    /// A power cut that keeps the first so many of all changes of the disk, in their order.
    Prefix(usize),
}

impl SimDisk {
    /// Ends the boot: open handles fail from now on, locks are released, faults stay. With any policy but `KeepAll` the
    /// power goes as well.
    pub fn crash(&self, policy: CrashPolicy, rng: &mut SimRng) {
        let mut state = self.shared.state.lock();
        state.boot += 1;
        state.off = false;
        state.locks.clear();
        state.close_handles();
        state.owed = std::time::Duration::ZERO;
        match policy {
            CrashPolicy::KeepAll => {}
            CrashPolicy::DropUnsynced => state.keep_first(0, None),
            CrashPolicy::Prefix(count) => state.keep_first(count, None),
            CrashPolicy::Random { torn, reorder: false } => {
                let count = rng.index(state.pending_numbers().len() + 1);
                let unit = unit(rng);
                state.keep_first(count, torn.then_some((unit, rng)));
            }
            CrashPolicy::Random { torn, reorder: true } => state.keep_any(torn, rng),
        }
        state.tree.collect();
        self.shared
            .trace
            .event("disk crash", &[state.boot, state.tree.nodes.len() as u64]);
    }
}

fn unit(rng: &mut SimRng) -> u64 {
    if rng.percent(50) { 512 } else { 4096 }
}

impl State {
    /// The numbers of all changes that the device does not hold, rising.
    pub(super) fn pending_numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.tree.journal.iter().map(|(seq, _)| *seq).collect();
        for node in self.tree.nodes.values() {
            if let Node::File(file) = node {
                numbers.extend(file.pending.iter().map(|(seq, _)| *seq));
            }
        }
        numbers.sort_unstable();
        numbers
    }

    fn keep_first(&mut self, count: usize, tear: Option<(u64, &mut SimRng)>) {
        let numbers = self.pending_numbers();
        let limit = numbers.get(count).copied().unwrap_or(u64::MAX);
        for (seq, change) in std::mem::take(&mut self.tree.journal) {
            if seq < limit {
                self.tree.apply(&change, Side::Durable);
            }
        }
        let (unit, mut rng) = tear.unzip();
        self.cut_files(|file| {
            let tear = unit.zip(rng.as_deref_mut());
            file.power_cut(Survival::Before { limit, tear });
        });
    }

    fn keep_any(&mut self, torn: bool, rng: &mut SimRng) {
        let percent = [10, 50, 90][rng.index(3)];
        let journal = std::mem::take(&mut self.tree.journal);
        let first_lost = rng.index(journal.len() + 1);
        for (i, (_, change)) in journal.iter().enumerate() {
            let survives = rng.percent(percent);
            if if self.names_in_order {
                i < first_lost
            } else {
                survives
            } {
                self.tree.apply(change, Side::Durable);
            }
        }
        let unit = unit(rng);
        self.cut_files(|file| {
            file.power_cut(if torn {
                Survival::Units { unit, rng }
            } else {
                Survival::FilePrefix(rng)
            });
        });
    }

    fn cut_files(&mut self, mut cut: impl FnMut(&mut super::content::File)) {
        for node in self.tree.nodes.values_mut() {
            match node {
                Node::File(file) => cut(file),
                Node::Folder(folder) => folder.live = folder.durable.clone(),
            }
        }
    }
}
