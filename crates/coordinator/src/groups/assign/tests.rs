//! What assignors promise, for groups at random.

use super::*;
use proptest::prelude::*;

fn topic(number: u128) -> TopicId {
    klamm_model::Uuid(number)
}

fn member(id: &str, topics: &[u128]) -> MemberSubscription {
    MemberSubscription {
        member_id: Str::from(id),
        instance_id: None,
        rack: None,
        topics: topics.iter().map(|number| topic(*number)).collect(),
        current: BTreeMap::new(),
    }
}

fn shapes(partitions: &[i32]) -> BTreeMap<TopicId, TopicShape> {
    let shape = |partitions: &i32| TopicShape { partitions: *partitions, racks: Vec::new() };
    (1..).map(topic).zip(partitions.iter().map(shape)).collect()
}

/// The assignment becomes what the members have.
fn settle(members: &mut [MemberSubscription], assignment: &Assignment) {
    for member in members {
        let topics = assignment.get(&member.member_id).into_iter().flatten();
        member.current = topics
            .map(|(id, list)| (*id, list.iter().copied().collect()))
            .collect();
    }
}

fn load(assignment: &Assignment, id: &str) -> usize {
    assignment[id].values().map(Vec::len).sum()
}

fn sorted_loads(assignment: &Assignment) -> Vec<usize> {
    let mut loads: Vec<usize> = assignment
        .values()
        .map(|topics| topics.values().map(Vec::len).sum())
        .collect();
    loads.sort_unstable();
    loads
}

/// How many partitions stay with the member that had them.
fn kept(members: &[MemberSubscription], assignment: &Assignment) -> usize {
    let of = |member: &MemberSubscription| {
        let topics = &assignment[&member.member_id];
        let kept = topics.iter().map(|(id, list)| {
            let before = member.current.get(id);
            list.iter()
                .filter(|p| before.is_some_and(|before| before.contains(p)))
                .count()
        });
        kept.sum::<usize>()
    };
    members.iter().map(of).sum()
}

/// Each partition of each subscribed topic has one owner, who subscribes; nothing else is assigned.
fn assert_complete(
    members: &[MemberSubscription],
    topics: &BTreeMap<TopicId, TopicShape>,
    assignment: &Assignment,
) {
    assert_eq!(assignment.len(), members.len());
    let mut seen: BTreeSet<(TopicId, i32)> = BTreeSet::new();
    for member in members {
        for (id, list) in &assignment[&member.member_id] {
            assert!(
                member.topics.contains(id),
                "{} got a topic it did not ask for",
                member.member_id
            );
            assert!(list.is_sorted() && !list.is_empty());
            for partition in list {
                assert!((0..topics[id].partitions).contains(partition));
                assert!(
                    seen.insert((*id, *partition)),
                    "{id} {partition} has two owners"
                );
            }
        }
    }
    let wanted: BTreeSet<TopicId> = members.iter().flat_map(|m| m.topics.clone()).collect();
    let all: i32 = wanted.iter().map(|id| topics[id].partitions).sum();
    assert_eq!(seen.len(), all as usize);
}

/// A group: members with racks and what they had, and topics.
fn group(
    alike: bool,
) -> impl Strategy<Value = (Vec<MemberSubscription>, BTreeMap<TopicId, TopicShape>)> {
    let racks = || prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..3);
    let shape = prop::collection::vec(racks(), 0..14).prop_map(|racks| TopicShape {
        partitions: racks.len() as i32,
        racks: racks
            .into_iter()
            .map(|r| r.into_iter().map(Str::from_static).collect())
            .collect(),
    });
    let one = (
        prop::option::of(prop::sample::select(vec!["a", "b", "c", "d"])),
        prop::bits::u8::masked(0b1_1111),
        any::<bool>(),
    );
    let owners = prop::collection::vec(0_usize..16, 80);
    (
        prop::collection::vec(shape, 5),
        prop::collection::vec(one, 1..12),
        owners,
    )
        .prop_map(move |(shapes, some, owners)| {
            let topics: BTreeMap<TopicId, TopicShape> = (1..).map(topic).zip(shapes).collect();
            let mask = some[0].1;
            let mut members: Vec<MemberSubscription> = Vec::new();
            for (index, (rack, own, fixed)) in some.iter().enumerate() {
                let bits = if alike { mask } else { *own };
                let wanted = (0..5)
                    .filter(|bit| bits & (1 << bit) != 0)
                    .map(|bit| bit + 1);
                members.push(MemberSubscription {
                    rack: rack.map(Str::from_static),
                    instance_id: fixed.then(|| Str::from(format!("i{}", 99 - index))),
                    ..member(&format!("m{index:02}"), &wanted.collect::<Vec<u128>>())
                });
            }
            // Some had partitions of topics that they no longer subscribe to, or that are gone.
            for (number, owner) in owners.into_iter().enumerate() {
                if let Some(member) = members.get_mut(owner) {
                    let id = topic(number as u128 % 6 + 1);
                    member
                        .current
                        .entry(id)
                        .or_default()
                        .insert(number as i32 / 6);
                }
            }
            (members, topics)
        })
}

proptest! {
    #[test]
    fn each_partition_has_one_owner_that_subscribes((members, topics) in any::<bool>().prop_flat_map(group)) {
        for assignor in Assignor::ALL {
            let assignment = assign(assignor, &members, &topics).unwrap();
            assert_complete(&members, &topics, &assignment);
        }
    }

    #[test]
    fn the_order_of_members_changes_nothing((members, topics) in any::<bool>().prop_flat_map(group)) {
        let turned: Vec<MemberSubscription> = members.iter().rev().cloned().collect();
        for assignor in Assignor::ALL {
            let assignment = assign(assignor, &members, &topics).unwrap();
            prop_assert_eq!(&assignment, &assign(assignor, &turned, &topics).unwrap());
        }
    }

    #[test]
    fn a_group_that_did_not_change_keeps_all((members, topics) in any::<bool>().prop_flat_map(group)) {
        let mut members = members;
        for assignor in Assignor::ALL {
            let assignment = assign(assignor, &members, &topics).unwrap();
            settle(&mut members, &assignment);
            prop_assert_eq!(&assignment, &assign(assignor, &members, &topics).unwrap());
        }
    }

    #[test]
    fn uniform_is_even_and_moves_as_little_as_possible((members, topics) in group(true)) {
        let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
        let loads = sorted_loads(&assignment);
        prop_assert!(loads.last().unwrap() - loads[0] <= 1, "{:?}", loads);
        let floor = loads.iter().sum::<usize>() / members.len();
        let extras = loads.iter().sum::<usize>() % members.len();
        let held: Vec<usize> = members.iter().map(|member| {
            let valid = member.current.iter().filter(|(id, _)| member.topics.contains(id));
            valid.map(|(id, list)| list.range(..topics[id].partitions).count()).sum()
        }).collect();
        let over = held.iter().filter(|held| **held > floor).count();
        let possible = held.iter().map(|held| *held.min(&floor)).sum::<usize>() + over.min(extras);
        prop_assert_eq!(kept(&members, &assignment), possible);
    }

    #[test]
    fn where_subscriptions_differ_no_single_move_evens_more((members, topics) in group(false)) {
        let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
        for giver in &members {
            for id in assignment[&giver.member_id].keys() {
                for taker in members.iter().filter(|member| member.topics.contains(id)) {
                    let (from, to) = (load(&assignment, &giver.member_id), load(&assignment, &taker.member_id));
                    prop_assert!(from <= to + 1, "{} has {from}, {} has {to}", giver.member_id, taker.member_id);
                }
            }
        }
    }

    #[test]
    fn range_gives_neighbours((members, topics) in any::<bool>().prop_flat_map(group)) {
        let assignment = assign(Assignor::Range, &members, &topics).unwrap();
        for id in topics.keys() {
            let subscribers = members.iter().filter(|member| member.topics.contains(id));
            let lists: Vec<&[i32]> = subscribers
                .map(|member| assignment[&member.member_id].get(id).map_or(&[][..], Vec::as_slice))
                .collect();
            let sizes = || lists.iter().map(|list| list.len());
            prop_assert!(sizes().max().unwrap_or(0) - sizes().min().unwrap_or(0) <= 1);
            for list in lists {
                prop_assert!(list.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            }
        }
    }

    #[test]
    fn uniform_moves_only_what_a_join_or_leave_asks_for(partitions in 1_i32..200, count in 2_usize..20) {
        let topics = shapes(&[partitions, 7]);
        let mut members: Vec<MemberSubscription> =
            (0..count).map(|index| member(&format!("m{index:02}"), &[1, 2])).collect();
        let before = assign(Assignor::Uniform, &members, &topics).unwrap();
        settle(&mut members, &before);
        let total = partitions as usize + 7;

        // The new one takes its share, and nothing else moves.
        members.insert(0, member("a", &[1, 2]));
        let joined = assign(Assignor::Uniform, &members, &topics).unwrap();
        prop_assert_eq!(kept(&members, &joined), total - load(&joined, "a"));
        prop_assert_eq!(load(&joined, "a"), total / (count + 1));

        // One leaves: only what it had moves.
        settle(&mut members, &joined);
        let gone = load(&joined, "m00");
        members.retain(|member| member.member_id.as_str() != "m00");
        let left = assign(Assignor::Uniform, &members, &topics).unwrap();
        prop_assert_eq!(kept(&members, &left), total - gone);
    }
}

#[test]
fn uniform_spreads_each_topic() {
    let members: Vec<_> = ["a", "b", "c"].map(|id| member(id, &[1, 2])).into();
    let assignment = assign(Assignor::Uniform, &members, &shapes(&[3, 3])).unwrap();
    for topics in assignment.values() {
        assert_eq!(topics.len(), 2, "one of each topic");
    }
}

#[test]
fn a_member_that_gives_up_keeps_some_of_each_topic() {
    let topics = shapes(&[4, 4]);
    let mut members = vec![member("a", &[1, 2])];
    let before = assign(Assignor::Uniform, &members, &topics).unwrap();
    settle(&mut members, &before);
    members.push(member("b", &[1, 2]));
    let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
    for topics in assignment.values() {
        assert!(topics.values().all(|list| list.len() == 2), "{topics:?}");
    }
}

#[test]
fn uniform_prefers_the_rack_of_a_replica_where_it_costs_nothing() {
    let rack = |name: &'static str| vec![Str::from_static(name)];
    let racks = vec![
        rack("x"),
        rack("x"),
        rack("y"),
        rack("y"),
        rack("x"),
        rack("z"),
    ];
    let topics = BTreeMap::from([(topic(1), TopicShape { partitions: 6, racks })]);
    let near = |id: &str, name: &'static str| MemberSubscription {
        rack: Some(Str::from_static(name)),
        ..member(id, &[1])
    };
    let members = vec![near("a", "y"), near("b", "x")];
    let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
    assert_eq!(assignment["a"][&topic(1)], [2, 3, 5]);
    assert_eq!(assignment["b"][&topic(1)], [0, 1, 4]);

    // What a member has it keeps, wherever that is.
    let mut members = members;
    members[0].current = BTreeMap::from([(topic(1), BTreeSet::from([0, 1, 4]))]);
    let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
    assert_eq!(assignment["a"][&topic(1)], [0, 1, 4]);
}

#[test]
fn overlapping_subscriptions_are_evened_out() {
    let members = vec![
        member("a", &[1]),
        member("b", &[1, 2]),
        member("c", &[2, 3]),
    ];
    let assignment = assign(Assignor::Uniform, &members, &shapes(&[6, 2, 4])).unwrap();
    assert_eq!(sorted_loads(&assignment), [4, 4, 4]);
}

#[test]
fn range_pairs_the_same_numbers_of_each_topic() {
    let members: Vec<_> = ["b", "a", "c"].map(|id| member(id, &[1, 2])).into();
    let assignment = assign(Assignor::Range, &members, &shapes(&[7, 7])).unwrap();
    assert_eq!(assignment["a"][&topic(1)], [0, 1, 2]);
    assert_eq!(assignment["b"][&topic(1)], [3, 4]);
    assert_eq!(assignment["c"][&topic(1)], [5, 6]);
    for topics in assignment.values() {
        assert_eq!(topics[&topic(1)], topics[&topic(2)]);
    }
}

#[test]
fn range_puts_static_members_first_and_a_new_one_last() {
    let topics = shapes(&[6]);
    let fixed = |id: &str, instance: &'static str| MemberSubscription {
        instance_id: Some(Str::from_static(instance)),
        ..member(id, &[1])
    };
    let members = vec![member("a", &[1]), fixed("z", "i1"), fixed("b", "i2")];
    let assignment = assign(Assignor::Range, &members, &topics).unwrap();
    assert_eq!(assignment["z"][&topic(1)], [0, 1]);
    assert_eq!(assignment["b"][&topic(1)], [2, 3]);
    assert_eq!(assignment["a"][&topic(1)], [4, 5]);

    // Restarted under other member ids, the static members get the same.
    let members = vec![member("a", &[1]), fixed("c", "i1"), fixed("y", "i2")];
    let again = assign(Assignor::Range, &members, &topics).unwrap();
    assert_eq!(again["c"], assignment["z"]);
    assert_eq!(again["y"], assignment["b"]);

    let mut members = vec![member("m", &[1]), member("n", &[1])];
    let before = assign(Assignor::Range, &members, &topics).unwrap();
    settle(&mut members, &before);
    members.push(member("a", &[1]));
    let joined = assign(Assignor::Range, &members, &topics).unwrap();
    assert_eq!(joined["m"][&topic(1)], [0, 1]);
    assert_eq!(joined["n"][&topic(1)], [2, 3]);
    assert_eq!(joined["a"][&topic(1)], [4, 5]);
}

#[test]
fn more_members_than_partitions_leave_some_with_nothing() {
    let members: Vec<_> = ["a", "b", "c"].map(|id| member(id, &[1])).into();
    for assignor in Assignor::ALL {
        let assignment = assign(assignor, &members, &shapes(&[2])).unwrap();
        assert_eq!(sorted_loads(&assignment), [0, 1, 1]);
    }
}

#[test]
fn contradictions_are_refused() {
    for assignor in Assignor::ALL {
        assert_eq!(assign(assignor, &[], &shapes(&[2])), Ok(Assignment::new()));
        let error = assign(assignor, &[member("a", &[9])], &shapes(&[2])).unwrap_err();
        assert_eq!(
            error,
            AssignError::UnknownTopic { member_id: Str::from("a"), topic: topic(9) }
        );
        let twice = [member("a", &[1]), member("a", &[1])];
        let error = assign(assignor, &twice, &shapes(&[2])).unwrap_err();
        assert_eq!(error, AssignError::DuplicateMember(Str::from("a")));
    }
    assert_eq!(Assignor::from_name("range"), Some(Assignor::Range));
    assert_eq!(Assignor::from_name("Uniform"), None);
}

#[test]
fn a_large_group_is_assigned_whatever_its_subscriptions() {
    let topics = shapes(&[1_000; 10]);
    let mut members: Vec<MemberSubscription> = (0..1_000)
        .map(|index| member(&format!("m{index:04}"), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
        .collect();
    for assignor in Assignor::ALL {
        let assignment = assign(assignor, &members, &topics).unwrap();
        assert_complete(&members, &topics, &assignment);
    }
    for (index, member) in members.iter_mut().enumerate() {
        member.topics.remove(&topic(index as u128 % 10 + 1));
    }
    let assignment = assign(Assignor::Uniform, &members, &topics).unwrap();
    assert_complete(&members, &topics, &assignment);
    assert_eq!(sorted_loads(&assignment), [10; 1_000]);
}
