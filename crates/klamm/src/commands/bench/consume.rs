//! `klamm bench consume`.

use super::report::Throughput;
use crate::commands::consume::position::Position;
use crate::commands::consume::{config, range};
use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::{Consumer, ConsumerRecord};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  klamm bench consume --topic load --records 10000000 -X fetch.min.bytes=1048576"
)]
pub(crate) struct Arguments {
    /// The topic.
    #[arg(short, long)]
    topic: String,
    /// Stop after this many records; all that are there now unless given.
    #[arg(short = 'n', long)]
    records: Option<u64>,
    /// Where to begin in each partition.
    #[arg(
        long,
        value_name = "PLACE",
        default_value = "beginning",
        allow_hyphen_values = true
    )]
    from: Position,
    #[command(flatten)]
    connect: Connect,
}

/// Without a record for this long a run with a number that is never reached ends.
const IDLE_MAX: Duration = Duration::from_secs(10);

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let (session, rest) = arguments.connect.open().await?;
    let config = config(rest, false)?;
    let until = arguments.records.is_none().then_some(Position::End);
    let mut ranges = range::find(&session, &arguments.topic, &[], arguments.from, until).await?;
    let mut consumer = Consumer::new(&session.client, config);
    range::assign(&mut consumer, &arguments.topic, &ranges)?;
    let known = ranges
        .iter()
        .map(range::Range::len)
        .try_fold(0u64, |sum, len| Some(sum + len?));
    let progress = screen.progress("records", arguments.records.or(known));
    let begun = Instant::now();
    let mut done = Throughput { records: 0, bytes: 0, elapsed: Duration::ZERO };
    let mut last_record = begun;
    while arguments.records.is_none_or(|max| done.records < max) {
        let records = consumer
            .poll(Duration::from_millis(200))
            .await
            .map_err(explain)?;
        if records.is_empty() {
            range::drop_finished(&mut consumer, &arguments.topic, &mut ranges).await?;
            if ranges.is_empty() || last_record.elapsed() > IDLE_MAX {
                break;
            }
            continue;
        }
        last_record = Instant::now();
        done.records += records.len() as u64;
        done.bytes += records.iter().map(size).sum::<u64>();
        progress.set_position(done.records);
        if until.is_some() {
            range::drop_finished(&mut consumer, &arguments.topic, &mut ranges).await?;
            if ranges.is_empty() {
                break;
            }
        }
    }
    // Waiting for records that did not come is not part of the work.
    done.elapsed = last_record - begun;
    progress.finish_and_clear();
    done.print(&[], screen)
}

fn size(record: &ConsumerRecord) -> u64 {
    let parts = [&record.key, &record.value].into_iter().flatten();
    parts.map(|part| part.len() as u64).sum()
}
