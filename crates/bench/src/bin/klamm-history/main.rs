//! Judges histories of workers that talked to a broker: `klamm-history FILE…`.
//!
//! A history is JSON lines, one per operation, written by any number of processes on one machine; the files are its only
//! interface, so any broker can be driven by any client and a run can be judged again. What a line holds is in
//! [`history`]; what is looked for, in [`report::Class`]. The files are read twice and never held in memory: what is kept
//! is some hundred bytes a value ([`index`]), and one line at a time.

mod checks;
mod history;
mod index;
mod names;
mod pages;
mod report;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result};
use clap::Parser;
use history::Line;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Finds what a log must never do in the histories of its clients.
#[derive(Debug, Parser)]
struct Args {
    /// Files of JSON lines, or folders that hold such files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Findings shown of each kind.
    #[arg(long, default_value_t = 5)]
    show: usize,
}

#[expect(clippy::print_stdout, reason = "a program's output")]
fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let (report, summary) = judge(&all_files(&args.files)?)?;
    print!("{}", report.text(args.show));
    println!("{summary}");
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Reads the files twice, and gives what was found and how much was judged.
fn judge(files: &[PathBuf]) -> Result<(report::Report, String)> {
    let mut judge = checks::Judge::default();
    for file in files {
        each_line(file, |line| judge.learn(line))?;
    }
    for file in files {
        each_line(file, |line| judge.watch(line))?;
    }
    Ok(judge.verdict())
}

fn each_line(path: &Path, see: impl FnMut(&Line<'_>) -> Result<()>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    let lines = history::each_line(BufReader::with_capacity(1 << 20, file), see);
    lines.with_context(|| format!("in {}", path.display()))
}

fn all_files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
