//! `klamm topic …`: topics, their partitions and the records in them.

mod alter;
mod create;
mod delete;
mod delete_records;
mod describe;
mod list;

use crate::connect::block_on;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create topics.
    Create(create::Arguments),
    /// List topics.
    List(list::Arguments),
    /// Show partitions, replicas and settings of topics.
    Describe(describe::Arguments),
    /// Add partitions to a topic.
    Alter(alter::Arguments),
    /// Delete topics and all their records.
    Delete(delete::Arguments),
    /// Delete the oldest records of partitions.
    DeleteRecords(delete_records::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Create(arguments) => create::run(&arguments, screen).await,
            Command::List(arguments) => list::run(&arguments, screen).await,
            Command::Describe(arguments) => describe::run(&arguments, screen).await,
            Command::Alter(arguments) => alter::run(&arguments, screen).await,
            Command::Delete(arguments) => delete::run(&arguments, screen).await,
            Command::DeleteRecords(arguments) => delete_records::run(&arguments, screen).await,
        }
    })
}
