//! Case lines: `case FAMILY/NAME pass|fail|skip WHY`, and their count.

use super::provision::Missing;
use crate::shell::say;
use crate::tally::Tally;

/// How a case ended when nothing went wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As expected.
    Pass,
    /// The client cannot do this, for the reason given.
    Skip(String),
}

/// Collects the cases of all families.
#[derive(Debug, Default)]
pub(crate) struct Report {
    family: String,
    of_family: Tally,
    total: Tally,
}

const WHY_CHARS_MAX: usize = 400;

/// What a problem before the first case means: `skip WHY` if a tool is missing that may not be installed, but not in CI.
pub(crate) fn setup_verdict(why: &anyhow::Error) -> String {
    let in_ci = std::env::var_os("CI").is_some();
    let verdict = if why.is::<Missing>() && !in_ci {
        "skip"
    } else {
        "fail"
    };
    format!("{verdict} {why:#}")
}

impl Report {
    /// Starts a family.
    pub(crate) fn begin(&mut self, family: &str) {
        say(&format!("compat {family}"));
        family.clone_into(&mut self.family);
        self.of_family = Tally::default();
    }

    /// Ends a family: a family without a single case has failed.
    pub(crate) fn end(&mut self) {
        if self.of_family == Tally::default() {
            self.say("all", "fail", "no case ran");
        }
        self.total.add(self.of_family);
        say(&format!(
            "compat {}: {}",
            self.family,
            self.of_family.closing_line()
        ));
    }

    /// One case.
    pub(crate) fn case(&mut self, name: &str, outcome: anyhow::Result<Verdict>) {
        match outcome {
            Ok(Verdict::Pass) => self.say(name, "pass", ""),
            Ok(Verdict::Skip(why)) => self.say(name, "skip", &why),
            Err(why) => self.say(name, "fail", &format!("{why:#}")),
        }
    }

    /// A case line that a driver printed for itself; other lines are shown as they are.
    pub(crate) fn foreign_line(&mut self, line: &str) {
        match line.strip_prefix("case ") {
            Some(case) => {
                let line = format!("case {}/{case}", self.family);
                self.of_family.add_case_line(&line);
                say(&line);
            }
            None => say(line),
        }
    }

    /// The family could not start. A tool that is missing is a failure only where CI promises everything.
    pub(crate) fn setup_problem(&mut self, why: &anyhow::Error) {
        let verdict = setup_verdict(why);
        let (verdict, why) = verdict.split_once(' ').unwrap_or((&verdict, ""));
        self.say("setup", verdict, why);
    }

    /// The count so far.
    pub(crate) fn tally(&self) -> Tally {
        self.total
    }

    fn say(&mut self, name: &str, verdict: &str, why: &str) {
        // A name is one word; those of documentation tests are several.
        let name = name.split_whitespace().collect::<Vec<_>>().join("-");
        let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let why: String = why.chars().take(WHY_CHARS_MAX).collect();
        let line = format!("case {}/{name} {verdict} {why}", self.family);
        let line = line.trim_end();
        self.of_family.add_case_line(line);
        say(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_words_keeps_its_verdict() {
        let mut report = Report::default();
        report.begin("family");
        report.case("src/lib.rs - a (line 3)", Ok(Verdict::Pass));
        report.case("b", Err(anyhow::anyhow!("no")));
        report.end();
        assert_eq!(report.tally(), Tally { passed: 1, failed: 1, skipped: 0 });
    }

    #[test]
    fn a_family_without_a_case_has_failed() {
        let mut report = Report::default();
        report.begin("family");
        report.end();
        assert_eq!(report.tally().failed, 1);
    }
}
