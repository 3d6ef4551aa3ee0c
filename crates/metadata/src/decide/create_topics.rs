//! Creates topics: names, counts, placement and first configuration.

use std::collections::{BTreeMap, BTreeSet};

use klamm_codec::Str;
use klamm_model::{TopicName, Uuid};
use klamm_settings::{Change, Resource, broker};

use super::configs::{changed_records, clear_elr_records};
use super::placement::place;
use super::{Controller, Decision, PARTITIONS_PER_REQUEST_MAX, Random, Refusal, RefusalKind};
use crate::generated::{PartitionRecord, TopicRecord};
use crate::image::ResourceKind;
use crate::record::MetadataRecord;

/// A topic to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// The name that the client chose.
    pub name: String,
    /// The number of partitions; -1 for the default.
    pub num_partitions: i32,
    /// The number of replicas; -1 for the default.
    pub replication_factor: i16,
    /// Replicas by hand: partition and brokers. Then both numbers above must be -1.
    pub assignments: Vec<(i32, Vec<i32>)>,
    /// The topic's configuration.
    pub configs: Vec<(String, Option<String>)>,
}

/// A topic that will exist once the records are committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedTopic {
    /// The topic's new id.
    pub id: Uuid,
    /// The number of partitions.
    pub num_partitions: i32,
    /// The number of replicas.
    pub replication_factor: i16,
}

/// The answer for each name of a request.
type Results = Vec<(String, Result<CreatedTopic, Refusal>)>;

/// The metadata log's own topic, which is not for clients to create.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// Decides on new topics. A name that the request has twice is answered once.
///
/// # Errors
/// POLICY_VIOLATION: the request asks for more partitions than fit one batch.
pub fn create_topics(
    controller: &Controller<'_>,
    topics: &[NewTopic],
    validate_only: bool,
    random: Random<'_>,
) -> Result<Decision<Results>, Refusal> {
    let mut seen = BTreeMap::new();
    for topic in topics {
        *seen.entry(topic.name.as_str()).or_insert(0) += 1;
    }
    let once = |topic: &&NewTopic| seen.get(topic.name.as_str()) == Some(&1);
    check_size(controller, topics.iter().filter(once))?;
    let mut records = Vec::new();
    let mut reply = Results::new();
    let mut answered = BTreeSet::new();
    for topic in topics {
        if !answered.insert(topic.name.as_str()) {
            continue;
        }
        let result = if !once(&topic) {
            Err(Refusal::new(
                RefusalKind::InvalidRequest,
                "Duplicate topic name.",
            ))
        } else if topic.name == METADATA_TOPIC {
            let message = "The metadata log is not a topic that clients create.";
            Err(Refusal::new(RefusalKind::InvalidRequest, message))
        } else {
            create_topic(controller, topic, &mut *random)
        };
        reply.push((
            topic.name.clone(),
            result.map(|(created, own)| {
                records.extend(own);
                created
            }),
        ));
    }
    Ok(Decision { records, reply }.validated(validate_only))
}

fn check_size<'a>(
    controller: &Controller<'_>,
    topics: impl Iterator<Item = &'a NewTopic>,
) -> Result<(), Refusal> {
    let default = controller.layers.get(&broker::NUM_PARTITIONS);
    let mut total = 0usize;
    for topic in topics {
        let wanted = match topic.num_partitions {
            -1 => default,
            wanted => wanted.max(0),
        };
        total = total.saturating_add(if topic.assignments.is_empty() {
            usize::try_from(wanted).unwrap_or(0)
        } else {
            topic.assignments.len()
        });
    }
    if total > PARTITIONS_PER_REQUEST_MAX {
        let message = format!(
            "The request creates {total} partitions; one request may create {PARTITIONS_PER_REQUEST_MAX}."
        );
        return Err(Refusal::new(RefusalKind::PolicyViolation, message));
    }
    Ok(())
}

/// Checks a name against Kafka's rules and the topics that exist.
fn check_name(controller: &Controller<'_>, name: &str) -> Result<TopicName, Refusal> {
    let topics = controller.image.topics();
    let checked = TopicName::new(name).map_err(|error| {
        Refusal::new(
            RefusalKind::InvalidTopic,
            format!("Topic name {name:?} is invalid: {error}."),
        )
    })?;
    if topics.by_name(&checked).is_some() {
        let message = format!("Topic '{name}' already exists.");
        return Err(Refusal::new(RefusalKind::TopicAlreadyExists, message));
    }
    if let Some(other) = topics.colliding_with(&checked) {
        let message =
            format!("Topic '{name}' collides with existing topic '{other}' in metric names.");
        return Err(Refusal::new(RefusalKind::InvalidTopic, message));
    }
    Ok(checked)
}

fn create_topic(
    controller: &Controller<'_>,
    topic: &NewTopic,
    random: Random<'_>,
) -> Result<(CreatedTopic, Vec<MetadataRecord>), Refusal> {
    let name = check_name(controller, &topic.name)?;
    let configs = config_records(controller, topic)?;
    let (partitions, replication_factor) = if topic.assignments.is_empty() {
        placed(controller, topic, &mut *random)?
    } else {
        assigned(controller, topic)?
    };
    let id = Uuid::from_random(random());
    let mut records = Vec::with_capacity(partitions.len() + configs.len() + 1);
    records.push(TopicRecord { name: Str::from(name.as_str()), topic_id: id }.into());
    // Before the partitions: a broker makes their logs with this configuration.
    records.extend(configs);
    let created = CreatedTopic {
        id,
        num_partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(replication_factor).unwrap_or(i16::MAX),
    };
    for (partition, (replicas, isr)) in (0..).zip(partitions) {
        records.push(new_partition(controller, (id, partition), replicas, isr).into());
    }
    Ok((created, records))
}

fn config_records(
    controller: &Controller<'_>,
    topic: &NewTopic,
) -> Result<Vec<MetadataRecord>, Refusal> {
    let nulls = topic.configs.iter().filter(|(_, value)| value.is_none());
    let nulls: Vec<&str> = nulls.map(|(name, _)| name.as_str()).collect();
    if !nulls.is_empty() {
        let message = format!(
            "Null value not supported for topic configs: {}",
            nulls.join(",")
        );
        return Err(Refusal::new(RefusalKind::InvalidConfig, message));
    }
    let change = |(name, value): &(String, Option<String>)| {
        (name.clone(), Change::Set(value.clone().unwrap_or_default()))
    };
    let changes: Vec<_> = topic.configs.iter().map(change).collect();
    // A topic of that name that was deleted took its configuration with it: nothing is stored.
    let stored = klamm_settings::Overrides::new();
    let invalid = |refused: klamm_settings::RefusedChange| {
        Refusal::new(RefusalKind::InvalidConfig, refused.0)
    };
    let after = klamm_settings::apply(Resource::Topic, &stored, &changes).map_err(invalid)?;
    controller
        .layers
        .check(Resource::Topic, &stored, &after)
        .map_err(invalid)?;
    let mut records = changed_records((ResourceKind::Topic, &topic.name), &stored, &after);
    let clear = clear_elr_records(controller.image, &records);
    records.extend(clear);
    Ok(records)
}

/// Replicas and in-sync replicas of one partition.
pub(super) type Placed = (Vec<i32>, Vec<i32>);

/// Every partition's replicas, and the replication factor.
type Layout = (Vec<Placed>, usize);

fn assigned(controller: &Controller<'_>, topic: &NewTopic) -> Result<Layout, Refusal> {
    let refuse = |kind, message: String| Err(Refusal::new(kind, message));
    if topic.replication_factor != -1 {
        let message = "With an assignment by hand the replication factor must be -1.".to_owned();
        return refuse(RefusalKind::InvalidRequest, message);
    }
    if topic.num_partitions != -1 {
        let message = "With an assignment by hand the number of partitions must be -1.".to_owned();
        return refuse(RefusalKind::InvalidRequest, message);
    }
    let mut by_partition = BTreeMap::new();
    let mut factor = None;
    for (partition, replicas) in &topic.assignments {
        let invalid = RefusalKind::InvalidReplicaAssignment;
        if by_partition.contains_key(partition) {
            return refuse(invalid, format!("Partition {partition} is assigned twice."));
        }
        controller.check_assignment(replicas, factor)?;
        factor = Some(replicas.len());
        let isr = controller.active(replicas);
        if isr.is_empty() {
            return refuse(invalid, all_fenced(*partition));
        }
        by_partition.insert(*partition, (replicas.clone(), isr));
    }
    if !by_partition
        .keys()
        .copied()
        .eq((0..).take(by_partition.len()))
    {
        let message = "Assigned partitions must be numbered 0, 1, 2 and so on.".to_owned();
        return refuse(RefusalKind::InvalidReplicaAssignment, message);
    }
    Ok((by_partition.into_values().collect(), factor.unwrap_or(0)))
}

/// The message for an assignment that nobody could lead.
pub(super) fn all_fenced(partition: i32) -> String {
    format!("Every broker assigned to partition {partition} is fenced or shutting down.")
}

fn placed(
    controller: &Controller<'_>,
    topic: &NewTopic,
    random: Random<'_>,
) -> Result<Layout, Refusal> {
    let factor = match topic.replication_factor {
        -1 => {
            i16::try_from(controller.layers.get(&broker::DEFAULT_REPLICATION_FACTOR)).unwrap_or(1)
        }
        ..=0 => {
            let message = "Replication factor must be positive, or -1 for the default.";
            return Err(Refusal::new(RefusalKind::InvalidReplicationFactor, message));
        }
        factor => factor,
    };
    let partitions = match topic.num_partitions {
        -1 => controller.layers.get(&broker::NUM_PARTITIONS),
        ..=0 => {
            let message = "The number of partitions must be positive, or -1 for the default.";
            return Err(Refusal::new(RefusalKind::InvalidPartitions, message));
        }
        partitions => partitions,
    };
    let partitions = usize::try_from(partitions).unwrap_or(1);
    let layout = place(controller.image.cluster(), partitions, factor, random)?;
    with_isr(controller, layout, factor)
}

/// Adds the in-sync replicas to a placement.
pub(super) fn with_isr(
    controller: &Controller<'_>,
    layout: Vec<Vec<i32>>,
    factor: i16,
) -> Result<Layout, Refusal> {
    let mut partitions = Vec::with_capacity(layout.len());
    for replicas in layout {
        let isr = controller.active(&replicas);
        if isr.is_empty() {
            let message = format!("All {factor} broker(s) chosen are fenced or shutting down.");
            return Err(Refusal::new(RefusalKind::InvalidReplicationFactor, message));
        }
        partitions.push((replicas, isr));
    }
    Ok((partitions, usize::try_from(factor).unwrap_or(0)))
}

/// The record of a partition that nobody has written to.
pub(super) fn new_partition(
    controller: &Controller<'_>,
    (topic_id, partition_id): (Uuid, i32),
    replicas: Vec<i32>,
    isr: Vec<i32>,
) -> PartitionRecord {
    let cluster = controller.image.cluster();
    let directories = if controller.image.writing_version().has_directories() {
        replicas
            .iter()
            .map(|id| cluster.default_directory(*id))
            .collect()
    } else {
        Vec::new()
    };
    PartitionRecord {
        partition_id,
        topic_id,
        leader: isr.first().copied().unwrap_or(-1),
        replicas,
        isr,
        leader_epoch: 0,
        partition_epoch: 0,
        directories,
        ..PartitionRecord::default()
    }
}
