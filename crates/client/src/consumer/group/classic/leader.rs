//! What only the leader of a classic group does: assign, and watch for topics that change.

use super::assignors::{Subscriber, assign_partitions};
use super::{Classic, ClientAssignor};
use crate::error::ClientError;
use klamm_codec::{Dec, Message};
use klamm_wire::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition,
    ConsumerProtocolSubscription,
};
use klamm_wire::messages::join_group::JoinGroupResponse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;

/// Decides who reads what.
pub(super) async fn assign(
    classic: &mut Classic,
    protocol: ClientAssignor,
    joined: &JoinGroupResponse,
) -> Result<BTreeMap<String, ConsumerProtocolAssignment>, ClientError> {
    let members: Result<Vec<Subscriber>, ClientError> = joined
        .members
        .iter()
        .map(|member| {
            let mut dec = Dec::new(member.metadata.clone());
            // Later versions only add fields behind those of the last one we know.
            let version = dec
                .i16()?
                .clamp(0, ConsumerProtocolSubscription::MAX_VERSION);
            let subscription = ConsumerProtocolSubscription::decode(&mut dec, version)?;
            Ok(Subscriber {
                member_id: member.member_id.to_string(),
                instance_id: member.group_instance_id.as_deref().map(str::to_owned),
                topics: subscription
                    .topics
                    .iter()
                    .map(|t| Arc::from(t.as_str()))
                    .collect(),
                owned: subscription
                    .owned_partitions
                    .iter()
                    .flat_map(|topic| {
                        let name: Arc<str> = Arc::from(topic.topic.as_str());
                        topic
                            .partitions
                            .iter()
                            .map(move |p| (Arc::clone(&name), *p))
                    })
                    .collect(),
                generation: subscription.generation_id,
            })
        })
        .collect();
    let members = members?;
    let topics: BTreeSet<Arc<str>> = members.iter().flat_map(|m| m.topics.clone()).collect();
    let counts = partition_counts(classic, &topics).await?;
    let mut assigned = assign_partitions(protocol, &members, &counts);
    classic.assigned_by = Some((counts, Instant::now()));
    let assignments = members.iter().map(|member| {
        let mut topics: BTreeMap<Arc<str>, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in assigned.remove(&member.member_id).unwrap_or_default() {
            topics.entry(topic).or_default().push(partition);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            ConsumerProtocolAssignmentTopicPartition { topic: topic.as_ref().into(), partitions }
        });
        let assigned_partitions = topics.collect();
        let assignment = ConsumerProtocolAssignment { assigned_partitions, user_data: None };
        (member.member_id.clone(), assignment)
    });
    Ok(assignments.collect())
}

/// How many partitions each topic has now; topics that do not exist are left out.
async fn partition_counts(
    classic: &Classic,
    topics: &BTreeSet<Arc<str>>,
) -> Result<BTreeMap<Arc<str>, usize>, ClientError> {
    let client = classic.member.client();
    let names: Vec<&str> = topics.iter().map(AsRef::as_ref).collect();
    for name in &names {
        client.mark_stale(name);
    }
    client.refresh(&names).await?;
    let cluster = client.known_cluster();
    let counts = topics.iter().filter_map(|name| {
        let topic = cluster.topics.get(name)?;
        Some((Arc::clone(name), topic.partitions.len()))
    });
    Ok(counts.collect())
}

/// Whether topics have other partitions than this leader assigned. Asks every `metadata.max.age.ms`.
pub(super) async fn topics_changed(classic: &mut Classic) -> bool {
    let age_max = classic.member.client().config().metadata_age_max;
    let Some((before, looked_at)) = &mut classic.assigned_by else {
        return false;
    };
    if looked_at.elapsed() < age_max {
        return false;
    }
    *looked_at = Instant::now();
    let before = before.clone();
    let own = classic.topics.iter();
    let mut topics: BTreeSet<Arc<str>> = own.map(|t| Arc::from(t.as_str())).collect();
    topics.extend(before.keys().cloned());
    // A failure shows in the heartbeats.
    partition_counts(classic, &topics)
        .await
        .is_ok_and(|now| now != before)
}
