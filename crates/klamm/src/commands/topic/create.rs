//! `klamm topic create NAME…`.

use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_settings::Settings;
use klamm_wire::ErrorCode;
use klamm_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreatableTopicResult,
    CreateTopicsRequest,
};
use serde_json::json;

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
    let session = arguments.connect.session()?;
    let topics = arguments.names.iter().map(|name| topic(arguments, name));
    let request = CreateTopicsRequest {
        topics: topics.collect::<Result<_, _>>()?,
        timeout_ms: session.timeout_ms(),
        validate_only: arguments.validate_only,
    };
    let response = session.ask(Target::Controller, &request).await?;
    let mut created = Vec::new();
    let mut failure = Ok(());
    for result in &response.topics {
        let exists = ErrorCode::from(result.error_code) == ErrorCode::TOPIC_ALREADY_EXISTS;
        if exists && arguments.if_not_exists {
            continue;
        }
        let checked = check(
            result.error_code,
            result.error_message.as_ref(),
            format_args!("topic {}", result.name),
        );
        match checked {
            Ok(()) => created.push(result),
            Err(error) => failure = failure.and(Err(error)),
        }
    }
    print(&created, arguments.validate_only, screen)?;
    failure
}

fn topic(arguments: &Arguments, name: &str) -> Result<CreatableTopic, Failure> {
    let configs = arguments.configs.iter().map(|text| {
        let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
        Ok(CreatableTopicConfig { name: name.into(), value: Some(value.into()) })
    });
    let assignments = arguments
        .replica_assignment
        .as_deref()
        .map_or(Ok(Vec::new()), assignments)?;
    // -1 leaves a number to the broker, and is what stands beside an assignment.
    Ok(CreatableTopic {
        name: name.into(),
        num_partitions: arguments.partitions.unwrap_or(-1),
        replication_factor: arguments.replication_factor.unwrap_or(-1),
        assignments,
        configs: configs.collect::<Result<_, Failure>>()?,
    })
}

fn assignments(text: &str) -> Result<Vec<CreatableReplicaAssignment>, Failure> {
    let wrong = || Failure::usage("--replica-assignment: expected brokers such as 0:1,1:2");
    let partition = |(index, text): (usize, &str)| {
        let ids = text.split(':').map(|id| id.trim().parse::<i32>());
        Ok(CreatableReplicaAssignment {
            partition_index: i32::try_from(index).map_err(|_| wrong())?,
            broker_ids: ids.collect::<Result<_, _>>().map_err(|_| wrong())?,
        })
    };
    text.split(',').enumerate().map(partition).collect()
}

fn print(
    created: &[&CreatableTopicResult],
    validate_only: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    if screen.is_json() {
        let topics = created.iter().map(|topic| {
            json!({
                "name": topic.name.as_str(),
                "id": topic.topic_id.to_string(),
                "partitions": topic.num_partitions,
                "replication_factor": topic.replication_factor,
            })
        });
        return screen.document(
            &json!({ "created": topics.collect::<Vec<_>>(), "validate_only": validate_only }),
        );
    }
    for topic in created {
        let verb = if validate_only {
            "would create"
        } else {
            "created"
        };
        screen.line(format_args!(
            "{verb} {} with {} partitions, replication factor {}",
            topic.name, topic.num_partitions, topic.replication_factor
        ))?;
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
        assert_eq!(read[1].broker_ids, [1, 2]);
        assert_eq!(read[1].partition_index, 1);
        assert!(assignments("0:x").is_err());
        assert!(assignments("").is_err());
    }
}
