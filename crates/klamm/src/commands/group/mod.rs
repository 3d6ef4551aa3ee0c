//! `klamm group …`: groups of consumers, how far they have come, and changes to that.

mod delete;
mod delete_offsets;
mod describe;
mod lag;
mod list;
mod reset_offsets;
mod select;
mod waiting;

use crate::connect::block_on;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List groups.
    List(list::Arguments),
    /// Show members, what they read, how far they are behind, and why they wait.
    Describe(describe::Arguments),
    /// Set where a group goes on; shows what would be done unless --execute is given.
    ResetOffsets(reset_offsets::Arguments),
    /// Delete groups without members, with their offsets.
    Delete(delete::Arguments),
    /// Forget how far a group has come in topics that it does not read any more.
    DeleteOffsets(delete_offsets::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::List(arguments) => list::run(&arguments, screen).await,
            Command::Describe(arguments) => describe::run(&arguments, screen).await,
            Command::ResetOffsets(arguments) => reset_offsets::run(&arguments, screen).await,
            Command::Delete(arguments) => delete::run(&arguments, screen).await,
            Command::DeleteOffsets(arguments) => delete_offsets::run(&arguments, screen).await,
        }
    })
}
