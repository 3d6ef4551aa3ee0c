//! ConsumerGroupHeartbeat (key 68), versions 0–1: members of the consumer protocol join, report, hear what they have,
//! and leave (KIP-848). From version 1 on they bring their id, and may read topics by pattern.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::groups::{Command, ConsumerAnswer, ConsumerHeartbeat, Reply};
use klamm_host::Host;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
    ResponseTopicPartitions,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { groups: &node.groups, host: &node.host }
    }
}

const FIRST_VERSION_WITH_OWN_ID: i16 = 1;

pub(crate) async fn handle(
    request: ConsumerGroupHeartbeatRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ConsumerGroupHeartbeatResponse {
    if !needs.groups.serves_consumer_protocol() {
        return refused(ErrorCode::UNSUPPORTED_VERSION, None);
    }
    let group = request.group_id.clone();
    let heartbeat = Box::new(heartbeat(request, call, needs.host));
    let (error, message) = match needs
        .groups
        .ask(&group, Command::ConsumerHeartbeat(heartbeat))
        .await
    {
        Ok(Reply::ConsumerHeartbeat(Ok(answer))) => return answered(answer),
        Ok(Reply::ConsumerHeartbeat(Err(error))) => (
            error_code::of_group(error),
            Some(Str::from(error.to_string())),
        ),
        Ok(_) => (ErrorCode::UNKNOWN_SERVER_ERROR, None),
        Err(error) => (error, None),
    };
    refused(error, message)
}

fn refused(error: ErrorCode, message: Option<Str>) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse {
        error_code: error.code(),
        error_message: message,
        ..ConsumerGroupHeartbeatResponse::default()
    }
}

fn heartbeat(
    request: ConsumerGroupHeartbeatRequest,
    call: &Call,
    host: &Host,
) -> ConsumerHeartbeat {
    let owned = request.topic_partitions.map(|topics| {
        let topics = topics.into_iter();
        topics
            .map(|topic| (topic.topic_id, topic.partitions))
            .collect()
    });
    ConsumerHeartbeat {
        group: request.group_id,
        member_id: request.member_id,
        brings_its_id: call.version >= FIRST_VERSION_WITH_OWN_ID,
        member_epoch: request.member_epoch,
        instance_id: request.instance_id,
        rack_id: request.rack_id,
        rebalance_timeout_ms: request.rebalance_timeout_ms,
        topics: request.subscribed_topic_names,
        pattern: request.subscribed_topic_regex,
        assignor: request.server_assignor,
        owned,
        client_id: call.client_id.clone(),
        client_host: super::client_host(call),
        random: Uuid::from_random(host.entropy.next_u128()),
    }
}

fn answered(answer: ConsumerAnswer) -> ConsumerGroupHeartbeatResponse {
    let assignment = answer.assignment.map(|topics| {
        let topics = topics.into_iter();
        Box::new(Assignment {
            topic_partitions: topics
                .map(|(topic_id, partitions)| ResponseTopicPartitions { topic_id, partitions })
                .collect(),
        })
    });
    ConsumerGroupHeartbeatResponse {
        member_id: Some(answer.member_id),
        member_epoch: answer.member_epoch,
        heartbeat_interval_ms: answer.heartbeat_interval_ms,
        assignment,
        ..ConsumerGroupHeartbeatResponse::default()
    }
}
