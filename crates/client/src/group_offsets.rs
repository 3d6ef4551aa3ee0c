//! A group's committed offsets on the wire, for members and for administration.

use crate::client::Target;
use crate::coordinator::Coordinator;
use crate::error::ClientError;
use crate::offsets::PartitionKey;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
    OffsetFetchResponse,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far a group has come in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOffset {
    /// The record to read next.
    pub offset: i64,
    /// The epoch of the leader that wrote the record before it, if that is known.
    pub leader_epoch: Option<i32>,
    /// Whatever who committed it wanted to add.
    pub metadata: String,
}

impl GroupOffset {
    /// An offset alone.
    #[must_use]
    pub const fn at(offset: i64) -> Self {
        Self { offset, leader_epoch: None, metadata: String::new() }
    }

    /// An offset, and the epoch of the leader that wrote the record before it.
    #[must_use]
    pub const fn behind(offset: i64, leader_epoch: Option<i32>) -> Self {
        Self { offset, leader_epoch, metadata: String::new() }
    }
}

/// The highest version of OffsetCommit and OffsetFetch that names topics: ids come with 10.
pub(crate) const LAST_VERSION_BY_NAME: i16 = 9;
/// The first version of OffsetFetch that takes several groups.
const BATCHED_VERSION: i16 = 8;

/// What a fetch of committed offsets asks for.
#[derive(Debug)]
pub(crate) struct OffsetQuery<'a> {
    pub(crate) group_id: &'a str,
    /// Id and epoch of a member whose coordinator assigns.
    pub(crate) member: Option<(&'a str, i32)>,
    /// All that the group committed, without these.
    pub(crate) partitions: Option<&'a [PartitionKey]>,
    /// Whether to wait for transactions that decide over them.
    pub(crate) stable: bool,
}

impl OffsetQuery<'_> {
    fn topics(&self) -> Option<BTreeMap<&str, Vec<i32>>> {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in self.partitions? {
            topics.entry(topic).or_default().push(*partition);
        }
        Some(topics)
    }

    fn request(&self, version: i16) -> OffsetFetchRequest {
        let topics = self.topics();
        let mut request = OffsetFetchRequest { require_stable: self.stable, ..Default::default() };
        if version < BATCHED_VERSION {
            let old = |(name, partition_indexes): (&str, Vec<i32>)| OffsetFetchRequestTopic {
                name: name.into(),
                partition_indexes,
            };
            request.group_id = self.group_id.into();
            request.topics = topics.map(|topics| topics.into_iter().map(old).collect());
            return request;
        }
        let new = |(name, partition_indexes): (&str, Vec<i32>)| OffsetFetchRequestTopics {
            name: name.into(),
            partition_indexes,
            ..Default::default()
        };
        request.groups = vec![OffsetFetchRequestGroup {
            group_id: self.group_id.into(),
            member_id: self.member.map(|(id, _)| id.into()),
            member_epoch: self.member.map_or(-1, |(_, epoch)| epoch),
            topics: topics.map(|topics| topics.into_iter().map(new).collect()),
        }];
        request
    }

    /// Asks until it is answered or `default.api.timeout.ms` is over. Partitions without an offset are left out.
    pub(crate) async fn ask(
        &self,
        coordinator: &Coordinator,
    ) -> Result<BTreeMap<PartitionKey, GroupOffset>, ClientError> {
        let client = coordinator.client();
        let attempt = || async {
            let result = async {
                let node = coordinator.node().await?;
                let connection = client.connection(Target::Node(node)).await?;
                let versions = connection.versions();
                let version = versions.highest_below::<OffsetFetchRequest>(LAST_VERSION_BY_NAME)?;
                let answer = connection
                    .send(&self.request(version), version)?
                    .wait()
                    .await?;
                check_fetch(&answer)?;
                Ok(offsets_of(&answer))
            };
            let result = result.await;
            result.inspect_err(|error| coordinator.learn(error))
        };
        client
            .retrying(
                "fetch committed offsets",
                client.config().api_timeout,
                attempt,
            )
            .await
    }
}

/// Offsets as a commit carries them.
pub(crate) fn commit_topics(
    offsets: &BTreeMap<PartitionKey, GroupOffset>,
) -> Vec<OffsetCommitRequestTopic> {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition), offset) in offsets {
        topics
            .entry(topic)
            .or_default()
            .push(OffsetCommitRequestPartition {
                partition_index: *partition,
                committed_offset: offset.offset,
                committed_leader_epoch: offset.leader_epoch.unwrap_or(-1),
                committed_metadata: Some(offset.metadata.as_str().into()),
            });
    }
    let topics = topics
        .into_iter()
        .map(|(name, partitions)| OffsetCommitRequestTopic {
            name: name.into(),
            partitions,
            ..Default::default()
        });
    topics.collect()
}

/// The first partition's refusal; the coordinator mostly gives one word to all.
pub(crate) fn check_commit(answer: &OffsetCommitResponse) -> Result<(), ClientError> {
    let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.try_for_each(|partition| ClientError::check(partition.error_code))
}

fn check_fetch(answer: &OffsetFetchResponse) -> Result<(), ClientError> {
    ClientError::check(answer.error_code)?;
    for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
        ClientError::check(partition.error_code)?;
    }
    for group in &answer.groups {
        ClientError::check(group.error_code)?;
        for partition in group.topics.iter().flat_map(|topic| &topic.partitions) {
            ClientError::check(partition.error_code)?;
        }
    }
    Ok(())
}

fn offsets_of(answer: &OffsetFetchResponse) -> BTreeMap<PartitionKey, GroupOffset> {
    let old = answer.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|p| {
            let metadata = p.metadata.as_deref();
            (
                &topic.name,
                p.partition_index,
                p.committed_offset,
                p.committed_leader_epoch,
                metadata,
            )
        })
    });
    let groups = answer.groups.iter().flat_map(|group| &group.topics);
    let new = groups.flat_map(|topic| {
        topic.partitions.iter().map(|p| {
            let metadata = p.metadata.as_deref();
            (
                &topic.name,
                p.partition_index,
                p.committed_offset,
                p.committed_leader_epoch,
                metadata,
            )
        })
    });
    let known = old.chain(new).filter(|(_, _, offset, _, _)| *offset >= 0);
    let offsets = known.map(|(topic, partition, offset, epoch, metadata)| {
        let leader_epoch = Some(epoch).filter(|epoch| *epoch >= 0);
        let metadata = metadata.unwrap_or_default().to_owned();
        let key = (Arc::from(topic.as_str()), partition);
        (key, GroupOffset { offset, leader_epoch, metadata })
    });
    offsets.collect()
}
