//! Foreign clients against a `klamm server`, or against Apache Kafka to show that the expectations are Kafka's.
//!
//! A family is other people's software plus a driver in `compat/`, which translates verbs into calls of its client.
//! The script, the records and what must come out exist once, in [`script`].

mod applications;
mod connect;
mod driver;
mod dump;
mod families;
mod foreign;
pub(crate) mod history;
mod kafka;
mod librdkafka;
pub(crate) mod load_tools;
mod provision;
mod records;
mod report;
mod script;
mod server;
mod suites;
mod there_and_back;
mod tool_clients;
mod tool_shell;
mod tools;
mod twin;

use crate::tally::Tally;
use anyhow::{Result, bail};
use families::Family;
pub(crate) use provision::need;
use report::Report;
pub(crate) use report::setup_verdict;
use server::Broker;
use std::process::ExitCode;

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Client families; none means those that fit into CI.
    families: Vec<String>,
    /// Every family and every version.
    #[arg(long)]
    all: bool,
    /// What to run them on.
    #[arg(long, value_enum, default_value_t)]
    on: Broker,
    /// List the families and leave.
    #[arg(long)]
    list: bool,
}

impl Arguments {
    /// What `cargo xtask test` runs.
    pub(crate) fn for_test() -> Self {
        Self::default()
    }
}

/// Runs the families and counts their cases.
pub(crate) fn run(arguments: &Arguments) -> Result<Tally> {
    let mut report = Report::default();
    if arguments.on == Broker::Klamm {
        server::build_klamm()?;
    }
    for family in chosen(arguments)? {
        report.begin(family.name);
        if let Err(why) = family.run(arguments.on, &mut report) {
            report.setup_problem(&why);
        }
        report.end();
    }
    Ok(report.tally())
}

/// The verb: case lines, the closing line and an exit code.
pub(crate) fn run_alone(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.list {
        for family in families::ALL {
            let when = if family.in_ci { "" } else { "  (--all)" };
            crate::shell::say(&format!("{}{when}", family.name));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let tally = run(arguments)?;
    crate::shell::say(&tally.closing_line());
    Ok(if tally.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The folder with the jars of Apache Kafka, fetched if they are not there yet.
pub(crate) fn kafka_jars() -> Result<std::path::PathBuf> {
    kafka::jars()
}

fn chosen(arguments: &Arguments) -> Result<Vec<&'static Family>> {
    if arguments.families.is_empty() {
        return Ok(families::ALL
            .iter()
            .filter(|f| f.in_ci || arguments.all)
            .collect());
    }
    let mut chosen = Vec::new();
    for name in &arguments.families {
        match families::ALL.iter().find(|family| family.name == name) {
            Some(family) => chosen.push(family),
            None => bail!("no family {name}; cargo xtask compat --list shows them"),
        }
    }
    Ok(chosen)
}
