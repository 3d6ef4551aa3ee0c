//! `klamm topic describe [NAME…]`.

use crate::connect::{Connect, Session, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use klamm_wire::messages::metadata::{MetadataResponsePartition, MetadataResponseTopic};
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
    let session = arguments.connect.session()?;
    let names = (!arguments.names.is_empty()).then_some(arguments.names.as_slice());
    let mut topics = session.topics(names).await?;
    for topic in &topics {
        check(
            topic.error_code,
            None::<&str>,
            format_args!("topic {}", name_of(topic)),
        )?;
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    let mut overrides = overrides_of(&session, &topics).await?;
    let mut documents = Vec::new();
    for topic in &mut topics {
        topic
            .partitions
            .sort_by_key(|partition| partition.partition_index);
        topic
            .partitions
            .retain(|partition| is_wanted(arguments, partition));
        let overrides = overrides.remove(name_of(topic)).unwrap_or_default();
        if screen.is_json() {
            documents.push(document(topic, &overrides));
        } else {
            print(topic, &overrides, screen)?;
        }
    }
    if screen.is_json() {
        screen.document(&json!({ "topics": documents }))?;
    }
    Ok(())
}

fn name_of(topic: &MetadataResponseTopic) -> &str {
    topic.name.as_deref().unwrap_or_default()
}

const fn is_wanted(arguments: &Arguments, partition: &MetadataResponsePartition) -> bool {
    let behind = partition.isr_nodes.len() < partition.replica_nodes.len();
    let leaderless = partition.leader_id < 0;
    (!arguments.under_replicated || behind) && (!arguments.unavailable || leaderless)
}

const TOPIC_RESOURCE: i8 = 2;
const SOURCE_TOPIC: i8 = 1;

async fn overrides_of(
    session: &Session,
    topics: &[MetadataResponseTopic],
) -> Result<BTreeMap<String, Overrides>, Failure> {
    if topics.is_empty() {
        return Ok(BTreeMap::new());
    }
    let resources = topics.iter().map(|topic| DescribeConfigsResource {
        resource_type: TOPIC_RESOURCE,
        resource_name: name_of(topic).into(),
        configuration_keys: None,
    });
    let request = DescribeConfigsRequest { resources: resources.collect(), ..Default::default() };
    let response = session.ask(Target::Any, &request).await?;
    let mut found = BTreeMap::new();
    for result in response.results {
        let about = format_args!("settings of topic {}", result.resource_name);
        check(result.error_code, result.error_message.as_ref(), about)?;
        let own = result
            .configs
            .iter()
            .filter(|config| config.config_source == SOURCE_TOPIC);
        let own = own.map(|config| {
            (
                config.name.to_string(),
                config.value.as_deref().unwrap_or("(hidden)").to_owned(),
            )
        });
        found.insert(result.resource_name.to_string(), own.collect());
    }
    Ok(found)
}

fn document(topic: &MetadataResponseTopic, overrides: &Overrides) -> Value {
    let partitions = topic.partitions.iter().map(|partition| {
        json!({
            "partition": partition.partition_index,
            "leader": partition.leader_id,
            "leader_epoch": partition.leader_epoch,
            "replicas": partition.replica_nodes,
            "in_sync": partition.isr_nodes,
            "offline": partition.offline_replicas,
        })
    });
    json!({
        "name": name_of(topic),
        "id": topic.topic_id.to_string(),
        "internal": topic.is_internal,
        "configs": overrides,
        "partitions": partitions.collect::<Vec<_>>(),
    })
}

fn print(
    topic: &MetadataResponseTopic,
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
        name_of(topic),
        topic.topic_id
    ))?;
    let rows = topic.partitions.iter().map(|partition| {
        let leader = match partition.leader_id {
            -1 => "none".to_owned(),
            id => id.to_string(),
        };
        vec![
            format!("  {}", partition.partition_index),
            leader,
            partition.leader_epoch.to_string(),
            ids(&partition.replica_nodes),
            ids(&partition.isr_nodes),
            ids(&partition.offline_replicas),
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
