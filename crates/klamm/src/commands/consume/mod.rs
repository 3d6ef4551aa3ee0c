//! `klamm consume TOPIC`: records out of a topic, as text, in a template or as JSON.

mod group;
pub(crate) mod position;
pub(crate) mod range;
mod template;

use crate::connect::{Connect, block_on, explain, warn_of_unknown};
use crate::failure::Failure;
use crate::payload::Shown;
use crate::quantity;
use crate::screen::Screen;
use indicatif::ProgressBar;
use klamm_client::{Consumer, ConsumerConfig, ConsumerRecord};
use position::Position;
use range::Range;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;
use template::Template;
use tokio::time::Instant;

const AFTER_HELP: &str = "\
Places: beginning, end, an offset, -N (N before the end), a time such as 2026-01-31T12:00:00Z, or @MILLISECONDS.\n\
Templates: %t topic  %p partition  %o offset  %T timestamp in ms  %d date  %k key  %v value  %K %V their lengths\n           \
%h headers  %%  \\n  \\t  \\0  \\\\\n\
Examples:\n  klamm consume orders --from beginning --until end\n  klamm consume orders --from -10 --format '%p@%o %k=%v\\n'\n  \
klamm consume orders --from 2026-01-31T12:00:00Z --count 100 --json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The topic.
    topic: String,
    /// Read as a member of this group: share the partitions with its other members, go on where it stopped, and commit
    /// what was printed.
    #[arg(short, long, value_name = "GROUP", conflicts_with_all = ["until", "partition"])]
    group: Option<String>,
    /// Where to begin in each partition [default: end]. With --group: where the group has committed nothing, and only
    /// beginning or end.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    from: Option<Position>,
    /// Where to stop in each partition; without it, wait for more. `end` means: what is there now.
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    until: Option<Position>,
    /// Stop after this many records.
    #[arg(short = 'n', long)]
    count: Option<u64>,
    /// Stop if no record comes for this long.
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    idle: Option<Duration>,
    /// Only these partitions, separated by commas.
    #[arg(short, long, value_delimiter = ',')]
    partition: Vec<i32>,
    /// How to print a record; see below [default: %v\n].
    #[arg(short, long, value_name = "TEMPLATE", conflicts_with = "json")]
    format: Option<Template>,
    /// Leave out records of open and aborted transactions.
    #[arg(long)]
    committed: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        let (session, rest) = arguments.connect.open().await?;
        let template = match &arguments.format {
            Some(template) => template.clone(),
            None => "%v\\n".parse().map_err(Failure::usage)?,
        };
        if let Some(group) = &arguments.group {
            return group::run(arguments, group, &session, rest, template, screen).await;
        }
        let config = config(rest, arguments.committed)?;
        let ranges = range::find(
            &session,
            &arguments.topic,
            &arguments.partition,
            arguments.from.unwrap_or(Position::End),
            arguments.until,
        )
        .await?;
        let mut consumer = Consumer::new(&session.client, config);
        range::assign(&mut consumer, &arguments.topic, &ranges)?;
        let progress = progress(&ranges, screen);
        let mut reading = Reading {
            arguments,
            consumer,
            ranges,
            template,
            screen,
            progress,
            count: 0,
        };
        let outcome = reading.all().await;
        reading.progress.finish_and_clear();
        outcome
    })
}

/// A consumer's settings: those that a client left over, and these options above them.
pub(crate) fn config(
    rest: Vec<(String, String)>,
    committed: bool,
) -> Result<ConsumerConfig, Failure> {
    let mut properties: BTreeMap<String, String> = rest.into_iter().collect();
    if committed {
        properties.insert("isolation.level".to_owned(), "read_committed".to_owned());
    }
    // Records are printed at once, so a poll may bring all that an answer holds.
    properties
        .entry("max.poll.records".to_owned())
        .or_insert_with(|| "10000".to_owned());
    let (config, rest) = ConsumerConfig::from_properties(properties)
        .map_err(|error| Failure::usage(error.to_string()))?;
    warn_of_unknown(&rest);
    Ok(config)
}

/// A bar if the end is known and records do not scroll past it.
fn progress(ranges: &[Range], screen: &Screen) -> ProgressBar {
    let known: Option<u64> = ranges
        .iter()
        .map(|range| range.len())
        .try_fold(0u64, |sum, len| Some(sum + len?));
    match known {
        Some(len) if !std::io::stdout().is_terminal() => screen.progress("records", Some(len)),
        _ => ProgressBar::hidden(),
    }
}

/// The state of a run.
struct Reading<'a> {
    arguments: &'a Arguments,
    consumer: Consumer,
    /// What is still to be read; a partition that is done leaves.
    ranges: Vec<Range>,
    template: Template,
    screen: &'a mut Screen,
    progress: ProgressBar,
    count: u64,
}

/// How long a poll waits before the ends are looked at again.
const POLL: Duration = Duration::from_millis(200);

impl Reading<'_> {
    async fn all(&mut self) -> Result<(), Failure> {
        let mut last_record = Instant::now();
        while !self.is_done().await? {
            let records = self.consumer.poll(POLL).await.map_err(explain)?;
            if records.is_empty() {
                let idle = last_record.elapsed();
                if self.arguments.idle.is_some_and(|max| idle >= max) {
                    return Ok(());
                }
                continue;
            }
            last_record = Instant::now();
            for record in &records {
                if self.has_enough() {
                    break;
                }
                self.print(record)?;
            }
            self.progress.set_position(self.count);
            // A reader at the other end of a pipe should not wait for more records.
            self.screen.flush()?;
        }
        Ok(())
    }

    fn has_enough(&self) -> bool {
        self.arguments
            .count
            .is_some_and(|count| self.count >= count)
    }

    async fn is_done(&mut self) -> Result<bool, Failure> {
        range::drop_finished(&mut self.consumer, &self.arguments.topic, &mut self.ranges).await?;
        Ok(self.ranges.is_empty() || self.has_enough())
    }

    fn print(&mut self, record: &ConsumerRecord) -> Result<(), Failure> {
        let range = self
            .ranges
            .iter()
            .find(|range| range.partition == record.partition);
        if !range.is_some_and(|range| range.contains(record.offset)) {
            return Ok(());
        }
        self.count += 1;
        print(record, &self.template, self.screen)
    }
}

/// Prints a record in the form that was asked for.
fn print(record: &ConsumerRecord, template: &Template, screen: &mut Screen) -> Result<(), Failure> {
    let headers = record
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_deref()));
    let shown = Shown {
        topic: &record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp_ms,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: headers.collect(),
    };
    if screen.is_json() {
        return screen.document(&shown.to_json());
    }
    let mut out = Vec::new();
    template.write(&shown, &mut out);
    screen.bytes(&out)
}
