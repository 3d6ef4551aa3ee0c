//! `klamm bench …`: load, and how long it took.
//!
//! Loops are open: with `--rate` a record's time runs from the moment at which it was due, not from the moment at which
//! a slow broker let it go, so that a stall counts for all records that it held up.

mod consume;
mod latency;
mod produce;
mod report;

use crate::connect::block_on;
use crate::failure::Failure;
use crate::screen::Screen;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write records as fast as possible, or at a rate.
    Produce(produce::Arguments),
    /// Read records as fast as possible.
    Consume(consume::Arguments),
    /// Write single records at a rate, and measure until they are acknowledged and until a consumer has them.
    Latency(latency::Arguments),
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        match command {
            Command::Produce(arguments) => produce::run(&arguments, screen).await,
            Command::Consume(arguments) => consume::run(&arguments, screen).await,
            Command::Latency(arguments) => latency::run(&arguments, screen).await,
        }
    })
}
