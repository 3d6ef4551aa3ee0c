//! What members of a group do, or wait for, in words.

use klamm_client::PartitionKey;
use klamm_client::admin::{GroupDescription, GroupMember, MemberWait};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a member does, or what it waits for.
pub(super) fn state(
    group: &GroupDescription,
    member: &GroupMember,
    readers: &BTreeMap<&PartitionKey, &GroupMember>,
) -> String {
    let standing = member.standing.as_ref();
    match standing.and_then(|standing| standing.wait.as_ref()) {
        Some(wait) => words_of(wait),
        None => inferred(group, member, readers),
    }
}

/// More than this are counted, not named.
const NAMED_MAX: usize = 3;

fn words_of(wait: &MemberWait) -> String {
    match wait {
        MemberWait::ToRevoke(partitions) => format!("has to give up {} first", list(partitions)),
        MemberWait::ForOthers(others) => {
            let others = others
                .iter()
                .map(|(member, held)| format!("for member {member} to give up {}", list(held)));
            format!("waits {}", others.collect::<Vec<_>>().join(", and "))
        }
        MemberWait::ToReport => "waits for its heartbeat".to_owned(),
        MemberWait::ForTarget => "waits for the coordinator to assign".to_owned(),
        MemberWait::ToReturn => "left for a while, and may come back as its instance".to_owned(),
        MemberWait::ToJoin => "has not joined again: others wait for it".to_owned(),
        MemberWait::ForJoins(members, more) => {
            let several = if members.len() + more == 1 { "" } else { "s" };
            let named = and_more(members, *more);
            format!("joined, waits for member{several} {named} to join")
        }
        MemberWait::ForMore => "joined, waits a little for more members".to_owned(),
        MemberWait::ToSync => "joined, waits for its own SyncGroup".to_owned(),
        MemberWait::ToAssign => "leads, waits for its own SyncGroup with the assignment".to_owned(),
        MemberWait::ForLeader(leader) => {
            format!("joined, waits for SyncGroup of the leader {leader}")
        }
        MemberWait::Other(name) => format!("waits: {name}"),
    }
}

fn list(partitions: &[PartitionKey]) -> String {
    let names: Vec<String> = partitions
        .iter()
        .map(|(topic, partition)| format!("{topic}-{partition}"))
        .collect();
    and_more(&names, 0)
}

fn and_more(names: &[String], more: usize) -> String {
    let named = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED_MAX) + more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

pub(super) fn wait_json(wait: &MemberWait) -> Value {
    let partitions: &[PartitionKey] = match wait {
        MemberWait::ToRevoke(partitions) => partitions,
        _ => &[],
    };
    let none: &[PartitionKey] = &[];
    let (members, more): (Vec<(&String, &[PartitionKey])>, usize) = match wait {
        MemberWait::ForOthers(others) => {
            let others = others.iter();
            (
                others
                    .map(|(member, held)| (member, held.as_slice()))
                    .collect(),
                0,
            )
        }
        MemberWait::ForJoins(members, more) => {
            (members.iter().map(|member| (member, none)).collect(), *more)
        }
        MemberWait::ForLeader(leader) => (vec![(leader, none)], 0),
        _ => (Vec::new(), 0),
    };
    let members = members
        .into_iter()
        .map(|(member, held)| json!({ "member": member, "partitions": partitions_json(held) }));
    json!({
        "reason": wait.name(),
        "partitions": partitions_json(partitions),
        "members": members.collect::<Vec<_>>(),
        "more": more,
    })
}

pub(super) fn partitions_json<'a>(keys: impl IntoIterator<Item = &'a PartitionKey>) -> Vec<Value> {
    let keys = keys.into_iter();
    keys.map(|key| json!({ "topic": key.0.as_ref(), "partition": key.1 }))
        .collect()
}

/// The same, as far as Kafka's own description of the group tells.
fn inferred(
    group: &GroupDescription,
    member: &GroupMember,
    readers: &BTreeMap<&PartitionKey, &GroupMember>,
) -> String {
    match group.state.as_str() {
        "PreparingRebalance" => return "waits until all members have joined".to_owned(),
        "CompletingRebalance" => return "waits for the leader's assignment".to_owned(),
        _ => {}
    }
    let none = BTreeSet::new();
    let target = member.target.as_ref().unwrap_or(&member.assignment);
    let name = |key: &PartitionKey| format!("{}-{}", key.0, key.1);
    if let Some(gone) = member.assignment.difference(target).next() {
        return format!("gives away {}, and more may wait for it", name(gone));
    }
    if let Some(missing) = target.difference(&member.assignment).next() {
        let owner = readers
            .get(missing)
            .filter(|owner| owner.member_id != member.member_id);
        return match owner {
            Some(owner) => format!(
                "waits for {}, which {} still has",
                name(missing),
                owner.member_id
            ),
            None => format!("gets {} with its next heartbeat", name(missing)),
        };
    }
    if let (Some(member_epoch), Some(epoch)) = (member.epoch, group.assignment_epoch)
        && member_epoch < epoch
    {
        return format!(
            "is at epoch {member_epoch} of {epoch}: hears of it with its next heartbeat"
        );
    }
    if *target == none {
        let has_topics = !member.topics.is_empty() || member.pattern.is_some();
        return match has_topics {
            true => "has nothing to read: no partition is left for it".to_owned(),
            false => "has nothing to read".to_owned(),
        };
    }
    "reads".to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::Arc;

    pub(crate) fn member(id: &str, has: &[i32], wants: &[i32], epoch: i32) -> GroupMember {
        let keys = |list: &[i32]| list.iter().map(|p| (Arc::from("t"), *p)).collect();
        GroupMember {
            member_id: id.to_owned(),
            instance_id: None,
            client_id: String::new(),
            host: String::new(),
            rack: None,
            epoch: Some(epoch),
            is_classic: Some(false),
            topics: BTreeSet::from(["t".to_owned()]),
            pattern: None,
            assignment: keys(has),
            target: Some(keys(wants)),
            standing: None,
        }
    }

    #[test]
    fn a_member_says_what_it_waits_for() {
        let mut group = GroupDescription {
            group_id: "g".to_owned(),
            kind: "consumer".to_owned(),
            state: "Reconciling".to_owned(),
            protocol_type: "consumer".to_owned(),
            assignor: "uniform".to_owned(),
            epoch: Some(2),
            assignment_epoch: Some(2),
            coordinator: 1,
            members: vec![
                member("a", &[0, 1], &[0], 1),
                member("b", &[], &[1], 2),
                member("c", &[2], &[2], 1),
                member("d", &[3], &[3], 2),
                member("e", &[], &[4], 2),
                member("f", &[], &[], 2),
            ],
        };
        let said = |group: &GroupDescription| -> Vec<String> {
            let members = group.members.iter();
            let readers = members
                .flat_map(|member| member.assignment.iter().map(move |key| (key, member)))
                .collect();
            group
                .members
                .iter()
                .map(|member| state(group, member, &readers))
                .collect()
        };
        let words = said(&group);
        assert!(words[0].starts_with("gives away t-1"), "{words:?}");
        assert_eq!(words[1], "waits for t-1, which a still has");
        assert!(words[2].starts_with("is at epoch 1 of 2"));
        assert_eq!(words[3], "reads");
        assert_eq!(words[4], "gets t-4 with its next heartbeat");
        assert!(words[5].starts_with("has nothing to read"));
        group.state = "PreparingRebalance".to_owned();
        assert!(said(&group).iter().all(|word| word.contains("joined")));
    }

    #[test]
    fn a_member_whose_broker_says_it_waits_for_exactly_that() {
        let key = |partition| (Arc::from("t"), partition);
        let many: Vec<_> = (0..5).map(key).collect();
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        for (wait, words) in [
            (
                MemberWait::ToRevoke(vec![key(3)]),
                "has to give up t-3 first",
            ),
            (
                MemberWait::ForOthers(vec![("a".to_owned(), many), ("b".to_owned(), vec![key(7)])]),
                "waits for member a to give up t-0, t-1, t-2 and 2 more, and for member b to give up t-7",
            ),
            (MemberWait::ToReport, "waits for its heartbeat"),
            (MemberWait::ForTarget, "waits for the coordinator to assign"),
            (
                MemberWait::ToReturn,
                "left for a while, and may come back as its instance",
            ),
            (
                MemberWait::ToJoin,
                "has not joined again: others wait for it",
            ),
            (
                MemberWait::ForJoins(ids(&["a", "b"]), 3),
                "joined, waits for members a, b and 3 more to join",
            ),
            (
                MemberWait::ForMore,
                "joined, waits a little for more members",
            ),
            (MemberWait::ToSync, "joined, waits for its own SyncGroup"),
            (
                MemberWait::ToAssign,
                "leads, waits for its own SyncGroup with the assignment",
            ),
            (
                MemberWait::ForLeader("a".to_owned()),
                "joined, waits for SyncGroup of the leader a",
            ),
            (MemberWait::Other("x".to_owned()), "waits: x"),
        ] {
            assert_eq!(words_of(&wait), words);
        }
        let json = wait_json(&MemberWait::ForOthers(vec![("a".to_owned(), vec![key(1)])]));
        assert_eq!(json["reason"], "for_others");
        assert_eq!(json["members"][0]["partitions"][0]["partition"], 1);
        let json = wait_json(&MemberWait::ForJoins(ids(&["a"]), 3));
        assert_eq!(
            (&json["members"][0]["member"], &json["more"]),
            (&"a".into(), &3.into())
        );
    }
}
