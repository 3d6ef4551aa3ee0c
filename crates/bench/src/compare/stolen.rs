//! Time that the host of a virtual machine takes away from it.

use std::time::Duration;

/// What a round may lose before the next one waits.
const NOTED_PERCENT: f64 = 2.0;
/// How long a machine rests that lost more.
const REST: Duration = Duration::from_secs(5);
/// In one run.
const RESTS_MAX: u32 = 60;

/// Since a moment.
#[derive(Debug)]
pub(super) struct Stolen {
    before: Ticks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ticks {
    stolen: u64,
    all: u64,
}

impl Stolen {
    /// From now on.
    pub(super) fn begin() -> Self {
        Self { before: now() }
    }

    /// How much of all cores' time; 0 where the system does not tell.
    pub(super) fn percent(&self) -> f64 {
        share(self.before, now())
    }
}

/// Lets a machine rest that spent what its host grants: what is measured at once would be the host.
#[derive(Debug, Default)]
pub(super) struct Rests(u32);

impl Rests {
    /// Waits if a round lost much; whether it did.
    pub(super) fn after(&mut self, percent: f64) -> bool {
        if percent < NOTED_PERCENT || self.0 == RESTS_MAX {
            return false;
        }
        self.0 += 1;
        std::thread::sleep(REST);
        true
    }
}

fn now() -> Ticks {
    ticks(&std::fs::read_to_string("/proc/stat").unwrap_or_default())
}

/// The first line: user, nice, system, idle, waiting, two kinds of interrupts, stolen. What follows is in these.
fn ticks(stat: &str) -> Ticks {
    let line = stat.lines().next().unwrap_or_default();
    let numbers = line.split_whitespace().skip(1).take(8);
    let numbers: Vec<u64> = numbers.filter_map(|n| n.parse().ok()).collect();
    Ticks {
        stolen: numbers.get(7).copied().unwrap_or(0),
        all: numbers.iter().sum(),
    }
}

fn share(before: Ticks, after: Ticks) -> f64 {
    let of = after.all.saturating_sub(before.all).max(1);
    after.stolen.saturating_sub(before.stolen) as f64 / of as f64 * 100.0
}

#[cfg(test)]
mod tests {
    use super::{Rests, Ticks, share, ticks};

    #[test]
    fn the_eighth_figure_is_what_was_stolen() {
        let stat = "cpu  10 20 30 400 5 6 7 22 99 98\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        let before = ticks(stat);
        assert_eq!(before, Ticks { stolen: 22, all: 500 });
        let after = Ticks { stolen: 32, all: 700 };
        assert!((share(before, after) - 5.0).abs() < 1e-9);
        assert_eq!(ticks(""), Ticks::default());
        assert!(share(after, before).abs() < 1e-9);
    }

    #[test]
    fn a_round_that_lost_little_is_not_waited_for() {
        assert!(!Rests::default().after(1.9));
        assert!(!Rests(60).after(50.0));
    }
}
