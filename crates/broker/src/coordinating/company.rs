//! Whether a command is likely to have company: others that the reactor has woken at the same time.
//!
//! A shard's task runs as soon as the first of them has asked. If it lets the others ask before, their records are one
//! batch and one write. That costs a turn of the reactor, and no timer; so it is done where it helped the last time, and
//! tried now and then elsewhere.

/// What the last tries brought.
#[derive(Debug, Default)]
pub(super) struct Company {
    /// Commands that go on alone before the next try.
    alone: u32,
}

/// A command that was alone lets so many go on alone.
const ALONE: u32 = 31;

impl Company {
    /// Whether to let others ask first.
    pub(super) fn is_likely(&mut self) -> bool {
        match self.alone.checked_sub(1) {
            None => true,
            Some(left) => {
                self.alone = left;
                false
            }
        }
    }

    /// So many others have asked meanwhile.
    pub(super) fn waited_with(&mut self, others: usize) {
        self.alone = if others == 0 { ALONE } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_waited_for_as_long_as_it_comes_and_tried_now_and_then() {
        let mut company = Company::default();
        for _ in 0..3 {
            assert!(company.is_likely());
            company.waited_with(2);
        }
        assert!(company.is_likely());
        company.waited_with(0);
        let tries = (0..320).filter(|_| {
            let tries = company.is_likely();
            if tries {
                company.waited_with(0);
            }
            tries
        });
        assert_eq!(tries.count(), 10);
    }
}
