//! `klamm txn …`: transactions, and an end to those that nobody ends.

mod abort;
mod describe;
mod find_hanging;
mod list;

use crate::connect::block_on;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List transactional ids.
    List(list::Arguments),
    /// Show what transactional ids are doing, and in which partitions.
    Describe(describe::Arguments),
    /// End an open transaction by fencing its producer; or one that no coordinator knows, in one partition.
    Abort(abort::Arguments),
    /// Look for open transactions that no coordinator will end.
    FindHanging(find_hanging::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::List(arguments) => list::run(&arguments, screen).await,
            Command::Describe(arguments) => describe::run(&arguments, screen).await,
            Command::Abort(arguments) => abort::run(&arguments, screen).await,
            Command::FindHanging(arguments) => find_hanging::run(&arguments, screen).await,
        }
    })
}
