//! Load, raw limit loops and ratios in one run: `klamm-bench`.

mod load;
mod raw;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures the raw limits of this machine.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The raw loops alone.
    Raw,
}

#[expect(clippy::print_stdout, reason = "a program's output")]
fn main() -> Result<()> {
    let Args { command: Command::Raw } = Args::parse();
    let folder = tempfile::tempdir()?;
    for write_bytes in [16 << 10, 64 << 10, 256 << 10] {
        raw::receive_and_append(folder.path(), 256 << 20, write_bytes)?;
        let cpu = raw::receive_and_append(folder.path(), 1 << 30, write_bytes)?;
        println!(
            "recv+crc+append {:>4} KiB: {cpu:.3} CPU s/GB",
            write_bytes >> 10
        );
    }
    let cpu = raw::send_file(folder.path(), 4 << 30, 1 << 20)?;
    println!("sendfile 1 MiB: {cpu:.3} CPU s/GB");
    for (connections, depth) in [(50, 1), (50, 5)] {
        let cpu = raw::echo(connections, depth, 200, 300_000)?;
        println!("echo 200 B, {connections} connections, depth {depth}: {cpu:.2} CPU µs a request");
    }
    Ok(())
}
