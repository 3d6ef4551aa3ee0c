//! Contiguous ranges: the same of each topic for one member, so that topics with equally many partitions can be joined.
//!
//! Members stand in a row and take their ranges in that order. Static members come first, by instance id, as in Kafka,
//! so that a restart changes nothing. The others follow by id. Where all subscribe to the same topics, those that had
//! a range follow by that range instead, and then the new ones: a member that joins goes to the end, and the ranges of
//! the rest only stretch or shrink.

use super::{Assignment, MemberSubscription, TopicId, TopicShape};
use klamm_codec::Str;
use std::collections::BTreeMap;

/// One topic's ranges.
#[derive(Debug)]
struct Ranges {
    partitions: i32,
    subscribers: i32,
    /// Members that got their range.
    served: i32,
    next: i32,
}

impl Ranges {
    /// The next member's range: the first ones get one more where it does not come out even.
    fn take(&mut self) -> Vec<i32> {
        let even = self.partitions / self.subscribers;
        let extra = i32::from(self.served < self.partitions % self.subscribers);
        let start = self.next;
        self.served += 1;
        self.next += even + extra;
        (start..self.next).collect()
    }
}

pub(super) fn assign(
    members: &[&MemberSubscription],
    shapes: &BTreeMap<TopicId, TopicShape>,
) -> Assignment {
    let mut topics: BTreeMap<TopicId, Ranges> = BTreeMap::new();
    for id in members.iter().flat_map(|member| &member.topics) {
        let partitions = shapes.get(id).map_or(0, |shape| shape.partitions.max(0));
        let fresh = Ranges { partitions, subscribers: 0, served: 0, next: 0 };
        topics.entry(*id).or_insert(fresh).subscribers += 1;
    }
    let alike = members.windows(2).all(|pair| match pair {
        [a, b] => a.topics == b.topics,
        _ => true,
    });
    let mut row: Vec<(Place<'_>, &MemberSubscription)> = members
        .iter()
        .map(|member| (place(member, shapes, alike), *member))
        .collect();
    row.sort_by(|a, b| a.0.cmp(&b.0));
    let lists = row.into_iter().map(|(_, member)| {
        let ranges = member.topics.iter().filter_map(|id| {
            let range = topics.get_mut(id)?.take();
            (!range.is_empty()).then_some((*id, range))
        });
        (member.member_id.clone(), ranges.collect())
    });
    lists.collect()
}

/// Where a member stands in the row.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Static(&'a Str, &'a Str),
    /// How far into the largest of its topics its range began, in parts of 2^32.
    Known(u64, &'a Str),
    New(&'a Str),
}

fn place<'a>(
    member: &'a MemberSubscription,
    shapes: &BTreeMap<TopicId, TopicShape>,
    alike: bool,
) -> Place<'a> {
    if let Some(instance_id) = &member.instance_id {
        return Place::Static(instance_id, &member.member_id);
    }
    if !alike {
        return Place::New(&member.member_id);
    }
    let known = member.current.iter().filter_map(|(id, partitions)| {
        let count = shapes
            .get(id)
            .filter(|_| member.topics.contains(id))?
            .partitions;
        let first = u64::try_from(*partitions.first()?).ok()?;
        Some((
            count,
            (first << 32).checked_div(u64::try_from(count).ok()?)?,
        ))
    });
    match known.max_by_key(|(count, _)| *count) {
        Some((_, start)) => Place::Known(start, &member.member_id),
        None => Place::New(&member.member_id),
    }
}
