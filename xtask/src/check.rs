//! `check`, `fix`, `test`, `sim` and `bench`: which programs run, in which order.

use crate::shell::{cargo, has, passes, passes_with, say};
use crate::tally::Tally;
use crate::{budget, codegen, compat, documents, tidy};
use anyhow::Result;
use std::process::{Command, ExitCode};

/// Simulation seeds that `test` runs: about a minute on two cores.
pub(crate) const SEEDS_IN_TEST: u64 = 200;

/// Format, clippy, tidy, freshness and unit tests. Writes nothing outside `target/`.
pub(crate) fn check() -> Result<ExitCode> {
    let mut tally = static_checks()?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--lib", "--bins", "--no-fail-fast"]);
    tally.add(cargo_tests(&mut tests)?);
    Ok(close(tally))
}

/// Regenerates, applies what clippy can apply, formats.
pub(crate) fn fix() -> Result<ExitCode> {
    generate(false)?;
    let mut clippy = cargo();
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--fix",
        "--allow-dirty",
    ]);
    clippy.arg("--allow-staged");
    let fixed = passes(&mut clippy)? & passes(cargo().args(["fmt", "--all"]))?;
    Ok(if fixed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Everything. The last line is `N passed, N failed`, with `, N skipped` when there are any.
pub(crate) fn test(seeds: u64, with_compat: bool) -> Result<ExitCode> {
    let mut tally = static_checks()?;
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    tally.add(cargo_tests(&mut tests)?);
    tally.add(simulate(seeds)?);
    tally.add(budget::run()?);
    tally.add(package()?);
    if with_compat {
        tally.add(compat::run(&compat::Arguments::for_test())?);
    }
    Ok(close(tally))
}

/// Everything that is generated; with `check` nothing is written, and what would change is an error.
pub(crate) fn generate(check: bool) -> Result<()> {
    codegen::run(check)?;
    documents::generate(check)
}

/// Runs the simulator with the arguments given.
pub(crate) fn sim(rest: &[String]) -> Result<ExitCode> {
    program(simulator().args(rest))
}

/// Runs the benchmark with the arguments given.
pub(crate) fn bench(rest: &[String]) -> Result<ExitCode> {
    let mut klamm = cargo();
    klamm.args(["build", "--release", "--package", "klamm"]);
    if !passes(&mut klamm)? {
        return Ok(ExitCode::FAILURE);
    }
    let mut bench = cargo();
    bench.args(["run", "--release", "--package", "klamm-bench", "--"]);
    bench.args(rest);
    if rest.first().is_some_and(|verb| verb == "compare") {
        bench.arg("--kafka-jars").arg(compat::kafka_jars()?);
        match compat::load_tools::rdkafka_performance() {
            Ok(program) => {
                bench.arg("--rdkafka-performance").arg(program);
            }
            // Its cases say that it is not there.
            Err(error) => say(&format!("no rdkafka_performance: {error:#}")),
        }
    }
    program(&mut bench)
}

fn program(command: &mut Command) -> Result<ExitCode> {
    Ok(if passes(command)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn simulator() -> Command {
    let mut command = cargo();
    command.args([
        "run",
        "--release",
        "--package",
        "klamm-sim",
        "--bin",
        "klamm-sim",
        "--",
    ]);
    command
}

/// The client and what it stands on, as a registry takes them: without a path that leads out of the package.
const PUBLISHED: [&str; 7] = [
    "klamm-model",
    "klamm-codec",
    "klamm-wire",
    "klamm-records",
    "klamm-host",
    "klamm-coordinator",
    "klamm-client",
];

fn package() -> Result<Tally> {
    let mut command = cargo();
    command.args([
        "package",
        "--quiet",
        "--offline",
        "--no-verify",
        "--allow-dirty",
    ]);
    for name in PUBLISHED {
        command.args(["--package", name]);
    }
    let good = passes(&mut command)?;
    let verdict = if good { "pass" } else { "fail see above" };
    let line = format!("case package/client {verdict}");
    say(&line);
    let mut tally = Tally::default();
    tally.add_case_line(&line);
    Ok(tally)
}

/// One case per run of seeds: the simulator itself names the seed that failed.
fn simulate(seeds: u64) -> Result<Tally> {
    let good = passes(simulator().args(["--seeds", &seeds.to_string()]))?;
    Ok(Tally {
        passed: u64::from(good),
        failed: u64::from(!good),
        skipped: 0,
    })
}

fn cargo_tests(command: &mut Command) -> Result<Tally> {
    let mut tally = Tally::default();
    let good = passes_with(command, |line| tally.add_cargo_line(line))?;
    // A test binary that does not compile, or that dies, prints no result line.
    if !good && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

fn static_checks() -> Result<Tally> {
    let mut failed = Vec::new();
    if !passes(cargo().args(["fmt", "--all", "--check"]))? {
        failed.push("format (cargo xtask fix)");
    }
    let mut clippy = cargo();
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    if !passes(&mut clippy)? {
        failed.push("clippy");
    }
    if !tidy::report()? {
        failed.push("tidy");
    }
    if let Err(stale) = generate(true) {
        say(&format!("{stale:#}"));
        failed.push("generated files (cargo xtask codegen)");
    }
    // cargo-deny is optional: tidy already demands a reason for each dependency.
    if has("cargo-deny") && !passes(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?
    {
        failed.push("cargo deny");
    }
    for name in &failed {
        say(&format!("step not passed: {name}"));
    }
    Ok(Tally { failed: failed.len() as u64, ..Tally::default() })
}

fn close(tally: Tally) -> ExitCode {
    say(&tally.closing_line());
    if tally.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
