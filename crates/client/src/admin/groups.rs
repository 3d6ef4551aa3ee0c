//! Groups: who is in them, how far they have come, and changes to that.

use super::member_standing::MemberStanding;
use super::{Admin, Each};
use crate::client::Target;
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use crate::group_offsets::{GroupOffset, LAST_VERSION_BY_NAME, OffsetQuery, commit_topics};
use crate::offsets::PartitionKey;
use klamm_codec::{Dec, Message, Str};
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_describe::{self, ConsumerGroupDescribeRequest};
use klamm_wire::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
};
use klamm_wire::messages::delete_groups::DeleteGroupsRequest;
use klamm_wire::messages::describe_groups::{self, DescribeGroupsRequest};
use klamm_wire::messages::leave_group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use klamm_wire::messages::list_groups::ListGroupsRequest;
use klamm_wire::messages::offset_commit::OffsetCommitRequest;
use klamm_wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupListing {
    /// Its name.
    pub group_id: String,
    /// `classic`, `consumer` or another kind that the broker has; empty from brokers before 3.8.
    pub kind: String,
    /// What its members do: `consumer`, `connect`, …; empty if nobody ever joined.
    pub protocol_type: String,
    /// Its state; empty from brokers before 2.6.
    pub state: String,
}

/// A group and its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its name.
    pub group_id: String,
    /// `classic` or `consumer`.
    pub kind: String,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Assigning`, `Reconciling`, `Stable` or `Dead`.
    pub state: String,
    /// What its members do.
    pub protocol_type: String,
    /// The assignor.
    pub assignor: String,
    /// Counts changes of members and subscriptions (`consumer` only).
    pub epoch: Option<i32>,
    /// The epoch that the assignment is for (`consumer` only).
    pub assignment_epoch: Option<i32>,
    /// The broker that coordinates it.
    pub coordinator: i32,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id.
    pub member_id: String,
    /// The name of a static member.
    pub instance_id: Option<String>,
    /// What it calls itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// Its rack.
    pub rack: Option<String>,
    /// How far it has followed the group's epoch (`consumer` only).
    pub epoch: Option<i32>,
    /// Whether it speaks the classic protocol, whatever the group does; `None` if the broker does not say.
    pub is_classic: Option<bool>,
    /// The topics that it names.
    pub topics: BTreeSet<String>,
    /// The pattern that it subscribes to.
    pub pattern: Option<String>,
    /// What it has.
    pub assignment: BTreeSet<PartitionKey>,
    /// What it is to have, once others have given it away (`consumer` only).
    pub target: Option<BTreeSet<PartitionKey>>,
    /// How it stands. Only Klamm says so.
    pub standing: Option<MemberStanding>,
}

/// How often a group is emptied again because members came back before its offsets were set.
const FENCES_MAX: usize = 20;

impl Admin {
    fn coordinator(&self, group: &str) -> Coordinator {
        Coordinator::new(
            self.client.clone(),
            CoordinatorKind::Group,
            group.to_owned(),
        )
    }

    /// The groups of all brokers, in these states and of these kinds; of all, where none is named.
    ///
    /// # Errors
    /// A broker does not answer in time.
    pub async fn list_groups(
        &self,
        states: &[&str],
        kinds: &[&str],
    ) -> Result<Vec<GroupListing>, ClientError> {
        let texts = |list: &[&str]| list.iter().map(|text| Str::from(*text)).collect();
        let request =
            ListGroupsRequest { states_filter: texts(states), types_filter: texts(kinds) };
        let mut groups = Vec::new();
        let brokers = self.client.cluster().await?;
        for node in brokers.brokers.keys() {
            let target = Target::Node(*node);
            let check = |answer: &_| check_list(answer);
            let answer = self.call("list groups", target, &request, check).await?;
            groups.extend(answer.groups.into_iter().map(|group| GroupListing {
                group_id: group.group_id.to_string(),
                kind: group.group_type.to_string(),
                protocol_type: group.protocol_type.to_string(),
                state: group.group_state.to_string(),
            }));
        }
        groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        Ok(groups)
    }

    /// A group of either kind.
    ///
    /// # Errors
    /// There is no such group (`GROUP_ID_NOT_FOUND`), or its coordinator does not answer in time.
    pub async fn describe_group(&self, group: &str) -> Result<GroupDescription, ClientError> {
        match self.describe_consumer_group(group).await {
            Err(ClientError::UnsupportedVersion { .. }) => {}
            Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => {}
            word => return word,
        }
        let coordinator = self.coordinator(group);
        let request = DescribeGroupsRequest {
            groups: vec![group.into()],
            asks_for_standing: true,
            ..DescribeGroupsRequest::default()
        };
        let timeout = self.client.config().api_timeout;
        let answer = coordinator
            .call("describe group", timeout, &request, i16::MAX, |answer| {
                let group = answer.groups.first().ok_or_else(no_word)?;
                ClientError::check_with(group.error_code, group.error_message.as_deref())
            })
            .await?;
        let found = answer.groups.into_iter().next().ok_or_else(no_word)?;
        if found.group_state.as_str() == DEAD {
            let message = Some(format!("there is no group {group}"));
            return Err(ClientError::Server { code: ErrorCode::GROUP_ID_NOT_FOUND, message });
        }
        Ok(GroupDescription {
            group_id: group.to_owned(),
            kind: "classic".to_owned(),
            state: found.group_state.to_string(),
            protocol_type: found.protocol_type.to_string(),
            assignor: found.protocol_data.to_string(),
            epoch: None,
            assignment_epoch: None,
            coordinator: coordinator.node().await?,
            members: found.members.iter().map(classic_member).collect(),
        })
    }

    async fn describe_consumer_group(&self, group: &str) -> Result<GroupDescription, ClientError> {
        let coordinator = self.coordinator(group);
        let request = ConsumerGroupDescribeRequest {
            group_ids: vec![group.into()],
            asks_for_standing: true,
            ..ConsumerGroupDescribeRequest::default()
        };
        let timeout = self.client.config().api_timeout;
        let answer = coordinator
            .call("describe group", timeout, &request, i16::MAX, |answer| {
                let group = answer.groups.first().ok_or_else(no_word)?;
                ClientError::check_with(group.error_code, group.error_message.as_deref())
            })
            .await?;
        let found = answer.groups.into_iter().next().ok_or_else(no_word)?;
        Ok(GroupDescription {
            group_id: group.to_owned(),
            kind: "consumer".to_owned(),
            state: found.group_state.to_string(),
            protocol_type: "consumer".to_owned(),
            assignor: found.assignor_name.to_string(),
            epoch: Some(found.group_epoch),
            assignment_epoch: Some(found.assignment_epoch),
            coordinator: coordinator.node().await?,
            members: found.members.iter().map(consumer_member).collect(),
        })
    }

    /// All offsets that a group committed. None for a group that does not exist.
    ///
    /// # Errors
    /// The coordinator does not answer in time, or refuses.
    pub async fn group_offsets(
        &self,
        group: &str,
    ) -> Result<BTreeMap<PartitionKey, GroupOffset>, ClientError> {
        let query = OffsetQuery {
            group_id: group,
            member: None,
            partitions: None,
            stable: false,
        };
        query.ask(&self.coordinator(group)).await
    }

    /// Sets the offsets of a group without members.
    ///
    /// # Errors
    /// The coordinator does not answer in time. `UNKNOWN_MEMBER_ID` of all partitions: the group has members.
    pub async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
    ) -> Result<Each<PartitionKey, ()>, ClientError> {
        let request = OffsetCommitRequest {
            group_id: group.into(),
            generation_id_or_member_epoch: -1,
            member_id: Str::EMPTY,
            group_instance_id: None,
            retention_time_ms: -1,
            topics: commit_topics(offsets),
        };
        let timeout = self.client.config().api_timeout;
        let answer = self
            .coordinator(group)
            .call(
                "set offsets",
                timeout,
                &request,
                LAST_VERSION_BY_NAME,
                |answer| {
                    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
                    retry_word(partitions.map(|partition| partition.error_code))
                },
            )
            .await?;
        let words = answer.topics.iter().flat_map(|topic| {
            let name: Arc<str> = Arc::from(topic.name.as_str());
            topic.partitions.iter().map(move |partition| {
                let key = (Arc::clone(&name), partition.partition_index);
                (key, ClientError::check(partition.error_code))
            })
        });
        Ok(words.collect())
    }

    /// Sets the offsets of a group while it has members: takes them out, sets the offsets, and lets them come back.
    /// Offsets are taken only while nobody is in the group, so whoever comes back reads the new ones, and commits of
    /// those who have not heard yet are refused.
    ///
    /// # Errors
    /// The coordinator does not answer in time, does not let members be removed, or they come back faster than offsets
    /// can be set (`UNKNOWN_MEMBER_ID`).
    pub async fn alter_live_group_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
    ) -> Result<Each<PartitionKey, ()>, ClientError> {
        let mut words = Each::new();
        for _ in 0..FENCES_MAX {
            let described = self.describe_group(group).await?;
            self.remove_group_members(&described, "its offsets are set")
                .await?;
            words = self.alter_group_offsets(group, offsets).await?;
            let is_late = |word: &Result<(), ClientError>| {
                let code = word.as_ref().err().and_then(ClientError::code);
                code == Some(ErrorCode::UNKNOWN_MEMBER_ID)
            };
            if !words.values().any(is_late) {
                break;
            }
        }
        Ok(words)
    }

    /// Takes members out of a group. They find out with their next heartbeat, and join anew.
    ///
    /// # Errors
    /// The coordinator does not answer in time, or refuses; members that left meanwhile are no error.
    pub async fn remove_group_members(
        &self,
        group: &GroupDescription,
        reason: &str,
    ) -> Result<(), ClientError> {
        if group.members.is_empty() {
            return Ok(());
        }
        let members = group.members.iter().map(|member| MemberIdentity {
            member_id: member.member_id.as_str().into(),
            group_instance_id: member.instance_id.as_deref().map(Str::from),
            reason: Some(reason.into()),
        });
        let request = LeaveGroupRequest {
            group_id: group.group_id.as_str().into(),
            members: members.collect(),
            ..LeaveGroupRequest::default()
        };
        let check = |answer: &LeaveGroupResponse| {
            ClientError::check(answer.error_code)?;
            let gone =
                |member: &&MemberResponse| member.error_code != ErrorCode::UNKNOWN_MEMBER_ID.code();
            let mut members = answer.members.iter().filter(gone);
            members.try_for_each(|member| ClientError::check(member.error_code))
        };
        let timeout = self.client.config().api_timeout;
        let coordinator = self.coordinator(&group.group_id);
        coordinator
            .call("remove members", timeout, &request, i16::MAX, check)
            .await
            .map(drop)
    }

    /// Forgets a group's offsets. Nobody in the group may subscribe to the topics.
    ///
    /// # Errors
    /// There is no such group, or its coordinator does not answer in time.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[PartitionKey],
    ) -> Result<Each<PartitionKey, ()>, ClientError> {
        let mut topics: BTreeMap<&str, Vec<OffsetDeleteRequestPartition>> = BTreeMap::new();
        for (topic, partition) in partitions {
            let partition = OffsetDeleteRequestPartition { partition_index: *partition };
            topics.entry(topic).or_default().push(partition);
        }
        let topics = topics
            .into_iter()
            .map(|(name, partitions)| OffsetDeleteRequestTopic { name: name.into(), partitions });
        let request = OffsetDeleteRequest { group_id: group.into(), topics: topics.collect() };
        let timeout = self.client.config().api_timeout;
        let check = |answer: &klamm_wire::messages::offset_delete::OffsetDeleteResponse| {
            ClientError::check(answer.error_code)
        };
        let coordinator = self.coordinator(group);
        let answer = coordinator
            .call("delete offsets", timeout, &request, i16::MAX, check)
            .await?;
        let words = answer.topics.iter().flat_map(|topic| {
            let name: Arc<str> = Arc::from(topic.name.as_str());
            topic.partitions.iter().map(move |partition| {
                let key = (Arc::clone(&name), partition.partition_index);
                (key, ClientError::check(partition.error_code))
            })
        });
        Ok(words.collect())
    }

    /// Deletes groups with their offsets. They must have no members.
    ///
    /// # Errors
    /// None of the whole; each group has its own.
    pub async fn delete_groups(&self, groups: &[&str]) -> Result<Each<String, ()>, ClientError> {
        let timeout = self.client.config().api_timeout;
        let mut words = Each::new();
        for group in groups {
            let request = DeleteGroupsRequest { groups_names: vec![(*group).into()] };
            let check = |answer: &klamm_wire::messages::delete_groups::DeleteGroupsResponse| {
                let word = answer.results.first().ok_or_else(no_word)?;
                ClientError::check(word.error_code)
            };
            let coordinator = self.coordinator(group);
            let answer = coordinator
                .call("delete group", timeout, &request, i16::MAX, check)
                .await;
            words.insert((*group).to_owned(), answer.map(drop));
        }
        Ok(words)
    }
}

/// The state that stands for a group that is not there.
const DEAD: &str = "Dead";

fn no_word() -> ClientError {
    ClientError::BadAnswer("no word of the group".to_owned())
}

fn check_list(
    answer: &klamm_wire::messages::list_groups::ListGroupsResponse,
) -> Result<(), ClientError> {
    ClientError::check(answer.error_code)
}

/// An error that passes, if there is one: then the whole call is worth another try.
fn retry_word(mut codes: impl Iterator<Item = i16>) -> Result<(), ClientError> {
    codes.try_for_each(|code| match ClientError::check(code) {
        Err(error) if error.is_retriable() => Err(error),
        _ => Ok(()),
    })
}

fn classic_member(member: &describe_groups::DescribedGroupMember) -> GroupMember {
    let subscription = embedded(&member.member_metadata, |dec, version| {
        let version = version.min(ConsumerProtocolSubscription::MAX_VERSION);
        ConsumerProtocolSubscription::decode(dec, version).ok()
    });
    let assignment = embedded(&member.member_assignment, |dec, version| {
        let version = version.min(ConsumerProtocolAssignment::MAX_VERSION);
        ConsumerProtocolAssignment::decode(dec, version).ok()
    });
    let topics = subscription
        .as_ref()
        .map(|subscription| &subscription.topics);
    let partitions = assignment
        .iter()
        .flat_map(|assignment| &assignment.assigned_partitions);
    GroupMember {
        member_id: member.member_id.to_string(),
        instance_id: member.group_instance_id.as_deref().map(str::to_owned),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        rack: subscription
            .as_ref()
            .and_then(|s| s.rack_id.as_deref().map(str::to_owned)),
        epoch: None,
        is_classic: Some(true),
        topics: topics
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        pattern: None,
        assignment: partitions
            .flat_map(|topic| keys(&topic.topic, &topic.partitions))
            .collect(),
        target: None,
        standing: MemberStanding::read(member.standing.as_ref()),
    }
}

fn consumer_member(member: &consumer_group_describe::Member) -> GroupMember {
    let of = |assignment: &consumer_group_describe::Assignment| {
        let topics = assignment.topic_partitions.iter();
        topics
            .flat_map(|topic| keys(&topic.topic_name, &topic.partitions))
            .collect()
    };
    GroupMember {
        member_id: member.member_id.to_string(),
        instance_id: member.instance_id.as_deref().map(str::to_owned),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        rack: member.rack_id.as_deref().map(str::to_owned),
        epoch: Some(member.member_epoch),
        is_classic: Some(member.member_type)
            .filter(|kind| *kind >= 0)
            .map(|kind| kind == 0),
        topics: member
            .subscribed_topic_names
            .iter()
            .map(ToString::to_string)
            .collect(),
        pattern: member
            .subscribed_topic_regex
            .as_deref()
            .filter(|p| !p.is_empty())
            .map(str::to_owned),
        assignment: of(&member.assignment),
        target: Some(of(&member.target_assignment)),
        standing: MemberStanding::read(member.standing.as_ref()),
    }
}

pub(super) fn keys<'a>(
    topic: &Str,
    partitions: &'a [i32],
) -> impl Iterator<Item = PartitionKey> + use<'a> {
    let name: Arc<str> = Arc::from(topic.as_str());
    partitions
        .iter()
        .map(move |partition| (Arc::clone(&name), *partition))
}

/// Reads what stands behind a version. `None` if it is something else: other kinds of members have other contents.
fn embedded<T>(bytes: &bytes::Bytes, read: impl Fn(&mut Dec, i16) -> Option<T>) -> Option<T> {
    let mut dec = Dec::new(bytes.clone());
    let version = dec.i16().ok()?.max(0);
    read(&mut dec, version)
}
