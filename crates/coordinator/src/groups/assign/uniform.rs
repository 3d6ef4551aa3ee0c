//! Even loads first, then few moves, then racks.
//!
//! Where all members subscribe to the same topics, loads differ by at most one, and no assignment with such loads moves
//! fewer partitions. Where they differ, no single move could make loads more even.

use super::board::{Board, Topic};
use super::levels::Levels;
use super::{Assignment, MemberSubscription, TopicId, TopicShape};
use std::collections::{BTreeMap, BTreeSet};

/// Rounds over all topics that even out loads. Each round only improves; more are needed only where long chains of
/// overlapping subscriptions pass load on step by step.
const ROUNDS_MAX: usize = 64;

pub(super) fn assign(
    members: &[&MemberSubscription],
    shapes: &BTreeMap<TopicId, TopicShape>,
) -> Assignment {
    let mut board = Board::new(members, shapes);
    if board.is_homogeneous() {
        let total: usize = board.topics.iter().map(|topic| topic.owners.len()).sum();
        let quota = Quota::new(total, members.len());
        give_up(&mut board, quota);
        hand_out_by_rack(&mut board, quota.floor);
        let mut levels = Levels::new(members, &board.loads, 0..members.len());
        for topic in &mut board.topics {
            hand_out(topic, members, &mut levels, &mut board.loads);
        }
    } else {
        hand_out_each(&mut board);
        for _ in 0..ROUNDS_MAX {
            if !even_out(&mut board) {
                break;
            }
        }
    }
    board.into_assignment()
}

/// How many partitions a member may have: `floor`, and `extras` of the members one more.
#[derive(Debug, Clone, Copy)]
struct Quota {
    floor: usize,
    extras: usize,
}

impl Quota {
    fn new(total: usize, members: usize) -> Self {
        Self {
            floor: total.checked_div(members).unwrap_or(0),
            extras: total.checked_rem(members).unwrap_or(0),
        }
    }
}

/// Takes from each member what is over its quota. Those that have more than the floor already are the first to keep one
/// more. A member keeps partitions of its own rack first, and some of every topic.
fn give_up(board: &mut Board<'_>, mut quota: Quota) {
    let over: Vec<usize> = (0..board.loads.len())
        .filter(|index| {
            board
                .loads
                .get(*index)
                .is_some_and(|load| *load > quota.floor)
        })
        .collect();
    let mut held: BTreeMap<usize, Vec<(bool, usize, usize, usize)>> =
        over.iter().map(|index| (*index, Vec::new())).collect();
    for (number, topic) in board.topics.iter().enumerate() {
        let mut ranks: BTreeMap<usize, usize> = BTreeMap::new();
        for (partition, owner) in topic.owners.iter().enumerate() {
            let Some(owner) = owner else { continue };
            let Some(list) = held.get_mut(owner) else {
                continue;
            };
            let rank = ranks.entry(*owner).or_default();
            let rack = board
                .members
                .get(*owner)
                .and_then(|member| member.rack.as_ref());
            let racks = topic.racks(partition);
            let far = rack.is_some_and(|rack| !racks.is_empty() && !racks.contains(rack));
            list.push((far, *rank, number, partition));
            *rank += 1;
        }
    }
    for (index, mut list) in held {
        let keep = quota.floor + usize::from(quota.extras > 0);
        quota.extras = quota.extras.saturating_sub(1);
        list.sort_unstable();
        for (_, _, number, partition) in list.into_iter().skip(keep) {
            let topic = board.topics.get_mut(number);
            if let Some(owner) = topic.and_then(|topic| topic.owners.get_mut(partition)) {
                *owner = None;
            }
            if let Some(load) = board.loads.get_mut(index) {
                *load -= 1;
            }
        }
    }
}

/// Gives free partitions to members in the rack of a replica, as long as these are below the floor.
fn hand_out_by_rack(board: &mut Board<'_>, floor: usize) {
    if board.members.iter().all(|member| member.rack.is_none()) {
        return;
    }
    let mut levels = Levels::new(board.members, &board.loads, 0..board.members.len());
    for topic in &mut board.topics {
        for partition in 0..topic.owners.len() {
            let free = matches!(topic.owners.get(partition), Some(None));
            let near = if free {
                levels.least_in(topic.racks(partition))
            } else {
                None
            };
            if let Some(member) = near.filter(|(load, _)| *load < floor) {
                take(topic, partition, member.1, &mut board.loads);
                levels.raise(board.members, member);
            }
        }
    }
}

/// Gives each free partition of a topic to the member with the least load; of several, to one in a replica's rack.
fn hand_out<'a>(
    topic: &mut Topic<'_>,
    members: &[&'a MemberSubscription],
    levels: &mut Levels<'a>,
    loads: &mut [usize],
) {
    for partition in 0..topic.owners.len() {
        if !matches!(topic.owners.get(partition), Some(None)) {
            continue;
        }
        let Some(least) = levels.least() else { return };
        let near = levels.least_in(topic.racks(partition));
        let member = near.filter(|near| near.0 == least.0).unwrap_or(least);
        take(topic, partition, member.1, loads);
        levels.raise(members, member);
    }
}

/// Makes a member the owner of a partition.
fn take(topic: &mut Topic<'_>, partition: usize, member: usize, loads: &mut [usize]) {
    if let (Some(owner), Some(load)) = (topic.owners.get_mut(partition), loads.get_mut(member)) {
        *owner = Some(member);
        *load += 1;
    }
}

/// Hands out topic by topic: first those with most partitions a subscriber, then those with fewest subscribers, because
/// the later ones have more ways to even out.
fn hand_out_each(board: &mut Board<'_>) {
    let mut order: Vec<usize> = (0..board.topics.len()).collect();
    order.sort_by(|a, b| {
        let size = |index: &usize| {
            let topic = board.topics.get(*index);
            topic.map_or((0, 1), |topic| {
                (topic.owners.len(), topic.subscribers.len())
            })
        };
        let ((partitions_a, readers_a), (partitions_b, readers_b)) = (size(a), size(b));
        let shares = (partitions_b * readers_a).cmp(&(partitions_a * readers_b));
        shares.then(readers_a.cmp(&readers_b)).then(a.cmp(b))
    });
    for index in order {
        let Some(topic) = board.topics.get_mut(index) else {
            continue;
        };
        let of = topic.subscribers.iter().copied();
        let mut levels = Levels::new(board.members, &board.loads, of);
        hand_out(topic, board.members, &mut levels, &mut board.loads);
    }
}

/// Within each topic, moves partitions from the owner with most to the subscriber with least while they are two or more
/// apart. Returns whether anything moved.
fn even_out(board: &mut Board<'_>) -> bool {
    let mut moved = false;
    for topic in &mut board.topics {
        moved |= even_out_topic(topic, &mut board.loads);
    }
    moved
}

fn even_out_topic(topic: &mut Topic<'_>, loads: &mut [usize]) -> bool {
    let load = |loads: &[usize], index: usize| loads.get(index).copied().unwrap_or(0);
    let level = |index: &usize| (load(loads, *index), *index);
    let mut takers: BTreeSet<(usize, usize)> = topic.subscribers.iter().map(level).collect();
    let most = topic
        .owners
        .iter()
        .flatten()
        .map(|owner| load(loads, *owner))
        .max();
    let least = takers.first().map(|taker| taker.0);
    if most.zip(least).is_none_or(|(most, least)| most < least + 2) {
        return false;
    }
    // What moved already is first to move again, so that as many as can stay where they were.
    let mut held: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for stays in [true, false] {
        for (partition, owner) in topic.owners.iter().enumerate() {
            let before = topic.before.get(partition).copied().flatten();
            if let Some(owner) = owner
                && (before == Some(*owner)) == stays
            {
                held.entry(*owner).or_default().push(partition);
            }
        }
    }
    let mut givers: BTreeSet<(usize, usize)> = held.keys().map(level).collect();
    let mut moved = false;
    while let (Some(giver), Some(taker)) = (givers.last().copied(), takers.first().copied()) {
        if giver.0 < taker.0 + 2 {
            break;
        }
        let Some(partition) = held.get_mut(&giver.1).and_then(Vec::pop) else {
            break;
        };
        if let Some(owner) = topic.owners.get_mut(partition) {
            *owner = Some(taker.1);
        }
        held.entry(taker.1).or_default().push(partition);
        for (old, new) in [(giver, giver.0 - 1), (taker, taker.0 + 1)] {
            takers.remove(&old);
            givers.remove(&old);
            takers.insert((new, old.1));
            if held.get(&old.1).is_some_and(|list| !list.is_empty()) {
                givers.insert((new, old.1));
            }
            if let Some(load) = loads.get_mut(old.1) {
                *load = new;
            }
        }
        moved = true;
    }
    moved
}
