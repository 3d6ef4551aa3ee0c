//! Judges histories of workers that talked to a broker: `klamm-history FILE…`.
//!
//! A history is JSON lines, one per operation, written by any number of processes on one machine; the files are its only
//! interface, so any broker can be driven by any client and a run can be judged again. What a line holds is in
//! [`history`]; what is looked for, in [`report::Class`].

mod checks;
mod history;
mod index;
mod report;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result};
use clap::Parser;
use history::History;
use std::path::PathBuf;
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
    let mut history = History::default();
    for file in all_files(&args.files)? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {file:?}"))?;
        history
            .add(&text)
            .with_context(|| format!("in {}", file.display()))?;
    }
    let index = index::Index::new(&history);
    let report = checks::judge(&history, &index);
    print!("{}", report.text(args.show));
    println!("{}", index.summary(&history));
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
