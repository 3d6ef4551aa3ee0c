//! Load, raw limit loops and ratios in one run: `klamm-bench`.
//!
//! The broker runs as its own process. Each case is printed beside the bare loop that does the same without a protocol,
//! measured in the same run: on shared machines only ratios hold.

mod cases;
mod compare;
mod frames;
mod groups;
mod kafka;
mod load;
mod node;
mod pin;
mod raw;
mod scale;

use anyhow::Result;
use cases::{Figure, Scale};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measures the broker beside the raw limits of this machine.
#[derive(Debug, Parser)]
struct Args {
    /// The program to measure; by default the `klamm` beside this one.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Small amounts: a look, not a result.
    #[arg(long)]
    quick: bool,
    /// Figures as JSON.
    #[arg(long)]
    json: bool,
    /// Only cases whose name has this text.
    #[arg(long, default_value = "")]
    only: String,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What else it can do.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Klamm beside Apache Kafka, in one run.
    Compare(compare::Options),
}

#[expect(clippy::print_stdout, reason = "a program's output")]
fn main() -> Result<()> {
    let args = Args::parse();
    pin::to(pin::LOAD);
    let program = match args.program {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("klamm"),
    };
    if let Some(Verb::Compare(options)) = &args.verb {
        return compare::run(options, &program);
    }
    let sizes = if args.quick {
        Scale::QUICK
    } else {
        Scale::WHOLE
    };
    // Members of a group that rests report at their longest interval after four times that.
    let rest = Duration::from_secs(if args.quick { 3 } else { 20 });
    let cases = cases(&program, sizes, rest);
    let mut figures = Vec::new();
    for (_, case) in cases.iter().filter(|(name, _)| name.contains(&args.only)) {
        for figure in case()? {
            if !args.json {
                println!("{}", line(&figure));
            }
            figures.push(figure);
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    }
    Ok(())
}

/// A name, and what gives its figures.
type Case<'a> = (&'a str, Box<dyn Fn() -> Result<Vec<Figure>> + 'a>);

fn one(sizes: Scale, round: impl Fn() -> Result<Figure>) -> Result<Vec<Figure>> {
    Ok(vec![cases::in_turns(sizes, round)?])
}

fn cases(program: &Path, sizes: Scale, rest: Duration) -> Vec<Case<'_>> {
    vec![
        (
            "produce 256",
            Box::new(move || one(sizes, || cases::produce(program, sizes, 256 << 10))),
        ),
        (
            "produce 16",
            Box::new(move || one(sizes, || cases::produce(program, sizes, 16 << 10))),
        ),
        (
            "fetch",
            Box::new(move || one(sizes, || cases::fetch(program, sizes))),
        ),
        (
            "small 1",
            Box::new(move || one(sizes, || cases::small(program, sizes, 1))),
        ),
        (
            "small 5",
            Box::new(move || one(sizes, || cases::small(program, sizes, 5))),
        ),
        ("start", Box::new(move || cases::starts(program))),
        ("idle", Box::new(move || cases::idle(program))),
        (
            "group moves",
            Box::new(move || groups::moves(program, rest)),
        ),
        (
            "group idle classic",
            Box::new(move || groups::idle_classic(program, rest)),
        ),
        (
            "group crowd classic",
            Box::new(move || groups::crowd_classic(program)),
        ),
        (
            "scale partitions",
            Box::new(move || scale::partitions(program, sizes.many)),
        ),
        (
            "scale connections",
            Box::new(move || scale::connections(program, sizes.many)),
        ),
        (
            "scale cold reads",
            Box::new(move || scale::cold_reads(program, sizes.many)),
        ),
    ]
}

fn line(figure: &Figure) -> String {
    let raw = match (figure.raw, figure.ratio()) {
        (Some(raw), Some(ratio)) => format!("raw {raw:.3}, ratio {ratio:.2}"),
        _ => String::new(),
    };
    format!(
        "{:<56} {:>9.3} {:<9} {raw:<26} {}",
        figure.case, figure.klamm, figure.unit, figure.note
    )
}
