//! Commits, plainly: by members, by those who are members no more, and with old generations on purpose.

use super::{Plan, Protocol, Seat, expect_passing, is_behind};
use crate::Planted;
use crate::oracle::CommitKey;
use crate::stage::Client;
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};

const WITH_INSTANCE: i16 = 7;
pub(super) const WITH_EPOCHS: i16 = 9;
const BY_ID: i16 = 10;

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    Yes,
    /// The member is behind.
    Behind,
    /// Not this time, or perhaps.
    Unknown,
}

/// Commits an offset of a partition that the member has, or believes to have.
pub(super) async fn commit(
    client: &mut Client,
    plan: &Plan,
    seat: &Seat,
    (partition, offset): (i32, i64),
) -> Committed {
    let is_stale = seat.protocol != Protocol::Consumer && seat.epoch > 1 && client.rng.percent(3);
    let epoch = seat.epoch - i32::from(is_stale);
    // Others than classic groups take commits of earlier epochs in which the member had the partition already.
    let is_refused = is_stale && plan.is_classic() && client.stage.options.synced_groups;
    let place = (plan.number, partition);
    let (key, has_lost) = {
        let mut oracle = client.stage.oracle();
        let groups = &mut oracle.groups;
        let has_lost = groups.has_lost(plan.number, seat.key, partition);
        let is_late = has_lost || is_refused;
        let key = groups.offsets.sending(place, offset, is_late);
        (key, has_lost)
    };
    if has_lost || is_refused {
        client.stage.reach("a commit that comes too late");
    }
    let unchecked = client.has(Planted::CommitsUnchecked);
    let lowest = if seat.protocol == Protocol::Consumer || unchecked {
        WITH_EPOCHS
    } else if seat.instance_id.is_some() {
        WITH_INSTANCE
    } else {
        2
    };
    let version = client.version::<OffsetCommitRequest>(lowest);
    let mut request = request(plan, (seat, epoch), (partition, offset), (key, version));
    let latest = client
        .stage
        .progress
        .borrow()
        .latest
        .get(&plan.number)
        .cloned();
    if let Some((member_id, instance_id, epoch)) = latest
        && unchecked
    {
        request.member_id = member_id;
        request.group_instance_id = instance_id.filter(|_| version >= WITH_INSTANCE);
        request.generation_id_or_member_epoch = epoch;
    }
    let Some(answer) = client.attempt(&request, version).await else {
        return Committed::Unknown;
    };
    let code = answer
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next()
        .map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |p| ErrorCode(p.error_code));
    let committed = judge(client, plan, key, code);
    if is_stale && committed == Committed::Behind {
        // Only the number was wrong.
        return Committed::Unknown;
    }
    if committed == Committed::Unknown {
        client.pause(200).await;
    }
    committed
}

fn judge(client: &Client, plan: &Plan, key: CommitKey, code: ErrorCode) -> Committed {
    let mut oracle = client.stage.oracle();
    match code {
        ErrorCode::NONE => {
            if let Some(text) = oracle.groups.offsets.taken(key) {
                oracle.violation(text);
            }
            Committed::Yes
        }
        code if is_behind(code) => {
            oracle.groups.offsets.refused(key);
            drop(oracle);
            client.stage.reach("a commit that was refused");
            Committed::Behind
        }
        ErrorCode::REBALANCE_IN_PROGRESS => {
            oracle.groups.offsets.refused(key);
            Committed::Unknown
        }
        code => {
            drop(oracle);
            expect_passing(client, plan, "OffsetCommit", code);
            Committed::Unknown
        }
    }
}

pub(super) fn request(
    plan: &Plan,
    (seat, epoch): (&Seat, i32),
    (partition_index, committed_offset): (i32, i64),
    (key, version): (CommitKey, i16),
) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition {
        partition_index,
        committed_offset,
        committed_leader_epoch: -1,
        committed_metadata: Some(Str::from(key.0.to_string())),
    };
    let mut topic = OffsetCommitRequestTopic {
        partitions: vec![partition],
        ..OffsetCommitRequestTopic::default()
    };
    if version >= BY_ID {
        topic.topic_id = plan.topic_id;
    } else {
        topic.name = plan.topic.clone();
    }
    let instance = seat.instance_id.clone();
    OffsetCommitRequest {
        group_id: plan.id.clone(),
        generation_id_or_member_epoch: epoch,
        member_id: seat.member_id.clone(),
        group_instance_id: instance.filter(|_| version >= WITH_INSTANCE),
        retention_time_ms: -1,
        topics: vec![topic],
    }
}
