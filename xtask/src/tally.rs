//! Counting: what passed, failed and was skipped, from the lines of other runners.

/// Counts of cases. Steps that are not cases themselves (format, clippy) count only when they fail.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Adds the counts of a cargo result line; other lines are not ours.
    ///
    /// The line reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(name)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match name {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Adds the verdict of a case line; other lines are not ours.
    ///
    /// The line reads `case NAME pass|fail|skip WHY…`.
    pub(crate) fn add_case_line(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        if words.next() != Some("case") {
            return;
        }
        match words.nth(1) {
            Some("pass") => self.passed += 1,
            Some("skip") => self.skipped += 1,
            _ => self.failed += 1,
        }
    }

    /// Adds another count to this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// The closing line that CI reads.
    pub(crate) fn closing_line(&self) -> String {
        let skipped = if self.skipped > 0 {
            format!(", {} skipped", self.skipped)
        } else {
            String::new()
        };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }

    /// True when something ran and nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn cargo_lines_are_summed() {
        let mut tally = Tally::default();
        tally.add_cargo_line("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        tally.add_cargo_line("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.00s");
        tally.add_cargo_line("test foo ... ok");
        assert_eq!(tally, Tally { passed: 15, failed: 2, skipped: 1 });
        assert_eq!(tally.closing_line(), "15 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn case_lines_are_counted_and_an_unclear_verdict_is_a_failure() {
        let mut tally = Tally::default();
        for line in [
            "case a pass",
            "case b skip no zstd",
            "case c fail boom",
            "case d",
            "note",
        ] {
            tally.add_case_line(line);
        }
        assert_eq!(tally, Tally { passed: 1, failed: 2, skipped: 1 });
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!Tally::default().is_good());
        assert!(Tally { passed: 1, ..Tally::default() }.is_good());
        assert!(!Tally { passed: 1, failed: 1, skipped: 0 }.is_good());
    }
}
