//! `klamm offsets TOPIC`: first and last offsets, or the offset at a time.

use crate::commands::consume::position::Position;
use crate::connect::{Connect, Session, block_on, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::{FoundOffset, IsolationLevel, OffsetSpec, Topic};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  klamm offsets orders\n  klamm offsets orders --at 2026-01-31T12:00:00Z\n  klamm offsets orders --at max-timestamp"
)]
pub(crate) struct Arguments {
    /// The topic.
    topic: String,
    /// Instead of first and last: the offset at a time (2026-01-31T12:00:00Z or @MILLISECONDS), or of the newest
    /// timestamp (max-timestamp).
    #[arg(long, value_name = "TIME", value_parser = at)]
    at: Option<OffsetSpec>,
    /// Only these partitions, separated by commas.
    #[arg(short, long, value_delimiter = ',')]
    partition: Vec<i32>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        let session = arguments.connect.session().await?;
        let topic = session.topic(&arguments.topic).await?;
        let partitions = select(&topic, &arguments.partition)?;
        match arguments.at {
            Some(spec) => print_at(&session, &topic, &partitions, spec, screen).await,
            None => print_ends(&session, &topic, &partitions, screen).await,
        }
    })
}

async fn print_ends(
    session: &Session,
    topic: &Topic,
    partitions: &[i32],
    screen: &mut Screen,
) -> Result<(), Failure> {
    let starts = offsets(session, topic, partitions, OffsetSpec::Earliest).await?;
    let ends = offsets(session, topic, partitions, OffsetSpec::Latest).await?;
    let number = |found: &FoundOffset| found.offset.unwrap_or_default();
    let rows = partitions.iter().zip(starts.iter().zip(&ends));
    let rows = rows.map(|(partition, (start, end))| (*partition, number(start), number(end)));
    if screen.is_json() {
        let partitions = rows.map(
            |(partition, start, end)| json!({ "partition": partition, "start": start, "end": end }),
        );
        let partitions: Vec<Value> = partitions.collect();
        return screen.document(&json!({ "topic": topic.name.as_ref(), "partitions": partitions }));
    }
    let rows = rows.map(|(partition, start, end)| {
        [partition.into(), start, end, end.saturating_sub(start)]
            .map(|n: i64| n.to_string())
            .to_vec()
    });
    screen.table(
        &["PARTITION", "START", "END", "END - START"],
        &rows.collect::<Vec<_>>(),
    )
}

async fn print_at(
    session: &Session,
    topic: &Topic,
    partitions: &[i32],
    spec: OffsetSpec,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let found = offsets(session, topic, partitions, spec).await?;
    let found: Vec<_> = partitions.iter().zip(found).collect();
    if screen.is_json() {
        let partitions = found.iter().map(|(partition, at)| {
            json!({ "partition": partition, "offset": at.offset, "timestamp": at.timestamp_ms })
        });
        let partitions: Vec<Value> = partitions.collect();
        return screen.document(&json!({ "topic": topic.name.as_ref(), "partitions": partitions }));
    }
    let rows = found.iter().map(|(partition, at)| {
        vec![
            partition.to_string(),
            at.offset
                .map_or("none".to_owned(), |offset| offset.to_string()),
            at.timestamp_ms.map(crate::moment::show).unwrap_or_default(),
        ]
    });
    screen.table(&["PARTITION", "OFFSET", "TIME"], &rows.collect::<Vec<_>>())
}

/// The partitions that are named, or all; in order.
pub(crate) fn select(topic: &Topic, named: &[i32]) -> Result<Vec<i32>, Failure> {
    let mut all: Vec<i32> = topic
        .partitions
        .iter()
        .map(|partition| partition.index)
        .collect();
    all.sort_unstable();
    if let Some(missing) = named.iter().find(|partition| !all.contains(partition)) {
        return Err(Failure::usage(format!(
            "topic {} has no partition {missing}",
            topic.name
        )));
    }
    all.retain(|partition| named.is_empty() || named.contains(partition));
    Ok(all)
}

/// One offset of each partition of a topic, in the order of the partitions.
pub(crate) async fn offsets(
    session: &Session,
    topic: &Topic,
    partitions: &[i32],
    spec: OffsetSpec,
) -> Result<Vec<FoundOffset>, Failure> {
    let keys = partitions
        .iter()
        .map(|partition| (Arc::clone(&topic.name), *partition));
    let wanted: Vec<_> = keys.clone().map(|key| (key, spec)).collect();
    let isolation = IsolationLevel::ReadUncommitted;
    let mut found = session
        .client
        .list_offsets(&wanted, isolation)
        .await
        .map_err(explain)?;
    let each = keys.map(|key| match found.remove(&key) {
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => Err(explain(error)),
        None => Err(Failure::failed(format!("no word of {}-{}", key.0, key.1))),
    });
    each.collect()
}

fn at(text: &str) -> Result<OffsetSpec, String> {
    match (text, text.parse()) {
        ("max-timestamp", _) => Ok(OffsetSpec::MaxTimestamp),
        (_, Ok(Position::Time(ms))) => Ok(OffsetSpec::Timestamp(ms)),
        _ => Err(
            "expected a time such as 2026-01-31T12:00:00Z, @MILLISECONDS, or max-timestamp"
                .to_owned(),
        ),
    }
}
