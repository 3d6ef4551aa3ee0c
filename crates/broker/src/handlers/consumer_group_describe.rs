//! ConsumerGroupDescribe (key 69), versions 0–1: members, epochs and assignments of groups of the consumer protocol;
//! from version 1 on also which protocol each member speaks.

use super::fetch::session::FetchSessions;
use super::member_standing;
use crate::coordinating::{Groups, moment};
use crate::node::Node;
use crate::request::{Call, operations};
use bytes::Bytes;
use klamm_codec::Str;
use klamm_coordinator::groups::{
    DescribedAssignment, DescribedConsumer, DescribedConsumerGroup, GroupShard,
};
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_describe::{
    Assignment, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup,
    Member, TopicPartitions,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    sessions: &'a Mutex<FetchSessions>,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            groups: &node.groups,
            sessions: &node.fetch_sessions,
            host: &node.host,
        }
    }
}

/// A member of the classic protocol.
const CLASSIC: i8 = 0;
/// A member of the consumer protocol.
const CONSUMER: i8 = 1;

pub(crate) async fn handle(
    request: ConsumerGroupDescribeRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> ConsumerGroupDescribeResponse {
    let mut groups = Vec::new();
    for group in request.group_ids {
        let mut described = if needs.groups.serves_consumer_protocol() {
            describe(group, request.asks_for_standing, needs).await
        } else {
            DescribedGroup {
                error_code: ErrorCode::UNSUPPORTED_VERSION.code(),
                group_id: group,
                ..DescribedGroup::default()
            }
        };
        let is_found = described.error_code == ErrorCode::NONE.code();
        described.authorized_operations = if request.include_authorized_operations && is_found {
            operations::ON_GROUP
        } else {
            operations::NOT_ASKED
        };
        groups.push(described);
    }
    ConsumerGroupDescribeResponse { groups, ..ConsumerGroupDescribeResponse::default() }
}

async fn describe(group: Str, asks_for_standing: bool, needs: Needs<'_>) -> DescribedGroup {
    let failed = |error: ErrorCode, message: Option<String>| DescribedGroup {
        error_code: error.code(),
        error_message: message.map(Str::from),
        group_id: group.clone(),
        ..DescribedGroup::default()
    };
    if group.is_empty() {
        return failed(ErrorCode::INVALID_GROUP_ID, None);
    }
    let wanted = group.clone();
    let clock = Arc::clone(&needs.host.clock);
    let seen = needs.groups.read(&group, move |shard: &GroupShard| {
        let now = moment(&*clock);
        let found = shard.describe_consumer(&wanted, now);
        found
            .map(|found| (found, now))
            .ok_or_else(|| shard.knows(&wanted))
    });
    match seen.await {
        Ok(Ok((found, now))) => described(group, found, |of| {
            let sessions = asks_for_standing.then_some(needs.sessions)?;
            member_standing::field(of, sessions, now)
        }),
        Ok(Err(is_other)) => {
            let message = if is_other {
                format!("Group {group} is not a consumer group.")
            } else {
                format!("Group {group} not found.")
            };
            failed(ErrorCode::GROUP_ID_NOT_FOUND, Some(message))
        }
        Err(error) => failed(error, None),
    }
}

fn described(
    group_id: Str,
    group: DescribedConsumerGroup,
    standing: impl Fn(member_standing::Of<'_>) -> Option<Bytes>,
) -> DescribedGroup {
    DescribedGroup {
        group_id,
        group_state: Str::from(group.state.to_string()),
        group_epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        assignor_name: Str::from_static(group.assignor),
        members: group
            .members
            .into_iter()
            .map(|mut found| {
                let of = member_standing::Of {
                    standing: std::mem::take(&mut found.standing),
                    client_id: &found.client_id,
                    client_host: &found.client_host,
                };
                let standing = standing(of);
                Member { standing, ..member(found) }
            })
            .collect(),
        ..DescribedGroup::default()
    }
}

fn member(member: DescribedConsumer) -> Member {
    Member {
        member_id: member.member_id,
        instance_id: member.instance_id,
        rack_id: member.rack_id,
        member_epoch: member.epoch,
        client_id: member.client_id,
        client_host: member.client_host,
        subscribed_topic_names: member.topics,
        subscribed_topic_regex: member.pattern,
        assignment: assignment(member.assigned),
        target_assignment: assignment(member.target),
        member_type: if member.is_classic { CLASSIC } else { CONSUMER },
        standing: None,
    }
}

fn assignment(topics: DescribedAssignment) -> Assignment {
    let topics = topics.into_iter();
    Assignment {
        topic_partitions: topics
            .map(|(topic_id, topic_name, partitions)| TopicPartitions {
                topic_id,
                topic_name,
                partitions,
            })
            .collect(),
    }
}
