//! The requests of a classic member.

use super::{Classic, ClientAssignor, leader};
use crate::error::ClientError;
use crate::offsets::PartitionKey;
use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message};
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    ConsumerProtocolSubscriptionTopicPartition,
};
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How much later than the rebalance timeout a join may be answered.
const JOIN_LAG: Duration = Duration::from_secs(5);
const PROTOCOL_TYPE: &str = "consumer";
/// The last version that names the one who leaves outside the list.
const LAST_LEAVE_OF_ONE: i16 = 2;

/// Joins and syncs. Gives what this member reads from now on.
pub(super) async fn join(
    classic: &mut Classic,
    topics: &BTreeSet<String>,
) -> Result<BTreeSet<PartitionKey>, ClientError> {
    let joined = join_once(classic, topics).await?;
    let joined = if joined.error_code == ErrorCode::MEMBER_ID_REQUIRED.code() {
        classic.member_id = joined.member_id.to_string();
        join_once(classic, topics).await?
    } else {
        joined
    };
    ClientError::check(joined.error_code)?;
    classic.member_id = joined.member_id.to_string();
    classic.generation = joined.generation_id;
    let name = joined.protocol_name.as_deref().unwrap_or_default();
    let Some(protocol) = ClientAssignor::from_name(name) else {
        return Err(ClientError::BadAnswer(format!(
            "the group chose the assignor {name:?}"
        )));
    };
    classic.protocol = Some(protocol);
    let is_leader = joined.leader == joined.member_id;
    let assignments = if is_leader && !joined.skip_assignment {
        leader::assign(classic, protocol, &joined).await?
    } else {
        BTreeMap::new()
    };
    if !is_leader {
        classic.assigned_by = None;
    }
    sync(classic, protocol, assignments).await
}

async fn join_once(
    classic: &Classic,
    topics: &BTreeSet<String>,
) -> Result<JoinGroupResponse, ClientError> {
    let config = &classic.member.config;
    let rebalance_timeout = config.poll_interval_max;
    let protocols: Result<Vec<_>, ClientError> = config
        .assignors
        .iter()
        .map(|assignor| {
            let metadata = subscription_of(classic, topics, *assignor)?;
            Ok(JoinGroupRequestProtocol { name: assignor.name().into(), metadata })
        })
        .collect();
    let request = JoinGroupRequest {
        group_id: config.group_id.as_str().into(),
        session_timeout_ms: millis(config.session_timeout),
        rebalance_timeout_ms: millis(rebalance_timeout),
        member_id: classic.member_id.as_str().into(),
        group_instance_id: config.instance_id.as_deref().map(Into::into),
        protocol_type: PROTOCOL_TYPE.into(),
        protocols: protocols?,
        reason: None,
    };
    classic
        .member
        .coordinator
        .ask(&request, i16::MAX, rebalance_timeout + JOIN_LAG)
        .await
}

/// What this member tells the leader.
fn subscription_of(
    classic: &Classic,
    topics: &BTreeSet<String>,
    assignor: ClientAssignor,
) -> Result<Bytes, ClientError> {
    let mut owned: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in &classic.member.owned {
        owned.entry(topic).or_default().push(*partition);
    }
    let owned =
        owned.into_iter().map(
            |(topic, partitions)| ConsumerProtocolSubscriptionTopicPartition {
                topic: topic.into(),
                partitions,
            },
        );
    // Java's sticky leaders before 3.5 read the generation here.
    let user_data = (assignor == ClientAssignor::CooperativeSticky)
        .then(|| Bytes::copy_from_slice(&classic.generation.to_be_bytes()));
    let subscription = ConsumerProtocolSubscription {
        topics: topics.iter().map(|topic| topic.as_str().into()).collect(),
        user_data,
        owned_partitions: owned.collect(),
        generation_id: classic.generation,
        rack_id: classic.member.rack.as_deref().map(Into::into),
    };
    embedded(&subscription, ConsumerProtocolSubscription::MAX_VERSION)
}

async fn sync(
    classic: &Classic,
    protocol: ClientAssignor,
    assignments: BTreeMap<String, ConsumerProtocolAssignment>,
) -> Result<BTreeSet<PartitionKey>, ClientError> {
    let config = &classic.member.config;
    let assignments: Result<Vec<_>, ClientError> = assignments
        .into_iter()
        .map(|(member_id, assignment)| {
            let assignment = embedded(&assignment, ASSIGNMENT_VERSION)?;
            Ok(SyncGroupRequestAssignment { member_id: member_id.as_str().into(), assignment })
        })
        .collect();
    let request = SyncGroupRequest {
        group_id: config.group_id.as_str().into(),
        generation_id: classic.generation,
        member_id: classic.member_id.as_str().into(),
        group_instance_id: config.instance_id.as_deref().map(Into::into),
        protocol_type: Some(PROTOCOL_TYPE.into()),
        protocol_name: Some(protocol.name().into()),
        assignments: assignments?,
    };
    let late = config.poll_interval_max + JOIN_LAG;
    let answer = classic
        .member
        .coordinator
        .ask(&request, i16::MAX, late)
        .await?;
    ClientError::check(answer.error_code)?;
    classic
        .member
        .shared
        .set_identity(&classic.member_id, classic.generation);
    if answer.assignment.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut dec = Dec::new(answer.assignment);
    let version = dec.i16()?.clamp(0, ConsumerProtocolAssignment::MAX_VERSION);
    let assignment = ConsumerProtocolAssignment::decode(&mut dec, version)?;
    let topics = assignment.assigned_partitions.iter().flat_map(|topic| {
        let name: Arc<str> = Arc::from(topic.topic.as_str());
        topic
            .partitions
            .iter()
            .map(move |partition| (Arc::clone(&name), *partition))
    });
    Ok(topics.collect())
}

/// Every version of the assignment has the same fields.
const ASSIGNMENT_VERSION: i16 = 1;

/// A message with its version in front.
fn embedded(message: &impl Message, version: i16) -> Result<Bytes, ClientError> {
    let mut enc = Enc::new();
    enc.i16(version);
    message.encode(&mut enc, version)?;
    let output = enc.finish();
    output
        .into_bytes()
        .map_err(|error| ClientError::BadAnswer(error.to_string()))
}

pub(super) async fn heartbeat(classic: &Classic) -> Result<(), ClientError> {
    let config = &classic.member.config;
    let request = HeartbeatRequest {
        group_id: config.group_id.as_str().into(),
        generation_id: classic.generation,
        member_id: classic.member_id.as_str().into(),
        group_instance_id: config.instance_id.as_deref().map(Into::into),
    };
    let answer = classic
        .member
        .coordinator
        .ask(&request, i16::MAX, Duration::ZERO)
        .await?;
    ClientError::check(answer.error_code)
}

pub(super) async fn leave(classic: &Classic, reason: &str) -> Result<(), ClientError> {
    let group_id = &classic.member.config.group_id;
    let exit = &classic.member.exit;
    let node = exit.node().await?;
    let client = exit.client();
    let connection = client.connection(crate::client::Target::Node(node)).await?;
    let version = connection.versions().highest::<LeaveGroupRequest>()?;
    let mut request =
        LeaveGroupRequest { group_id: group_id.as_str().into(), ..Default::default() };
    if version <= LAST_LEAVE_OF_ONE {
        request.member_id = classic.member_id.as_str().into();
    } else {
        request.members = vec![MemberIdentity {
            member_id: classic.member_id.as_str().into(),
            group_instance_id: None,
            reason: Some(reason.into()),
        }];
    }
    let answer = connection.send(&request, version)?.wait().await?;
    ClientError::check(answer.error_code)
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
