//! Foreign clients against a `klamm server`: not written yet, so nothing runs.

use crate::tally::Tally;
use anyhow::Result;
use std::process::ExitCode;

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Client families; none means those that fit into CI.
    families: Vec<String>,
    /// Every family and every version.
    #[arg(long)]
    all: bool,
}

impl Arguments {
    /// What `cargo xtask test` runs.
    pub(crate) fn for_test() -> Self {
        Self::default()
    }
}

/// Runs the families and counts their cases.
pub(crate) fn run(_arguments: &Arguments) -> Result<Tally> {
    Ok(Tally::default())
}

/// The verb: the closing line and an exit code.
pub(crate) fn run_alone(arguments: &Arguments) -> Result<ExitCode> {
    let tally = run(arguments)?;
    crate::shell::say(&tally.closing_line());
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
