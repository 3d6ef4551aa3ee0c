//! `klamm topic create NAME…`.

use crate::connect::{Connect, explain, explain_about};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::ClientError;
use klamm_client::admin::{NewTopic, TopicCreated};
use klamm_settings::Settings;
use klamm_wire::ErrorCode;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  klamm topic create orders --partitions 3 --config retention.ms=86400000"
)]
pub(crate) struct Arguments {
    /// Names of the new topics.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Partitions; the broker's num.partitions unless given.
    #[arg(short, long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Replicas of each partition; the broker's default.replication.factor unless given.
    #[arg(short, long, value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// Brokers of each partition, the leader first: `0:1,1:2` are two partitions with two replicas each.
    #[arg(long, value_name = "BROKERS", conflicts_with_all = ["partitions", "replication_factor"])]
    replica_assignment: Option<String>,
    /// A setting of the topic; may be given more than once.
    #[arg(short, long = "config", value_name = "NAME=VALUE")]
    configs: Vec<String>,
    /// Succeed if a topic is there already.
    #[arg(long)]
    if_not_exists: bool,
    /// Only check whether it would work.
    #[arg(long)]
    validate_only: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let topics = arguments.names.iter().map(|name| topic(arguments, name));
    let topics: Vec<NewTopic> = topics.collect::<Result<_, _>>()?;
    let session = arguments.connect.session().await?;
    let results = session
        .admin
        .create_topics(&topics, arguments.validate_only)
        .await;
    let mut created = Vec::new();
    let mut failure = Ok(());
    for (name, result) in results.map_err(explain)? {
        match result {
            Ok(topic) => created.push((name, topic)),
            Err(error) if arguments.if_not_exists && is_there(&error) => {}
            Err(error) => {
                failure = failure.and(Err(explain_about(format_args!("topic {name}"), error)));
            }
        }
    }
    print(&created, arguments.validate_only, screen)?;
    failure
}

fn is_there(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::TOPIC_ALREADY_EXISTS)
}

fn topic(arguments: &Arguments, name: &str) -> Result<NewTopic, Failure> {
    let configs = arguments.configs.iter().map(|text| {
        let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
        Ok((name, Some(value)))
    });
    Ok(NewTopic {
        name: name.to_owned(),
        partitions: arguments.partitions,
        replication_factor: arguments.replication_factor,
        assignments: arguments
            .replica_assignment
            .as_deref()
            .map_or(Ok(BTreeMap::new()), assignments)?,
        configs: configs.collect::<Result<_, Failure>>()?,
    })
}

/// Brokers by partition.
fn assignments(text: &str) -> Result<BTreeMap<i32, Vec<i32>>, Failure> {
    let wrong = || Failure::usage("--replica-assignment: expected brokers such as 0:1,1:2");
    let partition = |(text, index): (&str, i32)| {
        let ids = text.split(':').map(|id| id.trim().parse::<i32>());
        Ok((index, ids.collect::<Result<_, _>>().map_err(|_| wrong())?))
    };
    text.split(',').zip(0..).map(partition).collect()
}

fn print(
    created: &[(String, TopicCreated)],
    validate_only: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    if screen.is_json() {
        let topics = created.iter().map(|(name, topic)| {
            json!({
                "name": name,
                "id": topic.id.to_string(),
                "partitions": topic.partitions,
                "replication_factor": topic.replication_factor,
            })
        });
        let topics: Vec<_> = topics.collect();
        return screen.document(&json!({ "created": topics, "validate_only": validate_only }));
    }
    let verb = if validate_only {
        "would create"
    } else {
        "created"
    };
    for (name, topic) in created {
        match (topic.partitions, topic.replication_factor) {
            (Some(partitions), Some(replicas)) => screen.line(format_args!(
                "{verb} {name} with {partitions} partitions, replication factor {replicas}"
            ))?,
            _ => screen.line(format_args!("{verb} {name}"))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read() {
        let read = assignments("0:1, 1 : 2").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[&1], [1, 2]);
        assert!(assignments("0:x").is_err());
        assert!(assignments("").is_err());
    }
}
