//! `klamm cluster …`: brokers, features, the metadata quorum and the data folders.

mod describe;
mod features;
mod log_dirs;
mod quorum;

use crate::connect::{Connect, block_on};
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show the cluster's id, its brokers and the controller.
    Describe(Connect),
    /// Show feature levels, and the requests that a broker answers.
    Features(features::Arguments),
    /// Show the metadata quorum: leader, voters, how far each is.
    Quorum(Connect),
    /// Show data folders and how much each partition takes.
    LogDirs(log_dirs::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Describe(connect) => describe::run(&connect, screen).await,
            Command::Features(arguments) => features::run(&arguments, screen).await,
            Command::Quorum(connect) => quorum::run(&connect, screen).await,
            Command::LogDirs(arguments) => log_dirs::run(&arguments, screen).await,
        }
    })
}
