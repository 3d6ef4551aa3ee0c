//! Somebody who creates, deletes and changes topics, and deletes records.

use crate::TopicFacts;
use crate::consumer::{EARLIEST, LATEST, offset_at};
use crate::stage::Client;
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use klamm_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use klamm_wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use std::collections::BTreeMap;

const TOPIC_RESOURCE: i8 = 2;
const RETENTION: &str = "retention.ms";
const RETENTION_DEFAULT_MS: i64 = 604_800_000;
/// Few names, so that deleted topics come again.
const REUSED_NAMES: u64 = 6;

/// Asks what the node offers, and creates the topics of the start.
pub(crate) async fn prepare(client: &mut Client) {
    let asked: ApiVersionsResponse = client.call(&ApiVersionsRequest::default(), 0).await;
    let offered = asked.api_keys.iter();
    *client.stage.offered.borrow_mut() = offered
        .map(|api| (api.api_key, (api.min_version, api.max_version)))
        .collect();
    for i in 0..client.stage.options.topics {
        create_topic(client, &format!("topic-{i}")).await;
    }
}

/// Administers until the run drains.
pub(crate) async fn administer(mut client: Client) {
    let mut fresh = 100;
    while !client.draining() {
        client.pause(4_000).await;
        match client.rng.below(8) {
            0 | 1 => {
                fresh += 1;
                let number = if client.stage.options.reuse_names {
                    client.rng.below(REUSED_NAMES)
                } else {
                    fresh
                };
                let name = format!("topic-{number}");
                let exists = client
                    .stage
                    .topics()
                    .iter()
                    .any(|(_, facts)| facts.name == name);
                if !exists {
                    create_topic(&mut client, &name).await;
                }
            }
            2 => delete_topic(&mut client).await,
            3 | 4 => set_retention(&mut client).await,
            5 => check_retention(&mut client).await,
            _ => {}
        }
    }
}

/// Deletes records until the run drains.
pub(crate) async fn trim(mut client: Client) {
    while !client.draining() {
        client.pause(6_000).await;
        delete_records(&mut client).await;
    }
}

/// The topics of a node by name, as `Metadata` lists them; `None` if there was no answer this time.
pub(crate) async fn topics_by_name(client: &mut Client) -> Option<BTreeMap<String, Uuid>> {
    let version = client.version::<MetadataRequest>(10);
    let request = MetadataRequest { topics: None, ..MetadataRequest::default() };
    let response: MetadataResponse = client.attempt(&request, version).await?;
    let mut topics = BTreeMap::new();
    for topic in response.topics {
        if let (ErrorCode::NONE, Some(name)) = (ErrorCode(topic.error_code), topic.name) {
            topics.insert(name.to_string(), topic.topic_id);
        }
    }
    Some(topics)
}

/// The id of a topic, `Uuid::ZERO` if there is none; asks until there is an answer.
pub(crate) async fn topic_id(client: &mut Client, name: &str) -> Uuid {
    loop {
        let version = client.version::<MetadataRequest>(10);
        let topic = MetadataRequestTopic {
            name: Some(Str::from(name)),
            ..MetadataRequestTopic::default()
        };
        let request = MetadataRequest {
            topics: Some(vec![topic]),
            allow_auto_topic_creation: false,
            ..MetadataRequest::default()
        };
        let response: MetadataResponse = client.call(&request, version).await;
        if let Some(topic) = response.topics.first() {
            match ErrorCode(topic.error_code) {
                ErrorCode::NONE => return topic.topic_id,
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => return Uuid::ZERO,
                _ => {}
            }
        }
        client.pause(100).await;
    }
}

async fn create_topic(client: &mut Client, name: &str) {
    let synced = client.rng.percent(client.stage.options.synced_percent);
    let partitions = client.rng.between(1, client.stage.options.partitions_max);
    let partitions = i32::try_from(partitions).unwrap_or(1);
    let config = |name: &str, value: String| CreatableTopicConfig {
        name: Str::from(name),
        value: Some(Str::from(value)),
    };
    let mut configs = vec![config(
        "segment.ms",
        client.stage.options.segment_ms.to_string(),
    )];
    let compacted = client.rng.percent(client.stage.options.compacted_percent);
    if compacted {
        configs.push(config("cleanup.policy", "compact".to_owned()));
        configs.push(config("internal.segment.bytes", "60000".to_owned()));
        configs.push(config("min.cleanable.dirty.ratio", "0".to_owned()));
    }
    if synced {
        configs.push(config("flush.messages", "1".to_owned()));
    }
    let topic = CreatableTopic {
        name: Str::from(name),
        num_partitions: partitions,
        replication_factor: 1,
        configs,
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest {
        topics: vec![topic],
        timeout_ms: 10_000,
        ..CreateTopicsRequest::default()
    };
    let version = client.version::<CreateTopicsRequest>(0);
    loop {
        let response = client.attempt(&request, version).await;
        let code = response
            .as_ref()
            .and_then(|response| response.topics.first())
            .map(|topic| ErrorCode(topic.error_code));
        match code {
            Some(ErrorCode::NONE | ErrorCode::TOPIC_ALREADY_EXISTS) => {
                let id = topic_id(client, name).await;
                if id != Uuid::ZERO {
                    created(client, id, name, partitions, (synced, compacted));
                    return;
                }
                if code == Some(ErrorCode::NONE) {
                    // The answer may have come before this view of the metadata, but not for ever.
                    client.pause(500).await;
                    if topic_id(client, name).await == Uuid::ZERO {
                        let text = format!("{name} was created and can't be found");
                        client.stage.violation(text);
                        return;
                    }
                }
            }
            Some(code) if !code.is_retriable() => {
                client
                    .stage
                    .violation(format!("CreateTopics was answered with {code:?}"));
                return;
            }
            // No answer, or try again: the next attempt finds out whether it exists.
            _ => client.pause(200).await,
        }
    }
}

fn created(
    client: &Client,
    id: Uuid,
    name: &str,
    partitions: i32,
    (synced, compacted): (bool, bool),
) {
    let facts = TopicFacts {
        name: name.to_owned(),
        partitions,
        synced,
        compacted,
        deleting: false,
        deleted: false,
        retention_ms: vec![RETENTION_DEFAULT_MS],
    };
    client.stage.oracle().topic_created(id, facts);
}

async fn delete_topic(client: &mut Client) {
    // One is always left to write to.
    if client.stage.topics().len() < 2 {
        return;
    }
    let Some(target) = client.target() else {
        return;
    };
    let id = target.key.topic;
    if let Some(facts) = client.stage.oracle().topic_mut(id) {
        facts.deleting = true;
    }
    let by_id = if client.stage.options.reuse_names {
        6
    } else {
        0
    };
    let version = client.version::<DeleteTopicsRequest>(by_id);
    let mut request = DeleteTopicsRequest { timeout_ms: 10_000, ..DeleteTopicsRequest::default() };
    if version >= 6 {
        let topic = DeleteTopicState { name: None, topic_id: id };
        request.topics = vec![topic];
    } else {
        request.topic_names = vec![Str::from(target.name.as_str())];
    }
    loop {
        let response = client.call(&request, version).await;
        let code = response
            .responses
            .first()
            .map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |topic| {
                ErrorCode(topic.error_code)
            });
        match code {
            // An earlier attempt did it.
            ErrorCode::NONE
            | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::UNKNOWN_TOPIC_ID => break,
            code if code.is_retriable() => client.pause(200).await,
            code => {
                client
                    .stage
                    .violation(format!("DeleteTopics was answered with {code:?}"));
                return;
            }
        }
    }
    client.stage.reach("a topic deleted");
    if let Some(facts) = client.stage.oracle().topic_mut(id) {
        facts.deleted = true;
    }
}

async fn set_retention(client: &mut Client) {
    let Some(target) = client.target() else {
        return;
    };
    // Weeks: no record of a run may expire.
    let value = i64::try_from(client.rng.between(14, 1_000)).unwrap_or(14) * 86_400_000;
    if let Some(facts) = client.stage.oracle().topic_mut(target.key.topic) {
        facts.retention_ms.push(value);
    }
    let config = AlterableConfig {
        name: Str::from(RETENTION),
        config_operation: 0,
        value: Some(Str::from(value.to_string())),
    };
    let resource = AlterConfigsResource {
        resource_type: TOPIC_RESOURCE,
        resource_name: Str::from(target.name.as_str()),
        configs: vec![config],
    };
    let request =
        IncrementalAlterConfigsRequest { resources: vec![resource], validate_only: false };
    let version = client.version::<IncrementalAlterConfigsRequest>(0);
    let response = client.call(&request, version).await;
    let code = response
        .responses
        .first()
        .map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |answer| {
            ErrorCode(answer.error_code)
        });
    match code {
        ErrorCode::NONE => {
            if let Some(facts) = client.stage.oracle().topic_mut(target.key.topic) {
                // Nobody else changes it: all that was asked before is history.
                facts.retention_ms = vec![value];
            }
        }
        code if code.is_retriable() || client.is_deleting(target.key.topic) => {}
        code => client.stage.violation(format!(
            "IncrementalAlterConfigs was answered with {code:?}"
        )),
    }
}

async fn check_retention(client: &mut Client) {
    let Some(target) = client.target() else {
        return;
    };
    let resource = DescribeConfigsResource {
        resource_type: TOPIC_RESOURCE,
        resource_name: Str::from(target.name.as_str()),
        configuration_keys: Some(vec![Str::from(RETENTION)]),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        ..DescribeConfigsRequest::default()
    };
    let version = client.version::<DescribeConfigsRequest>(0);
    let response = client.call(&request, version).await;
    let shown = response
        .results
        .iter()
        .flat_map(|result| &result.configs)
        .find(|config| &*config.name == RETENTION)
        .and_then(|config| config.value.as_ref()?.parse::<i64>().ok());
    let mut oracle = client.stage.oracle();
    let Some(facts) = oracle
        .topic(target.key.topic)
        .filter(|facts| !facts.deleting)
    else {
        return;
    };
    let wanted = facts.retention_ms.clone();
    if let Some(shown) = shown
        && !wanted.contains(&shown)
    {
        oracle.violation(format!(
            "{target:?} keeps for {shown} ms, asked for was {wanted:?}"
        ));
    }
}

async fn delete_records(client: &mut Client) {
    let Some(target) = client.target() else {
        return;
    };
    if client.stage.oracle().is_compacted(target.key) {
        // Such a topic refuses it.
        return;
    }
    let start = offset_at(client, &target, EARLIEST).await;
    let end = offset_at(client, &target, LATEST).await;
    let (Some(start), Some(end)) = (start, end) else {
        return;
    };
    let Ok(span) = u64::try_from(end - start) else {
        return;
    };
    let below = start + i64::try_from(client.rng.between(0, span)).unwrap_or(0);
    client.stage.oracle().deleting_records(target.key, below);
    let partition = DeleteRecordsPartition { partition_index: target.key.partition, offset: below };
    let topic = DeleteRecordsTopic {
        name: Str::from(target.name.as_str()),
        partitions: vec![partition],
    };
    let request = DeleteRecordsRequest { topics: vec![topic], timeout_ms: 10_000 };
    let version = client.version::<DeleteRecordsRequest>(0);
    let Some(response) = client.attempt(&request, version).await else {
        return;
    };
    let code = response
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next()
        .map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |answer| {
            ErrorCode(answer.error_code)
        });
    if code == ErrorCode::NONE {
        client.stage.reach("records deleted");
    }
    let fine = code == ErrorCode::NONE
        || code.is_retriable()
        // A power cut may have taken the end meanwhile.
        || code == ErrorCode::OFFSET_OUT_OF_RANGE
        || client.is_deleting(target.key.topic);
    if !fine {
        client
            .stage
            .violation(format!("DeleteRecords was answered with {code:?}"));
    }
}
