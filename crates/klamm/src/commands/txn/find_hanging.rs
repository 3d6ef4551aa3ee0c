//! `klamm txn find-hanging`: a partition has an open transaction, and no coordinator knows of it.

use crate::connect::{Connect, Session, explain};
use crate::failure::Failure;
use crate::moment;
use crate::quantity;
use crate::screen::Screen;
use klamm_client::PartitionKey;
use klamm_client::admin::{ProducerOfPartition, TransactionDescription, TransactionFilter};
use klamm_wire::ErrorCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const AFTER_HELP: &str = "\
Readers of committed records stop before such a transaction. `klamm txn abort --partition … --start-offset …` ends it.\n\
Examples:\n  klamm txn find-hanging\n  klamm txn find-hanging --topic orders --open-for 1h";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Only in these topics; may be given more than once.
    #[arg(long)]
    topic: Vec<String>,
    /// Only transactions without a write for so long; at least the broker's transaction.max.timeout.ms.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = quantity::duration)]
    open_for: Duration,
    #[command(flatten)]
    connect: Connect,
}

/// An open transaction in a partition.
type Found = (PartitionKey, ProducerOfPartition);

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let now_ms = session.client.host().clock.now_ms();
    let open_ms = i64::try_from(arguments.open_for.as_millis()).unwrap_or(i64::MAX);
    let keys = partitions(&session, &arguments.topic).await?;
    let producers = session
        .admin
        .describe_producers(&keys)
        .await
        .map_err(explain)?;
    let mut open: Vec<Found> = Vec::new();
    for (key, producers) in producers {
        let is_old = |one: &ProducerOfPartition| {
            one.transaction_start_offset.is_some()
                && now_ms.saturating_sub(one.last_timestamp_ms) >= open_ms
        };
        let producers = producers.map_err(explain)?.into_iter().filter(is_old);
        open.extend(producers.map(|one| (key.clone(), one)));
    }
    let known = known(&session, &open).await?;
    open.retain(|(key, one)| {
        let described = known.get(&one.producer_id);
        !described.is_some_and(|described| described.partitions.contains(key))
    });
    print(&open, now_ms, screen)
}

/// All partitions of the named topics, or of all.
async fn partitions(session: &Session, topics: &[String]) -> Result<Vec<PartitionKey>, Failure> {
    let mut keys = Vec::new();
    for name in topics {
        let topic = session.topic(name).await?;
        keys.extend(
            topic
                .partitions
                .iter()
                .map(|p| (Arc::clone(&topic.name), p.index)),
        );
    }
    if topics.is_empty() {
        for topic in session.admin.list_topics().await.map_err(explain)? {
            let name: Arc<str> = Arc::from(topic.name.as_str());
            let count = i32::try_from(topic.partitions).unwrap_or(i32::MAX);
            keys.extend((0..count).map(|partition| (Arc::clone(&name), partition)));
        }
    }
    Ok(keys)
}

/// What coordinators know of these producers.
async fn known(
    session: &Session,
    open: &[Found],
) -> Result<BTreeMap<i64, TransactionDescription>, Failure> {
    let ids: BTreeSet<i64> = open.iter().map(|(_, one)| one.producer_id).collect();
    let mut known = BTreeMap::new();
    if ids.is_empty() {
        return Ok(known);
    }
    let producer_ids = ids.into_iter().collect();
    let filter = TransactionFilter { producer_ids, ..TransactionFilter::default() };
    for listed in session
        .admin
        .list_transactions(&filter)
        .await
        .map_err(explain)?
    {
        match session
            .admin
            .describe_transaction(&listed.transactional_id)
            .await
        {
            Ok(described) => drop(known.insert(described.producer_id, described)),
            // It ended meanwhile.
            Err(error) if error.code() == Some(ErrorCode::TRANSACTIONAL_ID_NOT_FOUND) => {}
            Err(error) => return Err(explain(error)),
        }
    }
    Ok(known)
}

fn print(open: &[Found], now_ms: i64, screen: &mut Screen) -> Result<(), Failure> {
    if screen.is_json() {
        let hanging = open.iter().map(|((topic, partition), one)| {
            json!({
                "topic": topic.as_ref(),
                "partition": partition,
                "producer_id": one.producer_id,
                "producer_epoch": one.epoch,
                "coordinator_epoch": one.coordinator_epoch,
                "start_offset": one.transaction_start_offset,
                "last_write": one.last_timestamp_ms,
            })
        });
        return screen.document(&json!({ "hanging": hanging.collect::<Vec<Value>>() }));
    }
    if open.is_empty() {
        return screen.line("no transaction hangs");
    }
    let rows = open.iter().map(|((topic, partition), one)| {
        vec![
            topic.to_string(),
            partition.to_string(),
            one.transaction_start_offset.unwrap_or(-1).to_string(),
            one.producer_id.to_string(),
            one.epoch.to_string(),
            moment::show(one.last_timestamp_ms),
            format!("{}s", now_ms.saturating_sub(one.last_timestamp_ms) / 1000),
        ]
    });
    let heading = [
        "TOPIC",
        "PARTITION",
        "START OFFSET",
        "PRODUCER ID",
        "EPOCH",
        "LAST WRITE",
        "AGE",
    ];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}
