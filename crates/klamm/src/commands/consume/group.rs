//! `klamm consume TOPIC --group GROUP`: a share of a topic, and a commit of what was printed.

use super::position::Position;
use super::template::Template;
use super::{Arguments, config, print};
use crate::connect::{Session, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::{
    GroupConfig, GroupConsumer, GroupOffset, PartitionKey, RebalanceListener, Subscription,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How far each partition was printed.
#[derive(Debug, Clone, Default)]
struct Printed(Arc<Mutex<BTreeMap<PartitionKey, GroupOffset>>>);

impl Printed {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<PartitionKey, GroupOffset>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RebalanceListener for Printed {
    fn revoked(&mut self, partitions: &[PartitionKey]) -> BTreeMap<PartitionKey, GroupOffset> {
        let taken = |key: &PartitionKey| {
            let offset = self.with(|printed| printed.remove(key))?;
            Some((key.clone(), offset))
        };
        partitions.iter().filter_map(taken).collect()
    }

    fn lost(&mut self, partitions: &[PartitionKey]) {
        self.with(|printed| printed.retain(|key, _| !partitions.contains(key)));
    }
}

/// How long a poll waits before the end is looked at again.
const POLL: Duration = Duration::from_millis(200);
/// How often what was printed is committed.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn run(
    arguments: &Arguments,
    group: &str,
    session: &Session,
    rest: Vec<(String, String)>,
    template: Template,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let mut properties: BTreeMap<String, String> = rest.into_iter().collect();
    properties.insert("group.id".to_owned(), group.to_owned());
    let reset = match arguments.from {
        None => None,
        Some(Position::Beginning) => Some("earliest"),
        Some(Position::End) => Some("latest"),
        Some(_) => {
            let usage = Failure::usage("with --group, --from is beginning or end");
            return Err(usage.advise("`klamm group reset-offsets` sends a group anywhere else"));
        }
    };
    if let Some(reset) = reset {
        properties.insert("auto.offset.reset".to_owned(), reset.to_owned());
    }
    let (mut group_config, rest) = GroupConfig::from_properties(properties)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let commits = std::mem::take(&mut group_config.enable_auto_commit);
    let config = config(rest, arguments.committed)?;
    let mut consumer =
        GroupConsumer::new(&session.client, config, group_config).map_err(explain)?;
    let printed = Printed::default();
    if commits {
        consumer.set_listener(printed.clone());
    }
    let topics = Subscription::Topics(BTreeSet::from([arguments.topic.clone()]));
    consumer.subscribe(topics).map_err(explain)?;
    let read = read(
        arguments,
        &mut consumer,
        &printed,
        commits,
        &template,
        screen,
    )
    .await;
    // The listener gives what is left to commit.
    let closed = consumer.close().await;
    read.and(closed.map_err(|error| explain_about(format_args!("group {group}"), error)))
}

async fn read(
    arguments: &Arguments,
    consumer: &mut GroupConsumer,
    printed: &Printed,
    commits: bool,
    template: &Template,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let enough = arguments.count.unwrap_or(u64::MAX);
    let mut count = 0;
    let mut last_record = Instant::now();
    let mut last_commit = Instant::now();
    let mut stop = std::pin::pin!(stopped());
    while count < enough {
        let records = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            records = consumer.poll(POLL) => records.map_err(explain)?,
        };
        if records.is_empty()
            && arguments
                .idle
                .is_some_and(|max| last_record.elapsed() >= max)
        {
            return Ok(());
        }
        for record in &records {
            if count == enough {
                break;
            }
            print(record, template, screen)?;
            count += 1;
            last_record = Instant::now();
            let key = (Arc::clone(&record.topic), record.partition);
            let offset = GroupOffset::behind(record.offset + 1, record.leader_epoch);
            printed.with(|printed| printed.insert(key, offset));
        }
        screen.flush()?;
        if commits && last_commit.elapsed() >= COMMIT_INTERVAL {
            last_commit = Instant::now();
            let offsets = printed.with(std::mem::take);
            // What goes wrong here is repeated by whoever reads the partition next.
            if let Err(error) = consumer.commit_offsets(&offsets).await {
                eprintln!("klamm: {error}");
            }
        }
    }
    Ok(())
}

/// Waits until someone asks the program to stop: it leaves the group in order then.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    match (interrupt, terminate) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without handlers, signals end the program as ever.
        _ => std::future::pending().await,
    }
}
