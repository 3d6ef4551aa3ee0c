//! What a shard that was stuck gives back to those who wait for it: time.
//!
//! While a commit waits for the disk nobody is answered, and whoever waits for his answer can't report. So deadlines are not
//! looked at for as long again as the shard was stuck. More such waits in the meantime, none of which is longer, add nothing: on a
//! disk that is always slow deadlines come late, and they come.

/// Between the end of a long wait and the next look at deadlines. Times are of the monotonic clock, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Grace {
    until: i64,
    /// The wait that it is for.
    stuck: i64,
}

/// A shorter wait is not noticed: sessions last seconds.
const STUCK_MS_MIN: i64 = 1_000;

impl Grace {
    /// The shard was stuck from one time to another.
    pub(super) fn note(&mut self, from: i64, to: i64) {
        let stuck = to.saturating_sub(from);
        if stuck >= STUCK_MS_MIN && stuck > self.stuck {
            *self = Self { until: to.saturating_add(stuck), stuck };
        }
    }

    /// Whether deadlines are left alone.
    pub(super) fn holds(&mut self, now: i64) -> bool {
        if now < self.until {
            return true;
        }
        *self = Self::default();
        false
    }

    /// When a deadline is looked at.
    pub(super) fn later(&self, due: i64) -> i64 {
        due.max(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_as_long_as_the_wait_did() {
        let mut grace = Grace::default();
        grace.note(0, STUCK_MS_MIN - 1);
        assert!(!grace.holds(STUCK_MS_MIN));
        grace.note(1_000, 6_000);
        assert!(grace.holds(6_000) && grace.holds(10_999));
        assert_eq!((grace.later(7_000), grace.later(12_000)), (11_000, 12_000));
        assert!(!grace.holds(11_000));
        assert_eq!(grace.later(7_000), 7_000);
    }

    #[test]
    fn a_disk_that_is_always_slow_makes_deadlines_late_and_not_void() {
        let (mut grace, mut looks) = (Grace::default(), 0);
        for second in (0..100).step_by(2) {
            let end = (second + 2) * 1_000;
            grace.note(second * 1_000, end);
            looks += i32::from(!grace.holds(end));
        }
        assert!(looks >= 20, "{looks}");
    }

    #[test]
    fn a_longer_wait_after_a_shorter_one_counts() {
        let mut grace = Grace::default();
        grace.note(0, 2_000);
        grace.note(2_000, 60_000);
        assert!(grace.holds(100_000) && !grace.holds(118_000));
    }
}
