//! Looks at groups while they work, and deletes groups and offsets while nobody is in them.

use super::{Plan, Protocol, expect_passing};
use crate::Planted;
use crate::oracle::CommitKey;
use crate::stage::Client;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_describe::{
    Assignment, ConsumerGroupDescribeRequest, DescribedGroup,
};
use klamm_wire::messages::delete_groups::DeleteGroupsRequest;
use klamm_wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use std::collections::BTreeSet;

/// Keeps a group until the run drains.
pub(crate) async fn keep(mut client: Client, plan: Plan) {
    while !client.draining() {
        client.pause(2_000).await;
        if plan.protocols.contains(&Protocol::Consumer) {
            describe(&mut client, &plan).await;
        }
        // Who begins again at nothing would write all again.
        if !plan.is_pipeline && client.rng.percent(8) {
            client
                .stage
                .progress
                .borrow_mut()
                .resting
                .insert(plan.number);
            client.pause(6_000).await;
            if client.rng.percent(50) {
                delete_offsets(&mut client, &plan).await;
            } else {
                delete_group(&mut client, &plan).await;
            }
            client
                .stage
                .progress
                .borrow_mut()
                .resting
                .remove(&plan.number);
        }
    }
}

/// One look at a group of the consumer protocol, all of it at the same time.
async fn describe(client: &mut Client, plan: &Plan) {
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec![plan.id.clone()],
        include_authorized_operations: false,
        ..ConsumerGroupDescribeRequest::default()
    };
    let version = client.version::<ConsumerGroupDescribeRequest>(0);
    let Some(answer) = client.attempt(&request, version).await else {
        return;
    };
    let Some(group) = answer.groups.first() else {
        let text = "ConsumerGroupDescribe was answered without the group".to_owned();
        return client.stage.violation(text);
    };
    match ErrorCode(group.error_code) {
        ErrorCode::NONE => {}
        // Nobody is there yet, or it is of the other protocol.
        ErrorCode::GROUP_ID_NOT_FOUND => return,
        code => return expect_passing(client, plan, "ConsumerGroupDescribe", code),
    }
    client
        .stage
        .reach("a look at a group of the consumer protocol");
    let mut broken = what_is_wrong(plan, group);
    let may_end = client.stage.options.offsets_expire;
    let mut oracle = client.stage.oracle();
    if !plan.migrates() && !may_end {
        // A group that changes its protocol while it is empty begins anew, and so does one that keeps nothing any more.
        broken.extend(oracle.groups.epoch(plan.number, group.group_epoch));
    }
    for text in broken {
        oracle.violation(format!("{}: {text}; {group:?}", &*plan.id));
    }
}

fn partitions(assignment: &Assignment) -> impl Iterator<Item = i32> + '_ {
    let topics = assignment.topic_partitions.iter();
    topics.flat_map(|topic| topic.partitions.iter().copied())
}

/// *Invariant 27*: no partition has two owners, or is meant for two; what is meant for somebody is all there is.
fn what_is_wrong(plan: &Plan, group: &DescribedGroup) -> Vec<String> {
    let (mut owned, mut meant) = (BTreeSet::new(), BTreeSet::new());
    let mut broken = Vec::new();
    for member in &group.members {
        for partition in partitions(&member.assignment) {
            if !owned.insert(partition) {
                broken.push(format!("partition {partition} has two owners"));
            }
        }
        for partition in partitions(&member.target_assignment) {
            if !meant.insert(partition) {
                broken.push(format!("partition {partition} is meant for two"));
            }
        }
        if member.member_epoch > group.group_epoch {
            broken.push(format!("{} is ahead of its group", &*member.member_id));
        }
    }
    if group.assignment_epoch > group.group_epoch {
        broken.push("the target is ahead of the group".to_owned());
    }
    let is_total = meant.iter().copied().eq(0..plan.partitions);
    let is_planned = group.assignment_epoch == group.group_epoch && !group.members.is_empty();
    if is_planned && !is_total {
        broken.push(format!("meant for somebody is {meant:?} only"));
    }
    broken
}

async fn delete_offsets(client: &mut Client, plan: &Plan) {
    let count = u64::try_from(plan.partitions).unwrap_or(1);
    let partition_index = i32::try_from(client.rng.below(count)).unwrap_or(0);
    let place = (plan.number, partition_index);
    let key = client.stage.oracle().groups.offsets.deleting(place);
    let request = OffsetDeleteRequest {
        group_id: plan.id.clone(),
        topics: vec![OffsetDeleteRequestTopic {
            name: plan.topic.clone(),
            partitions: vec![OffsetDeleteRequestPartition { partition_index }],
        }],
    };
    if client.has(Planted::DeletionsForgotten) {
        return told(client, plan, "OffsetDelete", (&[key], ErrorCode::NONE));
    }
    let Some(answer) = client.attempt(&request, 0).await else {
        return;
    };
    let first = answer
        .topics
        .iter()
        .flat_map(|topic| &topic.partitions)
        .next();
    let code = match first {
        _ if answer.error_code != 0 => ErrorCode(answer.error_code),
        Some(partition) => ErrorCode(partition.error_code),
        None => ErrorCode::UNKNOWN_SERVER_ERROR,
    };
    match code {
        ErrorCode::NONE => client.stage.reach("offsets deleted"),
        _ => client.stage.reach("offsets not deleted"),
    }
    told(client, plan, "OffsetDelete", (&[key], code));
}

async fn delete_group(client: &mut Client, plan: &Plan) {
    let places = (0..plan.partitions).map(|partition| (plan.number, partition));
    let keys: Vec<_> = {
        let mut oracle = client.stage.oracle();
        oracle.groups.deleting(plan.number);
        places
            .map(|place| oracle.groups.offsets.deleting(place))
            .collect()
    };
    let request = DeleteGroupsRequest { groups_names: vec![plan.id.clone()] };
    let version = client.version::<DeleteGroupsRequest>(0);
    let Some(answer) = client.attempt(&request, version).await else {
        // It may be carried out at any time from now on.
        client.stage.oracle().groups.may_begin_anew(plan.number);
        return;
    };
    let code = answer
        .results
        .first()
        .map_or(-1, |result| result.error_code);
    let code = ErrorCode(code);
    client.stage.reach(if code == ErrorCode::NONE {
        "a group deleted"
    } else {
        "a group not deleted"
    });
    told(client, plan, "DeleteGroups", (&keys, code));
}

fn told(client: &Client, plan: &Plan, api: &str, (keys, code): (&[CommitKey], ErrorCode)) {
    let mut oracle = client.stage.oracle();
    match code {
        ErrorCode::NONE => {
            for key in keys {
                oracle.groups.offsets.taken(*key);
            }
        }
        ErrorCode::NON_EMPTY_GROUP
        | ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC
        | ErrorCode::GROUP_ID_NOT_FOUND => {
            for key in keys {
                oracle.groups.offsets.refused(*key);
            }
        }
        code => {
            drop(oracle);
            expect_passing(client, plan, api, code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_codec::Str;
    use klamm_wire::messages::consumer_group_describe::{Member, TopicPartitions};

    fn assignment(partitions: &[i32]) -> Assignment {
        let topic = TopicPartitions {
            partitions: partitions.to_vec(),
            ..TopicPartitions::default()
        };
        Assignment { topic_partitions: vec![topic] }
    }

    /// What is wrong with a group of two, who have and shall have these partitions.
    fn broken(has: [&[i32]; 2], shall: [&[i32]; 2]) -> usize {
        let plan = Plan {
            number: 0,
            id: Str::EMPTY,
            topic: Str::EMPTY,
            topic_id: klamm_model::Uuid::ZERO,
            partitions: 3,
            members: 2,
            protocols: vec![Protocol::Consumer],
            is_pipeline: false,
        };
        let members = has.into_iter().zip(shall).map(|(has, shall)| Member {
            assignment: assignment(has),
            target_assignment: assignment(shall),
            ..Member::default()
        });
        let group = DescribedGroup { members: members.collect(), ..DescribedGroup::default() };
        what_is_wrong(&plan, &group).len()
    }

    #[test]
    fn a_partition_has_one_owner_and_all_are_meant_for_somebody() {
        assert_eq!(broken([&[0], &[1]], [&[0, 1], &[2]]), 0);
        assert_eq!(broken([&[0], &[0]], [&[0, 1], &[2]]), 1, "two owners");
        assert_eq!(broken([&[], &[]], [&[0, 1], &[1, 2]]), 1, "meant for two");
        assert_eq!(broken([&[], &[]], [&[0], &[2]]), 1, "meant for nobody");
    }
}
