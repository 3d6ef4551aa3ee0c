//! The consumer protocol (KIP-848): everything by heartbeat.

use super::{Plan, Protocol, REBALANCE, Seat, expect_passing, is_behind};
use crate::stage::Client;
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, RequestTopicPartitions,
};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

const LEAVES: i32 = -1;
const LEAVES_FOR_A_WHILE: i32 = -2;

/// A seat of somebody who names itself, or is named by the coordinator.
pub(super) fn seat(client: &mut Client, instance_id: Option<Str>) -> Seat {
    let random = u128::from(client.rng.next_u64()) << 64 | u128::from(client.rng.next_u64());
    let member_id = Str::from(Uuid(random).to_string());
    Seat::new(client, Protocol::Consumer, member_id, instance_id)
}

fn request(seat: &Seat, plan: &Plan) -> ConsumerGroupHeartbeatRequest {
    let owned: Vec<i32> = seat.owned.keys().copied().collect();
    let owned = if owned.is_empty() {
        Vec::new()
    } else {
        let topic_id = plan.topic_id;
        vec![RequestTopicPartitions { topic_id, partitions: owned }]
    };
    let rebalance_ms = i32::try_from(REBALANCE.as_millis()).unwrap_or(i32::MAX);
    let all = seat.says_all;
    ConsumerGroupHeartbeatRequest {
        group_id: plan.id.clone(),
        member_id: seat.member_id.clone(),
        member_epoch: seat.epoch,
        instance_id: seat.instance_id.clone(),
        rebalance_timeout_ms: if all { rebalance_ms } else { -1 },
        subscribed_topic_names: all.then(|| vec![plan.topic.clone()]),
        topic_partitions: all.then_some(owned),
        ..ConsumerGroupHeartbeatRequest::default()
    }
}

/// One report: joins, if the epoch is 0. False if the membership is over.
pub(super) async fn report(client: &mut Client, plan: &Plan, seat: &mut Seat) -> bool {
    let request = request(seat, plan);
    let version = client.version::<ConsumerGroupHeartbeatRequest>(1);
    let asked = Instant::now();
    let Some(answer) = client.attempt(&request, version).await else {
        // It may have been carried out: the next one says all.
        seat.says_all = true;
        seat.reports_at = Instant::now();
        return true;
    };
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => {}
        code if is_behind(code) => {
            client
                .stage
                .reach("a member of the consumer protocol that was thrown out");
            return false;
        }
        ErrorCode::UNRELEASED_INSTANCE_ID => {
            client.stage.reach("an instance id that is still held");
            client.pause(1_000).await;
            return true;
        }
        code => {
            expect_passing(client, plan, "ConsumerGroupHeartbeat", code);
            seat.says_all = true;
            client.pause(300).await;
            return true;
        }
    }
    if answer.member_epoch < seat.epoch {
        let text = format!(
            "{:?} went from member epoch {} to {}",
            seat.key, seat.epoch, answer.member_epoch
        );
        client.stage.violation(text);
    }
    seat.epoch = answer.member_epoch;
    seat.says_all = client.rng.percent(20);
    seat.renewed(client, plan, asked);
    let wait = u64::try_from(answer.heartbeat_interval_ms).unwrap_or(0);
    seat.reports_at = Instant::now() + Duration::from_millis(wait.min(1_000));
    if let Some(assignment) = answer.assignment {
        take(client, plan, seat, &assignment, asked);
    }
    true
}

/// Takes an assignment over; what is new, or given back, is reported at once.
fn take(client: &Client, plan: &Plan, seat: &mut Seat, assignment: &Assignment, asked: Instant) {
    let mut given = BTreeSet::new();
    for topic in &assignment.topic_partitions {
        if topic.topic_id == plan.topic_id {
            given.extend(&topic.partitions);
        } else {
            let text = format!("{:?} was given {topic:?}", seat.key);
            client.stage.violation(text);
        }
    }
    let before: BTreeSet<i32> = seat.owned.keys().copied().collect();
    if before == given {
        seat.takes(client, plan, &given, asked);
        return;
    }
    if seat.takes(client, plan, &given, asked) {
        client.stage.reach("a partition that a member gave back");
    }
    seat.says_all = true;
    seat.reports_at = Instant::now();
}

/// Leaves, a static member perhaps for a while only.
pub(super) async fn leave(client: &mut Client, plan: &Plan, seat: &mut Seat) {
    seat.lose_all(client, plan);
    let for_a_while = seat.instance_id.is_some() && client.rng.percent(50);
    seat.epoch = if for_a_while {
        LEAVES_FOR_A_WHILE
    } else {
        LEAVES
    };
    seat.says_all = false;
    let request = request(seat, plan);
    let version = client.version::<ConsumerGroupHeartbeatRequest>(1);
    if let Some(answer) = client.attempt(&request, version).await {
        match ErrorCode(answer.error_code) {
            ErrorCode::NONE => {}
            code if is_behind(code) => {}
            code => expect_passing(client, plan, "ConsumerGroupHeartbeat", code),
        }
    }
}
