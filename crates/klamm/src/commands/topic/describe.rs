//! `klamm topic describe [NAME…]`.

use crate::connect::{Connect, Session, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::admin::{ConfigResource, ConfigSource};
use klamm_client::{Partition, Topic};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Topics; all of them unless given.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Only partitions with replicas that are not in sync.
    #[arg(long)]
    under_replicated: bool,
    /// Only partitions without a leader.
    #[arg(long)]
    unavailable: bool,
    #[command(flatten)]
    connect: Connect,
}

/// Settings of a topic that are not defaults, by name.
type Overrides = BTreeMap<String, String>;

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let mut names = arguments.names.clone();
    if names.is_empty() {
        let topics = session.admin.list_topics().await.map_err(explain)?;
        names = topics.into_iter().map(|topic| topic.name).collect();
    }
    names.sort();
    let mut overrides = overrides_of(&session, &names).await?;
    let mut documents = Vec::new();
    for name in &names {
        let topic = session.topic(name).await?;
        let overrides = overrides.remove(name).unwrap_or_default();
        let partitions = topic
            .partitions
            .iter()
            .filter(|partition| is_wanted(arguments, partition));
        let partitions: Vec<&Partition> = partitions.collect();
        if screen.is_json() {
            documents.push(document(&topic, &partitions, &overrides));
        } else {
            print(&topic, &partitions, &overrides, screen)?;
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "topics": documents }))?;
    }
    Ok(())
}

fn is_wanted(arguments: &Arguments, partition: &Partition) -> bool {
    let is_behind = partition.in_sync.len() < partition.replicas.len();
    (!arguments.under_replicated || is_behind)
        && (!arguments.unavailable || partition.leader.is_none())
}

async fn overrides_of(
    session: &Session,
    names: &[String],
) -> Result<BTreeMap<String, Overrides>, Failure> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let resources: Vec<_> = names.iter().map(ConfigResource::topic).collect();
    let results = session
        .admin
        .describe_configs(&resources, false)
        .await
        .map_err(explain)?;
    let mut found = BTreeMap::new();
    for (resource, result) in results {
        let about = format_args!("topic {}", resource.name);
        let entries = result.map_err(|error| explain_about(about, error))?;
        let own = entries
            .into_iter()
            .filter(|(_, entry)| entry.source == ConfigSource::Topic);
        let own = own.map(|(name, entry)| (name, entry.value.unwrap_or("(hidden)".to_owned())));
        found.insert(resource.name, own.collect());
    }
    Ok(found)
}

fn document(topic: &Topic, partitions: &[&Partition], overrides: &Overrides) -> Value {
    let partitions = partitions.iter().map(|partition| {
        json!({
            "partition": partition.index,
            "leader": partition.leader,
            "leader_epoch": partition.leader_epoch,
            "replicas": partition.replicas,
            "in_sync": partition.in_sync,
            "offline": partition.offline,
        })
    });
    json!({
        "name": topic.name.as_ref(),
        "id": topic.id.to_string(),
        "internal": topic.is_internal,
        "configs": overrides,
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

fn print(
    topic: &Topic,
    partitions: &[&Partition],
    overrides: &Overrides,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let settings = overrides
        .iter()
        .map(|(name, value)| format!(" {name}={value}"));
    let settings: String = settings.collect();
    let internal = if topic.is_internal { " internal" } else { "" };
    screen.line(format_args!(
        "{} id {}{internal}{settings}",
        topic.name, topic.id
    ))?;
    let rows = partitions.iter().map(|partition| {
        vec![
            format!("  {}", partition.index),
            partition
                .leader
                .map_or("none".to_owned(), |id| id.to_string()),
            partition.leader_epoch.to_string(),
            ids(&partition.replicas),
            ids(&partition.in_sync),
            ids(&partition.offline),
        ]
    });
    let heading = [
        "  PARTITION",
        "LEADER",
        "EPOCH",
        "REPLICAS",
        "IN SYNC",
        "OFFLINE",
    ];
    screen.table(&heading, &rows.collect::<Vec<_>>())
}

fn ids(ids: &[i32]) -> String {
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
