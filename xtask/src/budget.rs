//! The instruction counts of the hot paths beside a budget that is committed: `cargo xtask budget`.
//!
//! Callgrind counts what the broker does for a request in `crates/broker/examples/budget`. A count is the same on every
//! machine and at every load, so that a change which makes a request dearer fails here and not in somebody's benchmark.
//! It says nothing of system calls, caches and waiting: those are the benchmark's.

use crate::compat;
use crate::shell::{cargo, output, passes, say, target};
use crate::tally::Tally;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Instructions a request by case.
type Counts = BTreeMap<String, u64>;

const BUDGET: &str = "xtask/budget.txt";
/// A request may cost this much more than its budget before the check fails, and this much less before it asks for a
/// new budget.
const PERCENT_MAX: u64 = 5;
/// Above the lines of the cases.
const HEAD: &str = "# Instructions a request: `cargo xtask budget` compares, `cargo xtask budget --write` renews.\n";

/// Counts, and compares or writes.
pub(crate) fn run_alone(write: bool) -> Result<ExitCode> {
    if write {
        let counts = count()?;
        std::fs::write(BUDGET, text(&counts, &compiler()?)).context(BUDGET)?;
        say(&format!("wrote {BUDGET}"));
        return Ok(ExitCode::SUCCESS);
    }
    let tally = run()?;
    say(&tally.closing_line());
    Ok(if tally.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Each case of the budget is one that passes or fails. Without valgrind the whole is skipped, but not in CI.
pub(crate) fn run() -> Result<Tally> {
    let Ok(budget) = std::fs::read_to_string(BUDGET) else {
        say(&format!(
            "case budget/setup skip there is no {BUDGET}: {RENEW}"
        ));
        return Ok(Tally { skipped: 1, ..Tally::default() });
    };
    let (allowed, made_by) = parse(&budget)?;
    let here = compiler()?;
    let verdicts = match count() {
        Ok(counted) => compare(&allowed, &counted),
        Err(why) => vec![("setup".to_owned(), compat::setup_verdict(&why))],
    };
    let mut tally = Tally::default();
    for (case, verdict) in verdicts {
        let line = format!("case budget/{case} {verdict}");
        say(&line);
        tally.add_case_line(&line);
    }
    if tally.failed > 0 && made_by != here {
        say(&format!(
            "the budget was made by {made_by}; this is {here}, which may count differently"
        ));
    }
    Ok(tally)
}

/// A verdict for each case that is in one of the two.
fn compare(allowed: &Counts, counted: &Counts) -> Vec<(String, String)> {
    let mut cases: Vec<_> = allowed.keys().chain(counted.keys()).collect();
    cases.sort();
    cases.dedup();
    let verdict = |case: &String| match (allowed.get(case), counted.get(case)) {
        (Some(budget), Some(count)) => judged(*budget, *count),
        (None, _) => format!("fail it has no budget: {RENEW}"),
        (_, None) => format!("fail it is not there any more: {RENEW}"),
    };
    cases
        .into_iter()
        .map(|case| (case.clone(), verdict(case)))
        .collect()
}

const RENEW: &str = "cargo xtask budget --write";

fn judged(budget: u64, count: u64) -> String {
    let change = (count as f64 / budget.max(1) as f64 - 1.0) * 100.0;
    let figures = format!("{count} instructions a request, {change:+.1} % of {budget}");
    if count * 100 > budget * (100 + PERCENT_MAX) {
        format!("fail {figures}: dearer than it may be")
    } else if count * 100 < budget * (100 - PERCENT_MAX) {
        format!("pass {figures}: keep it so, {RENEW}")
    } else {
        format!("pass {figures}")
    }
}

fn count() -> Result<Counts> {
    compat::need(&["valgrind"])?;
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--package",
        "klamm-broker",
        "--example",
        "budget",
    ]);
    ensure!(
        passes(&mut build)?,
        "the cases of the budget do not compile"
    );
    let program = target().join("release/examples/budget");
    let cases = output(&mut Command::new(&program))?;
    let mut counts = Counts::new();
    for case in cases.lines() {
        let count = count_of(&program, case).with_context(|| format!("counting {case}"))?;
        counts.insert(case.to_owned(), count);
    }
    Ok(counts)
}

/// Runs a case under callgrind.
fn count_of(program: &Path, case: &str) -> Result<u64> {
    let folder = target().join("budget");
    std::fs::create_dir_all(&folder)?;
    let found = folder.join(format!("{case}.callgrind"));
    let mut counting = Command::new("valgrind");
    counting
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        // With a hash at its end or without: that depends on how the compiler writes names.
        .args([
            "--toggle-collect=budget::counted",
            "--toggle-collect=budget::counted::h*",
        ])
        .arg(format!("--callgrind-out-file={}", found.display()));
    let requests = output(counting.arg(program).arg(case))?;
    let requests: u64 = requests.trim().parse().context("the number of requests")?;
    let profile = std::fs::read_to_string(&found)?;
    let total = total(&profile).context("no total in callgrind's file")?;
    ensure!(
        total > 0 && requests > 0,
        "nothing was counted: is `counted` still a function of its own?"
    );
    Ok(total / requests)
}

/// The sum that stands in a profile.
fn total(profile: &str) -> Option<u64> {
    let line = |name| profile.lines().find_map(|line| line.strip_prefix(name));
    line("totals: ")
        .or_else(|| line("summary: "))?
        .trim()
        .parse()
        .ok()
}

fn compiler() -> Result<String> {
    Ok(output(Command::new("rustc").arg("--version"))?
        .trim()
        .to_owned())
}

fn text(counts: &Counts, compiler: &str) -> String {
    let mut text = format!("{HEAD}# {compiler}\n");
    for (case, count) in counts {
        let _ = writeln!(text, "{case} {count}");
    }
    text
}

/// The budget, and which compiler it was made with.
fn parse(text: &str) -> Result<(Counts, String)> {
    let (mut counts, mut compiler) = (Counts::new(), String::new());
    for line in text.lines() {
        if let Some(note) = line.strip_prefix("# ") {
            compiler = note.to_owned();
            continue;
        }
        let Some((case, count)) = line.split_once(' ') else {
            bail!("{BUDGET}: {line:?} is no case and its count");
        };
        counts.insert(
            case.to_owned(),
            count.parse().with_context(|| format!("{BUDGET}: {line}"))?,
        );
    }
    Ok((counts, compiler))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter()
            .map(|(case, count)| ((*case).to_owned(), *count))
            .collect()
    }

    #[test]
    fn growth_above_the_limit_fails_and_so_does_a_case_without_its_other_half() {
        let allowed = counts(&[
            ("dearer", 1000),
            ("gone", 1),
            ("less", 1000),
            ("same", 1000),
        ]);
        let counted = counts(&[("dearer", 1051), ("less", 900), ("new", 1), ("same", 1050)]);
        let mut tally = Tally::default();
        let verdicts = compare(&allowed, &counted);
        for (case, verdict) in &verdicts {
            let fails = ["dearer", "gone", "new"].contains(&case.as_str());
            assert_eq!(verdict.starts_with("fail"), fails, "{case}: {verdict}");
            tally.add_case_line(&format!("case budget/{case} {verdict}"));
        }
        assert_eq!(tally, Tally { passed: 2, failed: 3, skipped: 0 });
        assert!(
            verdicts
                .iter()
                .any(|(_, verdict)| verdict.contains("-10.0 %") && verdict.contains(RENEW))
        );
    }

    #[test]
    fn a_budget_is_read_as_it_is_written() {
        let all = counts(&[("a-1", 5), ("b", 12_345)]);
        let read = parse(&text(&all, "rustc 1.2.3")).unwrap();
        assert_eq!(read, (all, "rustc 1.2.3".to_owned()));
        assert!(parse("a case without a number").is_err());
    }

    #[test]
    fn the_total_of_a_profile_is_found() {
        assert_eq!(total("version: 1\nsummary: 12\n\ntotals: 34\n"), Some(34));
        assert_eq!(total("version: 1\nsummary: 12\n"), Some(12));
        assert_eq!(total("version: 1\n"), None);
    }
}
