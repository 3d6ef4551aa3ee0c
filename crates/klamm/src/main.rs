//! The program: the server, the admin tool, the producer, the consumer and the benchmark.
//!
//! One file per command under `commands/`. A command returns what went wrong as a [`Failure`]; only this file turns
//! it into a message on stderr and an exit code: 0 done, 1 failed, 2 wrong usage.

mod commands;
mod connect;
mod failure;
mod moment;
mod payload;
mod quantity;
mod screen;

use clap::{Parser, Subcommand};
use commands::{
    bench, cluster, completion, config, consume, format, group, log_dump, offsets, produce, quota,
    server, topic, txn,
};
use failure::Failure;
use screen::Screen;
use std::process::ExitCode;

const ABOUT: &str = "An event-streaming broker that speaks the Kafka protocol: server, admin tool, producer, consumer \
and benchmark in one program.";

const AFTER_HELP: &str = "Without a command a server starts: one node on 127.0.0.1:9092 with its data in ./klamm-data.\n\
Exit codes: 0 done, 1 failed, 2 wrong usage.";

#[derive(Debug, Parser)]
#[command(
    name = "klamm",
    version,
    about = ABOUT,
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true
)]
struct Program {
    /// Print JSON instead of text: one document, or one line per item where items stream.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    server: server::Arguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a node.
    Server(server::Arguments),
    /// Prepare data folders for a node, without starting it.
    Format(format::Arguments),
    /// Topics, their partitions and the records in them.
    #[command(subcommand)]
    Topic(topic::Command),
    /// Settings at run time.
    #[command(subcommand)]
    Config(config::Command),
    /// How much clients may do.
    #[command(subcommand)]
    Quota(quota::Command),
    /// Lines, JSON or whole files into a topic.
    Produce(produce::Arguments),
    /// Records out of a topic.
    Consume(consume::Arguments),
    /// Groups of consumers: members, lag, and where they go on.
    #[command(subcommand)]
    Group(group::Command),
    /// Transactions: what is open, where, and an end to it.
    #[command(subcommand)]
    Txn(txn::Command),
    /// First and last offsets of a topic, or the offset at a time.
    Offsets(offsets::Arguments),
    /// Brokers, features, the metadata quorum and the data folders.
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Load, and how long it took.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Look into the files of a data folder; the node need not run.
    #[command(subcommand)]
    Log(LogCommand),
    /// Print a script that completes klamm's commands in a shell.
    Completion(completion::Arguments),
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Print segments, indexes, snapshots and checkpoints.
    Dump(log_dump::Arguments),
}

fn main() -> ExitCode {
    let arguments = Program::parse();
    let mut screen = Screen::new(arguments.json);
    let command = arguments
        .command
        .unwrap_or(Command::Server(arguments.server));
    let outcome = run(command, &mut screen).and_then(|()| screen.finish());
    match outcome {
        Ok(()) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whatever was printed so far comes before the error.
            let _ = screen.finish();
            failure.report(screen.is_json())
        }
    }
}

fn run(command: Command, screen: &mut Screen) -> Result<(), Failure> {
    match command {
        Command::Server(arguments) => server::run(&arguments, screen),
        Command::Format(arguments) => format::run(&arguments, screen),
        Command::Topic(command) => topic::run(command, screen),
        Command::Config(command) => config::run(command, screen),
        Command::Quota(command) => quota::run(command, screen),
        Command::Produce(arguments) => produce::run(&arguments, screen),
        Command::Consume(arguments) => consume::run(&arguments, screen),
        Command::Txn(command) => txn::run(command, screen),
        Command::Group(command) => group::run(command, screen),
        Command::Bench(command) => bench::run(command, screen),
        Command::Offsets(arguments) => offsets::run(&arguments, screen),
        Command::Cluster(command) => cluster::run(command, screen),
        Command::Log(LogCommand::Dump(arguments)) => log_dump::run(&arguments, screen),
        Command::Completion(arguments) => completion::run(
            &arguments,
            screen,
            &mut <Program as clap::CommandFactory>::command(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Program::command().debug_assert();
    }
}
