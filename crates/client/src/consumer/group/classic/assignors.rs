//! The members' assignors: range, round robin, cooperative sticky.

use crate::config::ClientAssignor;
use crate::offsets::PartitionKey;
use klamm_codec::Str;
use klamm_coordinator::groups::assign::{
    Assignor, MemberSubscription, TopicId, TopicShape, assign,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A member, as its subscription says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) member_id: String,
    pub(super) instance_id: Option<String>,
    pub(super) topics: BTreeSet<Arc<str>>,
    pub(super) owned: BTreeSet<PartitionKey>,
    pub(super) generation: i32,
}

impl Subscriber {
    /// Static members first, by name; then the others, by id.
    fn rank(&self) -> (bool, &Option<String>, &str) {
        (
            self.instance_id.is_none(),
            &self.instance_id,
            &self.member_id,
        )
    }
}

type Assigned = BTreeMap<String, BTreeSet<PartitionKey>>;

/// Who reads what. Topics without a count are left out.
pub(super) fn assign_partitions(
    assignor: ClientAssignor,
    members: &[Subscriber],
    counts: &BTreeMap<Arc<str>, usize>,
) -> Assigned {
    let mut members: Vec<&Subscriber> = members.iter().collect();
    members.sort_by(|a, b| a.rank().cmp(&b.rank()));
    match assignor {
        ClientAssignor::Range => range(&members, counts),
        ClientAssignor::RoundRobin => round_robin(&members, counts),
        ClientAssignor::CooperativeSticky => cooperative_sticky(&members, counts),
    }
}

fn range(members: &[&Subscriber], counts: &BTreeMap<Arc<str>, usize>) -> Assigned {
    let mut assigned = Assigned::new();
    for (topic, count) in counts {
        let readers: Vec<_> = members
            .iter()
            .filter(|m| m.topics.contains(topic))
            .collect();
        let mut next = 0;
        for (place, reader) in readers.iter().enumerate() {
            let share = count / readers.len() + usize::from(place < count % readers.len());
            let list = assigned.entry(reader.member_id.clone()).or_default();
            list.extend((next..next + share).map(|p| (Arc::clone(topic), number(p))));
            next += share;
        }
    }
    assigned
}

fn round_robin(members: &[&Subscriber], counts: &BTreeMap<Arc<str>, usize>) -> Assigned {
    let mut assigned = Assigned::new();
    let mut turn = 0;
    for (topic, count) in counts {
        for partition in 0..*count {
            let mut round = (0..members.len()).map(|step| (turn + step) % members.len());
            let reader = round.find_map(|place| {
                let reader = members.get(place).filter(|m| m.topics.contains(topic))?;
                Some((place, reader))
            });
            let Some((place, reader)) = reader else { break };
            turn = place + 1;
            let list = assigned.entry(reader.member_id.clone()).or_default();
            list.insert((Arc::clone(topic), number(partition)));
        }
    }
    assigned
}

fn cooperative_sticky(members: &[&Subscriber], counts: &BTreeMap<Arc<str>, usize>) -> Assigned {
    let ids: BTreeMap<&Arc<str>, TopicId> = counts.keys().zip((1..).map(klamm_id)).collect();
    let names: BTreeMap<TopicId, &Arc<str>> = ids.iter().map(|(name, id)| (*id, *name)).collect();
    let owners = owners(members);
    let subscriptions = members.iter().map(|member| {
        let mut current: BTreeMap<TopicId, BTreeSet<i32>> = BTreeMap::new();
        for key in &member.owned {
            if let Some(id) = ids.get(&key.0)
                && owners.get(key) == Some(&member.member_id.as_str())
            {
                current.entry(*id).or_default().insert(key.1);
            }
        }
        MemberSubscription {
            member_id: Str::from(member.member_id.as_str()),
            instance_id: member.instance_id.as_deref().map(Str::from),
            rack: None,
            topics: member
                .topics
                .iter()
                .filter_map(|name| ids.get(name))
                .copied()
                .collect(),
            current,
        }
    });
    let subscriptions: Vec<MemberSubscription> = subscriptions.collect();
    let shapes = counts.iter().filter_map(|(name, count)| {
        let shape = TopicShape { partitions: number(*count), racks: Vec::new() };
        Some((*ids.get(name)?, shape))
    });
    // It refuses members with one id and topics without a shape; neither gets here.
    let assignment =
        assign(Assignor::Uniform, &subscriptions, &shapes.collect()).unwrap_or_default();
    let mut assigned = Assigned::new();
    for (member_id, topics) in &assignment {
        for (id, partitions) in topics {
            let Some(name) = names.get(id) else { continue };
            for partition in partitions {
                let key: PartitionKey = (Arc::clone(name), *partition);
                // What another member still has is free only in the next round.
                if owners
                    .get(&key)
                    .is_none_or(|owner| *owner == member_id.as_str())
                {
                    assigned
                        .entry(member_id.to_string())
                        .or_default()
                        .insert(key);
                }
            }
        }
    }
    assigned
}

/// Who has what. Of two that claim the same one, the one of the later generation; of one generation, neither.
fn owners<'a>(members: &[&'a Subscriber]) -> BTreeMap<PartitionKey, &'a str> {
    let mut claims: BTreeMap<PartitionKey, (i32, Option<&str>)> = BTreeMap::new();
    for member in members {
        for key in &member.owned {
            let claim = (member.generation, Some(member.member_id.as_str()));
            let known = claims.entry(key.clone()).or_insert(claim);
            if known.1 != claim.1 {
                match known.0.cmp(&member.generation) {
                    std::cmp::Ordering::Less => *known = claim,
                    std::cmp::Ordering::Equal => known.1 = None,
                    std::cmp::Ordering::Greater => {}
                }
            }
        }
    }
    claims
        .into_iter()
        .filter_map(|(key, (_, owner))| Some((key, owner?)))
        .collect()
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

const fn klamm_id(number: u128) -> TopicId {
    klamm_model::Uuid(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, topics: &[&str], owned: &[(&str, i32)], generation: i32) -> Subscriber {
        Subscriber {
            member_id: id.to_owned(),
            instance_id: None,
            topics: topics.iter().map(|t| Arc::from(*t)).collect(),
            owned: owned.iter().map(|(t, p)| (Arc::from(*t), *p)).collect(),
            generation,
        }
    }

    fn counts(counts: &[(&str, usize)]) -> BTreeMap<Arc<str>, usize> {
        counts.iter().map(|(t, n)| (Arc::from(*t), *n)).collect()
    }

    fn list(assigned: &Assigned, id: &str) -> Vec<String> {
        let keys = assigned.get(id).into_iter().flatten();
        keys.map(|(topic, partition)| format!("{topic}{partition}"))
            .collect()
    }

    #[test]
    fn range_cuts_each_topic_and_static_members_come_first() {
        let mut last = member("z", &["a", "b"], &[], -1);
        last.instance_id = Some("i".to_owned());
        let members = [
            member("m", &["a", "b"], &[], -1),
            last,
            member("n", &["a"], &[], -1),
        ];
        let assigned = assign_partitions(
            ClientAssignor::Range,
            &members,
            &counts(&[("a", 4), ("b", 3)]),
        );
        assert_eq!(list(&assigned, "z"), ["a0", "a1", "b0", "b1"]);
        assert_eq!(list(&assigned, "m"), ["a2", "b2"]);
        assert_eq!(list(&assigned, "n"), ["a3"]);
    }

    #[test]
    fn round_robin_goes_on_from_topic_to_topic_and_skips_who_does_not_read() {
        let members = [
            member("m", &["a", "b"], &[], -1),
            member("n", &["a"], &[], -1),
        ];
        let assigned = assign_partitions(
            ClientAssignor::RoundRobin,
            &members,
            &counts(&[("a", 3), ("b", 2), ("c", 1)]),
        );
        assert_eq!(list(&assigned, "m"), ["a0", "a2", "b0", "b1"]);
        assert_eq!(list(&assigned, "n"), ["a1"]);
    }

    #[test]
    fn what_moves_is_withheld_until_its_owner_has_given_it_away() {
        let owned = [("a", 0), ("a", 1), ("a", 2), ("a", 3)];
        let members = [member("m", &["a"], &owned, 5), member("n", &["a"], &[], -1)];
        let counts = counts(&[("a", 4)]);
        let assigned = assign_partitions(ClientAssignor::CooperativeSticky, &members, &counts);
        assert_eq!(list(&assigned, "m"), ["a0", "a1"]);
        assert!(list(&assigned, "n").is_empty());
        let members = [
            member("m", &["a"], &owned[..2], 6),
            member("n", &["a"], &[], 6),
        ];
        let assigned = assign_partitions(ClientAssignor::CooperativeSticky, &members, &counts);
        assert_eq!(list(&assigned, "m"), ["a0", "a1"]);
        assert_eq!(list(&assigned, "n"), ["a2", "a3"]);
    }

    #[test]
    fn of_two_that_claim_a_partition_the_later_generation_has_it() {
        let members = [
            member("m", &["a"], &[("a", 0)], 4),
            member("n", &["a"], &[("a", 0)], 5),
        ];
        let assigned = assign_partitions(
            ClientAssignor::CooperativeSticky,
            &members,
            &counts(&[("a", 1)]),
        );
        assert_eq!(list(&assigned, "n"), ["a0"]);
    }
}
