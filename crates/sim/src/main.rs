//! `klamm-sim`: runs seeds, tells how fast, and replays the one that failed.

use anyhow::{Result, bail};
use clap::Parser;
use klamm_sim::{Options, Outcome, Planted, run};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[derive(Debug, Parser)]
#[command(
    name = "klamm-sim",
    about = "Runs the real broker in simulated worlds and checks what clients were promised."
)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One seed only, twice, with its options.
    #[arg(long)]
    seed: Option<u64>,
    /// Threads; all cores if not said.
    #[arg(long)]
    jobs: Option<usize>,
    /// A bug to plant below the broker: the seeds are to find it. `all` for each in turn.
    #[arg(long)]
    planted: Option<String>,
    /// Writes the events of a single seed to a file.
    #[arg(long)]
    events: Option<PathBuf>,
    /// Prints the broker's log; a filter such as `debug`.
    #[arg(long)]
    log: Option<String>,
}

/// Every so many seeds one is run twice.
const TWICE_EVERY: u64 = 50;

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(filter) = &arguments.log {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
            .with_writer(std::io::stderr)
            .without_time()
            .init();
    }
    let fine = match (&arguments.planted, arguments.seed) {
        (Some(name), None) => hunt(&arguments, name)?,
        (planted, Some(seed)) => {
            let planted = planted.as_deref().map(planted_bug).transpose()?;
            replay(&arguments, seed, planted)?
        }
        (None, None) => sweep(&arguments)?,
    };
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn planted_bug(name: &str) -> Result<Planted> {
    let all = Planted::ALL;
    match all.into_iter().find(|bug| format!("{bug:?}") == name) {
        Some(bug) => Ok(bug),
        None => bail!("no such bug: {name}; there are all, {all:?}"),
    }
}

fn options(seed: u64, planted: Option<Planted>) -> Options {
    Options { planted, ..Options::draw(seed) }
}

/// Runs one seed twice and tells all about it.
fn replay(arguments: &Arguments, seed: u64, planted: Option<Planted>) -> Result<bool> {
    let options = options(seed, planted);
    say(&format!("{options:#?}"))?;
    let first = run(&options, arguments.events.is_some());
    if let Some(path) = &arguments.events {
        std::fs::write(path, first.text.join("\n"))?;
    }
    let second = run(&options, false);
    say(&line(seed, &first))?;
    for text in &first.violations {
        say(&format!("  broken: {text}"))?;
    }
    let same = (first.hash, first.events) == (second.hash, second.events);
    if !same {
        say(&format!("  two runs differ: {}", line(seed, &second)))?;
    }
    Ok(same && first.violations.is_empty())
}

fn line(seed: u64, outcome: &Outcome) -> String {
    format!(
        "seed {seed}: {:.0} s simulated, {} events, {} crashes, {} acknowledged, {} read, hash {:016x}",
        outcome.simulated.as_secs_f64(),
        outcome.events,
        outcome.crashes,
        outcome.acknowledged,
        outcome.read,
        outcome.hash
    )
}

/// Runs seeds on all cores; each run stays on its thread. Hands outcomes on until `take` says stop.
fn run_all(
    arguments: &Arguments,
    planted: Option<Planted>,
    mut take: impl FnMut(u64, Outcome, bool) -> Result<bool>,
) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = arguments.jobs.unwrap_or(cores).max(1);
    let next = AtomicU64::new(arguments.from);
    let end = arguments.from.saturating_add(arguments.seeds);
    let (sender, outcomes) = mpsc::sync_channel(jobs);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let options = options(seed, planted);
                    let outcome = run(&options, false);
                    let same = !seed.is_multiple_of(TWICE_EVERY)
                        || run(&options, false).hash == outcome.hash;
                    if sender.send((seed, outcome, same)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (seed, outcome, same) in outcomes {
            if !take(seed, outcome, same)? {
                next.store(end, Ordering::Relaxed);
                break;
            }
        }
        Ok(())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast the simulator really is"
)]
fn now() -> Instant {
    Instant::now()
}

fn sweep(arguments: &Arguments) -> Result<bool> {
    let start = now();
    let (mut runs, mut failed) = (0u64, Vec::new());
    let (mut simulated, mut events) = (Duration::ZERO, 0u64);
    let (mut crashes, mut acknowledged, mut read) = (0, 0, 0);
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    run_all(arguments, None, |seed, outcome, same| {
        runs += 1;
        simulated += outcome.simulated;
        events += outcome.events;
        crashes += outcome.crashes;
        acknowledged += outcome.acknowledged;
        read += outcome.read;
        for (place, times) in &outcome.reached {
            *reached.entry(place).or_default() += times;
        }
        if !same || !outcome.violations.is_empty() {
            failed.push(seed);
            say(&format!("FAILED {}", line(seed, &outcome)))?;
            say(&format!("  {:?}", Options::draw(seed)))?;
            if !same {
                say("  two runs of this seed differ")?;
            }
            for text in outcome.violations.iter().take(5) {
                say(&format!("  broken: {text}"))?;
            }
            say(&format!("  again: cargo xtask sim --seed {seed}"))?;
        }
        Ok(true)
    })?;
    for (place, times) in reached {
        say(&format!("{times:>9}  {place}"))?;
    }
    let real = start.elapsed().as_secs_f64();
    say(&format!(
        "{runs} seeds, {} failed, in {real:.1} s: {:.0} simulated s per s, {:.0} events per s; \
         {crashes} crashes, {acknowledged} records acknowledged, {read} read",
        failed.len(),
        simulated.as_secs_f64() / real,
        events as f64 / real
    ))?;
    Ok(failed.is_empty())
}

/// Looks for the first seed that finds each planted bug.
fn hunt(arguments: &Arguments, name: &str) -> Result<bool> {
    let bugs = match name {
        "all" => Planted::ALL.to_vec(),
        name => vec![planted_bug(name)?],
    };
    let mut all_found = true;
    for bug in bugs {
        let mut runs = 0;
        let mut found = None;
        run_all(arguments, Some(bug), |seed, outcome, _| {
            runs += 1;
            if found.is_none()
                && let Some(text) = outcome.violations.first()
            {
                found = Some(format!("seed {seed}: {text}"));
            }
            Ok(found.is_none())
        })?;
        all_found &= found.is_some();
        say(&match found {
            Some(text) => format!("{bug:?}: found after {runs} seeds, {text}"),
            None => format!("{bug:?}: NOT FOUND in {runs} seeds"),
        })?;
    }
    Ok(all_found)
}
