//! Adds partitions to topics. Their number only ever grows.

use std::collections::{BTreeMap, BTreeSet};

use super::create_topics::{Placed, all_fenced, new_partition, with_isr};
use super::placement::place;
use super::{Controller, Decision, PARTITIONS_PER_REQUEST_MAX, Random, Refusal, RefusalKind};
use crate::record::MetadataRecord;

/// A topic that is to have more partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MorePartitions {
    /// The topic.
    pub name: String,
    /// The number of partitions that it shall have in all.
    pub count: i32,
    /// The replicas of each new partition, by hand.
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// Decides on more partitions. A name that the request has twice is answered once.
#[must_use]
pub fn create_partitions(
    controller: &Controller<'_>,
    topics: &[MorePartitions],
    validate_only: bool,
    random: Random<'_>,
) -> Decision<Vec<(String, Result<(), Refusal>)>> {
    let mut seen = BTreeMap::new();
    for topic in topics {
        *seen.entry(topic.name.as_str()).or_insert(0) += 1;
    }
    let mut answered = BTreeSet::new();
    let mut records = Vec::new();
    let mut reply = Vec::new();
    for topic in topics {
        if !answered.insert(topic.name.as_str()) {
            continue;
        }
        let result = if seen.get(topic.name.as_str()) == Some(&1) {
            let room = PARTITIONS_PER_REQUEST_MAX.saturating_sub(records.len());
            grow(controller, topic, room, &mut *random)
        } else {
            Err(Refusal::new(
                RefusalKind::InvalidRequest,
                "Duplicate topic name.",
            ))
        };
        reply.push((topic.name.clone(), result.map(|own| records.extend(own))));
    }
    Decision { records, reply }.validated(validate_only)
}

fn grow(
    controller: &Controller<'_>,
    wanted: &MorePartitions,
    room: usize,
    random: Random<'_>,
) -> Result<Vec<MetadataRecord>, Refusal> {
    let Some(topic) = controller.image.topics().named(&wanted.name) else {
        return Err(Refusal::bare(RefusalKind::UnknownTopicOrPartition));
    };
    let current = topic.partitions.len();
    let count = usize::try_from(wanted.count).unwrap_or(0);
    if count <= current {
        let message = if count == current {
            format!("Topic already has {current} partition(s).")
        } else {
            let (name, count) = (&wanted.name, wanted.count);
            format!(
                "The topic {name} currently has {current} partition(s); {count} would not be an increase."
            )
        };
        return Err(Refusal::new(RefusalKind::InvalidPartitions, message));
    }
    let added = count - current;
    if added > room {
        let message = format!("One request may create {PARTITIONS_PER_REQUEST_MAX} partitions.");
        return Err(Refusal::new(RefusalKind::PolicyViolation, message));
    }
    let Some((_, first)) = topic.partitions.iter().next() else {
        let message = "The topic has no partition to take the replication factor from.";
        return Err(Refusal::new(RefusalKind::UnknownServerError, message));
    };
    let factor = first.replicas().len();
    let start = i32::try_from(current).unwrap_or(i32::MAX);
    let partitions = match &wanted.assignments {
        Some(assignments) => assigned(controller, assignments, (start, added), factor)?,
        None => {
            let factor = i16::try_from(factor).unwrap_or(i16::MAX);
            let layout = place(controller.image.cluster(), added, factor, random)?;
            with_isr(controller, layout, factor)?.0
        }
    };
    let records = (start..)
        .zip(partitions)
        .map(|(n, (replicas, isr))| new_partition(controller, (topic.id, n), replicas, isr).into());
    Ok(records.collect())
}

fn assigned(
    controller: &Controller<'_>,
    assignments: &[Vec<i32>],
    (start, added): (i32, usize),
    factor: usize,
) -> Result<Vec<Placed>, Refusal> {
    let invalid = |message| Refusal::new(RefusalKind::InvalidReplicaAssignment, message);
    if assignments.len() != added {
        let given = assignments.len();
        let message =
            format!("{added} partition(s) are added, and {given} assignment(s) are given.");
        return Err(invalid(message));
    }
    let mut partitions = Vec::with_capacity(added);
    for (n, replicas) in (start..).zip(assignments) {
        controller.check_assignment(replicas, Some(factor))?;
        let isr = controller.active(replicas);
        if isr.is_empty() {
            return Err(invalid(all_fenced(n)));
        }
        partitions.push((replicas.clone(), isr));
    }
    Ok(partitions)
}
