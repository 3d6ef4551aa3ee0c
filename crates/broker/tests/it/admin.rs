//! Administration: every API of topics, configurations and the cluster, as clients see it.

mod cluster;
mod configs;
mod topics;

use crate::node::{Node, Peer, batch, create, run};
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::{
    alter_configs, alter_partition_reassignments as reassign, create_partitions, create_topics,
    delete_topics, describe_cluster, describe_configs, describe_log_dirs, describe_producers,
    describe_topic_partitions as paged, elect_leaders, incremental_alter_configs as incremental,
    list_config_resources, list_partition_reassignments, unregister_broker, update_features,
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// A node with id 1, so that it is not the default by chance.
async fn start(overrides: &[&str]) -> Node {
    let all: Vec<&str> = ["node.id=1"].iter().chain(overrides).copied().collect();
    Node::start(&all).await
}

fn code(code: ErrorCode) -> i16 {
    code.code()
}

async fn create_one(peer: &mut Peer, name: &str, configs: &[(&str, &str)]) -> i16 {
    let answer = peer.ask(&create(name, configs), 7).await;
    answer.topics[0].error_code
}

fn described(kind: i8, name: &str) -> describe_configs::DescribeConfigsRequest {
    describe_configs::DescribeConfigsRequest {
        resources: vec![describe_configs::DescribeConfigsResource {
            resource_type: kind,
            resource_name: name.into(),
            configuration_keys: None,
        }],
        include_synonyms: true,
        include_documentation: true,
    }
}

/// A setting's value, source and synonyms.
async fn value(peer: &mut Peer, kind: i8, name: &str, key: &str) -> (String, i8, usize) {
    let answer = peer.ask(&described(kind, name), 4).await;
    let result = &answer.results[0];
    assert_eq!(
        (result.error_code, result.error_message.as_deref()),
        (0, Some(""))
    );
    let line = result
        .configs
        .iter()
        .find(|line| &*line.name == key)
        .unwrap();
    assert!(line.documentation.is_some() && line.config_type > 0);
    (
        line.value.clone().unwrap().to_string(),
        line.config_source,
        line.synonyms.len(),
    )
}

fn change(
    kind: i8,
    name: &str,
    key: &str,
    (operation, value): (i8, Option<&str>),
) -> incremental::IncrementalAlterConfigsRequest {
    incremental::IncrementalAlterConfigsRequest {
        resources: vec![incremental::AlterConfigsResource {
            resource_type: kind,
            resource_name: name.into(),
            configs: vec![incremental::AlterableConfig {
                name: key.into(),
                config_operation: operation,
                value: value.map(Str::from),
            }],
        }],
        validate_only: false,
    }
}

async fn alter(
    peer: &mut Peer,
    kind: i8,
    name: &str,
    key: &str,
    operation: (i8, Option<&str>),
) -> i16 {
    let answer = peer.ask(&change(kind, name, key, operation), 1).await;
    answer.responses[0].error_code
}

/// Sets one setting of a topic.
pub(crate) async fn alter_topic(peer: &mut Peer, topic: &str, key: &str, value: &str) {
    assert_eq!(alter(peer, TOPIC, topic, key, (0, Some(value))).await, 0);
}

/// Sets one setting of all brokers.
pub(crate) async fn alter_broker(peer: &mut Peer, key: &str, value: &str) {
    assert_eq!(alter(peer, BROKER, "", key, (0, Some(value))).await, 0);
}
