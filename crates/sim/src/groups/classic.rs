//! The classic protocol: rounds of JoinGroup and SyncGroup, in which one member assigns for all.

use super::{Plan, Protocol, REBALANCE, SESSION, Seat, expect_passing, is_behind};
use crate::stage::Client;
use bytes::Bytes;
use klamm_codec::{Dec, Enc, Message, Str};
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition,
    ConsumerProtocolSubscription, ConsumerProtocolSubscriptionTopicPartition,
};
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// The first version with an instance id, and with ids that are asked for.
const JOIN_WITH_INSTANCE: i16 = 5;
const BEAT_EVERY: Duration = Duration::from_millis(1_000);

/// A seat of somebody without a name yet.
pub(super) fn seat(client: &Client, protocol: Protocol, instance_id: Option<Str>) -> Seat {
    Seat::new(client, protocol, Str::EMPTY, instance_id)
}

fn embedded<M: Message>(message: &M, version: i16) -> Bytes {
    let mut enc = Enc::new();
    enc.i16(version);
    message
        .encode(&mut enc, version)
        .expect("a few partitions are no long message");
    let bytes = enc.finish().into_bytes();
    bytes.expect("nothing here lies in a file")
}

fn extracted<M: Message>(bytes: &Bytes) -> Option<M> {
    let mut dec = Dec::new(bytes.clone());
    let version = dec.i16().ok()?;
    M::decode(&mut dec, version.min(3)).ok()
}

fn subscription(seat: &Seat, plan: &Plan) -> Bytes {
    let partitions: Vec<i32> = seat.owned.keys().copied().collect();
    let topic = plan.topic.clone();
    let subscription = ConsumerProtocolSubscription {
        topics: vec![topic.clone()],
        user_data: None,
        owned_partitions: vec![ConsumerProtocolSubscriptionTopicPartition { topic, partitions }],
        generation_id: seat.epoch,
        rack_id: None,
    };
    embedded(&subscription, 3)
}

fn join_request(seat: &Seat, plan: &Plan) -> JoinGroupRequest {
    let ms = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    let protocol = JoinGroupRequestProtocol {
        name: Str::from(format!("{:?}", seat.protocol)),
        metadata: subscription(seat, plan),
    };
    JoinGroupRequest {
        group_id: plan.id.clone(),
        session_timeout_ms: ms(SESSION),
        rebalance_timeout_ms: ms(REBALANCE),
        member_id: seat.member_id.clone(),
        group_instance_id: seat.instance_id.clone(),
        protocol_type: Str::from("consumer"),
        protocols: vec![protocol],
        reason: None,
    }
}

/// One round, or a piece of it. False if the membership is over.
pub(super) async fn join(client: &mut Client, plan: &Plan, seat: &mut Seat) -> bool {
    if seat.protocol == Protocol::Eager {
        seat.lose_all(client, plan);
    }
    let lowest = if seat.instance_id.is_some() {
        JOIN_WITH_INSTANCE
    } else {
        1
    };
    let version = client.version::<JoinGroupRequest>(lowest);
    let request = join_request(seat, plan);
    let Some(answer) = client.attempt(&request, version).await else {
        return true;
    };
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => {}
        ErrorCode::MEMBER_ID_REQUIRED => {
            seat.member_id = answer.member_id.detached();
            return true;
        }
        ErrorCode::REBALANCE_IN_PROGRESS => return true,
        code if is_behind(code) => return false,
        ErrorCode::INCONSISTENT_GROUP_PROTOCOL if plan.protocols.len() > 1 => {
            client
                .stage
                .reach("a member that its group has no place for");
            client.pause(1_000).await;
            return false;
        }
        code => {
            expect_passing(client, plan, "JoinGroup", code);
            client.pause(300).await;
            return true;
        }
    }
    seat.member_id = answer.member_id.detached();
    seat.epoch = answer.generation_id;
    client.stage.reach("a round of the classic protocol");
    sync(client, plan, seat, &answer, version).await
}

async fn sync(
    client: &mut Client,
    plan: &Plan,
    seat: &mut Seat,
    joined: &JoinGroupResponse,
    join_version: i16,
) -> bool {
    let leads = joined.leader == seat.member_id && !joined.skip_assignment;
    let request = SyncGroupRequest {
        group_id: plan.id.clone(),
        generation_id: seat.epoch,
        member_id: seat.member_id.clone(),
        group_instance_id: seat.instance_id.clone(),
        protocol_type: Some(Str::from("consumer")),
        protocol_name: joined.protocol_name.clone(),
        assignments: if leads {
            assign(plan, seat.protocol, joined)
        } else {
            Vec::new()
        },
    };
    // Named protocols came with JoinGroup 7 and SyncGroup 5.
    let (low, high) = match join_version {
        7.. => (5, 5),
        5.. => (3, 4),
        _ => (0, 4),
    };
    let high = if seat.instance_id.is_none() {
        high
    } else {
        high.max(3)
    };
    let span = u64::from(i16::abs_diff(high, low));
    let version = low + i16::try_from(client.rng.below(span + 1)).unwrap_or(0);
    let asked = Instant::now();
    let Some(answer) = client.attempt(&request, version).await else {
        return true;
    };
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => {}
        ErrorCode::REBALANCE_IN_PROGRESS => return true,
        code if is_behind(code) => return false,
        code => {
            expect_passing(client, plan, "SyncGroup", code);
            client.pause(300).await;
            return true;
        }
    }
    let mut given = BTreeSet::new();
    if !answer.assignment.is_empty() {
        match extracted::<ConsumerProtocolAssignment>(&answer.assignment) {
            Some(assignment) => {
                let all = assignment.assigned_partitions.into_iter();
                given.extend(all.flat_map(|topic| topic.partitions));
            }
            None => client
                .stage
                .violation(format!("{:?} was given bytes that say nothing", seat.key)),
        }
    }
    seat.rejoins = false;
    seat.reports_at = Instant::now() + BEAT_EVERY;
    // What a cooperative member loses is given to others in the next round.
    if seat.takes(client, plan, &given, asked) {
        client.stage.reach("a partition that a member gave back");
        seat.rejoins = true;
    }
    seat.renewed(client, plan, asked);
    true
}

/// The leader's work: everybody the same, and what is owned stays where it is as far as possible. A cooperative leader
/// gives nobody what another one still has.
fn assign(
    plan: &Plan,
    protocol: Protocol,
    joined: &JoinGroupResponse,
) -> Vec<SyncGroupRequestAssignment> {
    let mut claims: BTreeMap<i32, (i32, &Str)> = BTreeMap::new();
    let mut shares: BTreeMap<&Str, Vec<i32>> = BTreeMap::new();
    for member in &joined.members {
        shares.insert(&member.member_id, Vec::new());
        let said = extracted::<ConsumerProtocolSubscription>(&member.metadata);
        let said = said.unwrap_or_default();
        for partition in said.owned_partitions.iter().flat_map(|t| &t.partitions) {
            let claim = (said.generation_id, &member.member_id);
            let best = claims.entry(*partition).or_insert(claim);
            *best = (*best).max(claim);
        }
    }
    let count = i32::try_from(shares.len().max(1)).unwrap_or(1);
    let room = usize::try_from((plan.partitions + count - 1) / count).unwrap_or(1);
    for partition in 0..plan.partitions {
        let owner = claims.get(&partition).map(|(_, owner)| *owner);
        let keeps = owner.filter(|owner| shares.get(*owner).is_some_and(|s| s.len() < room));
        if owner.is_some() && keeps.is_none() && protocol == Protocol::Cooperative {
            continue;
        }
        let least = || {
            shares
                .iter()
                .min_by_key(|(_, s)| s.len())
                .map(|(id, _)| *id)
        };
        if let Some(taker) = keeps.or_else(least)
            && let Some(share) = shares.get_mut(taker)
        {
            share.push(partition);
        }
    }
    let assignments = shares.into_iter().map(|(member_id, partitions)| {
        let topic = plan.topic.clone();
        let assignment = ConsumerProtocolAssignment {
            assigned_partitions: vec![ConsumerProtocolAssignmentTopicPartition {
                topic,
                partitions,
            }],
            user_data: None,
        };
        SyncGroupRequestAssignment {
            member_id: member_id.clone(),
            assignment: embedded(&assignment, 3),
        }
    });
    assignments.collect()
}

/// A heartbeat. False if the membership is over.
pub(super) async fn report(client: &mut Client, plan: &Plan, seat: &mut Seat) -> bool {
    let request = HeartbeatRequest {
        group_id: plan.id.clone(),
        generation_id: seat.epoch,
        member_id: seat.member_id.clone(),
        group_instance_id: seat.instance_id.clone(),
    };
    let version = client.version::<HeartbeatRequest>(3);
    let asked = Instant::now();
    let Some(answer) = client.attempt(&request, version).await else {
        return true;
    };
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => {
            seat.renewed(client, plan, asked);
            seat.reports_at = Instant::now() + BEAT_EVERY;
        }
        ErrorCode::REBALANCE_IN_PROGRESS => seat.rejoins = true,
        code if is_behind(code) => {
            client
                .stage
                .reach("a member of the classic protocol that was thrown out");
            return false;
        }
        code => {
            expect_passing(client, plan, "Heartbeat", code);
            client.pause(300).await;
        }
    }
    true
}

pub(super) async fn leave(client: &mut Client, plan: &Plan, seat: &mut Seat) {
    seat.lose_all(client, plan);
    let request = LeaveGroupRequest {
        group_id: plan.id.clone(),
        member_id: Str::EMPTY,
        members: vec![MemberIdentity {
            member_id: seat.member_id.clone(),
            group_instance_id: seat.instance_id.clone(),
            reason: None,
        }],
    };
    let version = client.version::<LeaveGroupRequest>(3);
    if let Some(answer) = client.attempt(&request, version).await {
        match ErrorCode(answer.error_code) {
            ErrorCode::NONE => {}
            code if is_behind(code) => {}
            code => expect_passing(client, plan, "LeaveGroup", code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_wire::messages::join_group::JoinGroupResponseMember;

    fn shares(protocol: Protocol, members: &[(&str, i32, &[i32])]) -> BTreeMap<String, Vec<i32>> {
        let topic = Str::from("input-0");
        let plan = Plan {
            number: 0,
            id: Str::from("group-0"),
            topic: topic.clone(),
            topic_id: klamm_model::Uuid::ZERO,
            partitions: 4,
            members: 2,
            protocols: vec![protocol],
            is_pipeline: false,
        };
        let members = members.iter().map(|(id, generation_id, owned)| {
            let owned = ConsumerProtocolSubscriptionTopicPartition {
                topic: topic.clone(),
                partitions: owned.to_vec(),
            };
            let said = ConsumerProtocolSubscription {
                owned_partitions: vec![owned],
                generation_id: *generation_id,
                ..ConsumerProtocolSubscription::default()
            };
            JoinGroupResponseMember {
                member_id: Str::from(*id),
                metadata: embedded(&said, 3),
                ..JoinGroupResponseMember::default()
            }
        });
        let joined =
            JoinGroupResponse { members: members.collect(), ..JoinGroupResponse::default() };
        let assigned = assign(&plan, protocol, &joined).into_iter();
        let assigned = assigned.map(|one| {
            let all = extracted::<ConsumerProtocolAssignment>(&one.assignment).unwrap();
            let partitions = all.assigned_partitions.into_iter();
            (
                one.member_id.to_string(),
                partitions.flat_map(|topic| topic.partitions).collect(),
            )
        });
        assigned.collect()
    }

    #[test]
    fn a_leader_gives_everything_and_a_cooperative_one_only_what_is_free() {
        let members: &[(&str, i32, &[i32])] = &[("a", 3, &[0, 1, 2, 3]), ("b", 3, &[])];
        let all = shares(Protocol::Eager, members);
        assert_eq!((&*all["a"], &*all["b"]), (&[0, 1][..], &[2, 3][..]));
        let some = shares(Protocol::Cooperative, members);
        assert_eq!((&*some["a"], &*some["b"]), (&[0, 1][..], &[][..]));
        let stale: &[(&str, i32, &[i32])] = &[("a", 2, &[0, 1]), ("b", 3, &[0, 1])];
        let newer = shares(Protocol::Cooperative, stale);
        assert_eq!((&*newer["a"], &*newer["b"]), (&[2, 3][..], &[0, 1][..]));
    }
}
