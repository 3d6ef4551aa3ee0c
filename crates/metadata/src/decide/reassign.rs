//! Moves partitions to other brokers (KIP-455).

use std::collections::BTreeSet;

use super::change::{Change, Election};
use super::{Controller, Decision, Refusal, RefusalKind};
use crate::image::{Partition, Topic};
use crate::record::MetadataRecord;

/// What shall become of one partition's replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassignment {
    /// The partition.
    pub partition: i32,
    /// The brokers that shall hold it; `None` cancels a reassignment under way.
    pub replicas: Option<Vec<i32>>,
}

/// A reassignment under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OngoingReassignment {
    /// The partition.
    pub partition: i32,
    /// All replicas, those that leave included.
    pub replicas: Vec<i32>,
    /// Replicas that are added.
    pub adding: Vec<i32>,
    /// Replicas that are removed.
    pub removing: Vec<i32>,
}

/// The answer for each partition, by topic.
type Results = Vec<(String, Vec<(i32, Result<(), Refusal>)>)>;

/// Decides on reassignments. `resize` allows another number of replicas than before (KIP-860).
#[must_use]
pub fn alter_reassignments(
    controller: &Controller<'_>,
    topics: &[(String, Vec<Reassignment>)],
    resize: bool,
) -> Decision<Results> {
    let mut records = Vec::new();
    let mut reply = Results::new();
    let mut named = BTreeSet::new();
    for (name, wanted) in topics {
        let mut results = Vec::with_capacity(wanted.len());
        for reassignment in wanted {
            let number = reassignment.partition;
            let result = if named.insert((name.as_str(), number)) {
                reassign(controller, name, reassignment, resize)
            } else {
                // A second record would be made from a state that the first has changed.
                Err(Refusal::new(
                    RefusalKind::InvalidRequest,
                    "The partition is named twice.",
                ))
            };
            results.push((number, result.map(|record| records.extend(record))));
        }
        reply.push((name.clone(), results));
    }
    Decision { records, reply }
}

fn reassign(
    controller: &Controller<'_>,
    name: &str,
    wanted: &Reassignment,
    resize: bool,
) -> Result<Option<MetadataRecord>, Refusal> {
    let unknown = |message| Refusal::new(RefusalKind::UnknownTopicOrPartition, message);
    let topic = controller.image.topics().named(name);
    let topic = topic.ok_or_else(|| unknown(format!("Unable to find a topic named {name}.")))?;
    let number = wanted.partition;
    let partition = topic.partitions.get(number);
    let partition =
        partition.ok_or_else(|| unknown(format!("Unable to find partition {name}:{number}.")))?;
    match &wanted.replicas {
        Some(replicas) => start(controller, topic, (number, partition), replicas, resize),
        None => cancel(controller, topic, (number, partition)),
    }
}

fn start(
    controller: &Controller<'_>,
    topic: &Topic,
    (number, partition): (i32, &Partition),
    replicas: &[i32],
    resize: bool,
) -> Result<Option<MetadataRecord>, Refusal> {
    controller.check_assignment(replicas, None)?;
    let current = partition.replicas();
    // Kafka counts what will remain of a reassignment under way.
    let remaining = current
        .iter()
        .filter(|id| !partition.removing().contains(id))
        .count();
    if !resize && remaining != replicas.len() {
        let message = format!(
            "The replication factor is changed from {remaining} to {}",
            replicas.len()
        );
        return Err(Refusal::new(RefusalKind::InvalidReplicationFactor, message));
    }
    let sorted = |ids: &mut Vec<i32>| ids.sort_unstable();
    let mut removing: Vec<i32> = current
        .iter()
        .copied()
        .filter(|id| !replicas.contains(id))
        .collect();
    let mut adding: Vec<i32> = replicas
        .iter()
        .copied()
        .filter(|id| !current.contains(id))
        .collect();
    sorted(&mut removing);
    sorted(&mut adding);
    let may_lead = |id| controller.image.cluster().is_active(id);
    let mut change = Change::new(controller, topic, (number, partition), &may_lead);
    change.replicas = replicas.iter().chain(&removing).copied().collect();
    if !removing.is_empty() {
        change.removing = removing;
    }
    if !adding.is_empty() {
        change.adding = adding;
    }
    Ok(change.record().map(Into::into))
}

fn cancel(
    controller: &Controller<'_>,
    topic: &Topic,
    (number, partition): (i32, &Partition),
) -> Result<Option<MetadataRecord>, Refusal> {
    if !partition.is_reassigning() {
        return Err(Refusal::bare(RefusalKind::NoReassignmentInProgress));
    }
    let stays = |id: &i32| !partition.adding().contains(id);
    let replicas: Vec<i32> = partition.replicas().iter().copied().filter(stays).collect();
    let mut isr: Vec<i32> = partition.isr().iter().copied().filter(stays).collect();
    let unclean = controller.allows_unclean_election(&topic.name);
    if isr.is_empty() {
        // Only replicas that the reassignment adds are in sync: going back loses what they alone hold.
        let Some(first) = replicas.first().copied().filter(|_| unclean) else {
            let name = &topic.name;
            let message = format!("{name}:{number} cannot go back without an unclean election.");
            return Err(Refusal::new(RefusalKind::InvalidReplicaAssignment, message));
        };
        isr.push(first);
    }
    let may_lead = |id| controller.image.cluster().is_active(id);
    let mut change = Change::new(controller, topic, (number, partition), &may_lead);
    if unclean {
        change.election = Election::Unclean;
    }
    (change.replicas, change.isr) = (replicas, isr);
    change.adding.clear();
    change.removing.clear();
    Ok(change.record().map(Into::into))
}

/// Lists reassignments under way, of all topics or of some partitions.
#[must_use]
pub fn list_reassignments(
    controller: &Controller<'_>,
    topics: Option<&[(String, Vec<i32>)]>,
) -> Vec<(String, Vec<OngoingReassignment>)> {
    let ongoing = |(number, partition): (i32, &Partition)| {
        partition.is_reassigning().then(|| OngoingReassignment {
            partition: number,
            replicas: partition.replicas().to_vec(),
            adding: partition.adding().to_vec(),
            removing: partition.removing().to_vec(),
        })
    };
    let all = controller.image.topics();
    let found: Vec<(String, Vec<OngoingReassignment>)> = match topics {
        None => {
            let topics = all.iter();
            topics
                .map(|topic| {
                    (
                        topic.name.to_string(),
                        topic.partitions.iter().filter_map(ongoing).collect(),
                    )
                })
                .collect()
        }
        Some(wanted) => wanted
            .iter()
            .filter_map(|(name, partitions)| {
                let topic = all.named(name)?;
                let known = |n: &i32| Some((*n, topic.partitions.get(*n)?));
                let list = partitions.iter().filter_map(known).filter_map(ongoing);
                Some((name.clone(), list.collect()))
            })
            .collect(),
    };
    found
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .collect()
}
