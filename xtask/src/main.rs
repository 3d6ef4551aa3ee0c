//! Checks, fixes, tests, code generation, simulation and benchmarks: `cargo xtask <verb>`.
//!
//! | verb      | does                                                                  | writes          |
//! |-----------|-----------------------------------------------------------------------|-----------------|
//! | `check`   | format, clippy, tidy, freshness of generated files, unit tests        | nothing         |
//! | `fix`     | generated files, clippy's suggestions, format                         | sources         |
//! | `test`    | `check`, every test, simulation seeds, `budget`, foreign clients      | `target/` only  |
//! | `codegen` | wire messages and the generated documents                             | sources, `docs/`|
//! | `tidy`    | the rules of the house that no other tool knows                       | nothing         |
//! | `sim`     | seeded whole-node simulation                                          | `target/` only  |
//! | `bench`   | load beside raw limit loops                                           | `target/` only  |
//! | `budget`  | instructions of the hot paths beside their budget                     | `target/` only  |
//! | `compat`  | other people's clients against a `klamm server`                       | `target/` only  |
//! | `history` | clients under faults, and a judge of what they were told              | `target/` only  |

mod budget;
mod check;
mod codegen;
mod compat;
mod documents;
mod shell;
mod tally;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Everything there is to do with this repository."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Format, clippy with warnings denied, tidy, generated files, unit tests. Writes nothing.
    Check,
    /// Regenerate, apply clippy's suggestions, format.
    Fix,
    /// Everything: `check`, all tests, simulation seeds, instruction counts, foreign clients.
    Test {
        /// Simulation seeds to run.
        #[arg(long, default_value_t = check::SEEDS_IN_TEST)]
        seeds: u64,
        /// Leave out foreign clients (they need Python, Go, Node, Java and the package registries).
        #[arg(long)]
        no_compat: bool,
    },
    /// Write the generated sources and documents.
    Codegen {
        /// Write nothing; fail when a file would change.
        #[arg(long)]
        check: bool,
    },
    /// Check the rules of the house.
    Tidy,
    /// Run the simulator in release mode: `--seeds N` or `--seed S`.
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Run the benchmark in release mode.
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Count the instructions of the hot paths, and compare them with the budget.
    Budget {
        /// Make the counts the new budget.
        #[arg(long)]
        write: bool,
    },
    /// Run foreign clients against a freshly built `klamm server`.
    Compat(compat::Arguments),
    /// Kill and stop a node under the load of librdkafka's clients, and judge what they were told.
    History(compat::history::Arguments),
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    shell::enter_root()?;
    match arguments.verb {
        Verb::Check => check::check(),
        Verb::Fix => check::fix(),
        Verb::Test { seeds, no_compat } => check::test(seeds, !no_compat),
        Verb::Codegen { check } => check::generate(check).map(|()| ExitCode::SUCCESS),
        Verb::Tidy => tidy::run(),
        Verb::Sim { rest } => check::sim(&rest),
        Verb::Bench { rest } => check::bench(&rest),
        Verb::Budget { write } => budget::run_alone(write),
        Verb::Compat(arguments) => compat::run_alone(&arguments),
        Verb::History(arguments) => compat::history::run_alone(&arguments),
    }
}
