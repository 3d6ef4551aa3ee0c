//! Records, byte for byte Kafka 4.3.1's, and what damaged ones do.

use super::*;
use crate::groups::consumer::kept::{
    Change, ClassicPart, Current, Owned, Partitions, Resolved, Subscription,
};
use crate::groups::consumer::record;

const TOPIC: Uuid = Uuid(0x0123_4567_89ab_cdef_8edc_ba98_7654_3210);

fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text
        .bytes()
        .map(|c| u8::from_str_radix(&char::from(c).to_string(), 16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] * 16 + pair[1])
        .collect()
}

/// Changes, and what Kafka's own serializer makes of the same.
#[expect(clippy::too_many_lines, reason = "a table")]
fn samples() -> Vec<(Change, &'static str, &'static str)> {
    let member = Subscription {
        instance_id: Some("i".into()),
        rack_id: Some("r".into()),
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
        topics: BTreeSet::from(["u".into(), "t".into()]),
        pattern: Some("l.*".into()),
        rebalance_timeout_ms: 60_000,
        assignor: Some("range".into()),
        classic: None,
    };
    let protocols = vec![("range".into(), Bytes::from_static(&[0, 1]))];
    let classic = Subscription {
        client_id: "c".into(),
        client_host: "h".into(),
        topics: BTreeSet::from(["t".into()]),
        rebalance_timeout_ms: 1,
        classic: Some(Box::new(ClassicPart {
            session_timeout_ms: 10_000,
            protocols,
        })),
        ..Subscription::default()
    };
    let current = Current {
        epoch: 7,
        previous_epoch: 6,
        state: MemberState::UnrevokedPartitions,
        assigned: Owned::from([(TOPIC, BTreeMap::from([(0, 5), (1, 7)]))]),
        revoking: Owned::from([(TOPIC, BTreeMap::from([(2, 3)]))]),
    };
    let resolved = Resolved {
        topics: BTreeSet::from(["la".into(), "lb".into()]),
        version: 9,
        at_ms: 1_000,
    };
    let target = Partitions::from([(TOPIC, BTreeSet::from([0, 1]))]);
    vec![
        (
            Change::Subscription("m1".into(), Some(Box::new(member))),
            "000500016700026d31",
            "00000269027202630b2f3132372e302e302e310302740275046c2e2a0000ea600672616e676501000100",
        ),
        (
            Change::Subscription("m2".into(), Some(Box::new(classic))),
            "000500016700026d32",
            "00000000026302680202740100000001000100110100002710020672616e67650300010000",
        ),
        (
            Change::Subscription("m1".into(), None),
            "000500016700026d31",
            "-",
        ),
        (
            Change::Current("m1".into(), Some(current)),
            "000800016700026d31",
            "0000000000070000000601020123456789abcdef8edcba98765432100300000000000000010100\
             09030000000500000007020123456789abcdef8edcba98765432100200000002010005020000000300",
        ),
        (
            Change::Target("m1".into(), Some(target)),
            "000700016700026d31",
            "0000020123456789abcdef8edcba9876543210030000000000000001\
             0000",
        ),
        (
            Change::Epoch(Some((7, 42))),
            "0003000167",
            "000000000007010008000000000000002a",
        ),
        (
            Change::AssignmentEpoch(Some((7, 1_234))),
            "0006000167",
            "00000000000701000800000000000004d2",
        ),
        (
            Change::Pattern("l.*".into(), Some(resolved)),
            "001000016700036c2e2a",
            "000003036c61036c62000000000000000900000000000003e800",
        ),
    ]
}

#[test]
fn records_are_kafkas_byte_for_byte_and_come_back() {
    for (change, key, value) in samples() {
        let written = record::write(&"g".into(), &change).unwrap();
        assert_eq!(written.key, hex(key), "{change:?}");
        let expected = (value != "-").then(|| hex(&value.replace(' ', "")));
        assert_eq!(written.value, expected, "{change:?}");
        let mut key = klamm_codec::Dec::new(written.key.clone());
        let id = key.i16().unwrap();
        let read = record::read(id, &mut key, &written).unwrap();
        assert_eq!(read, Some(("g".into(), change)));
    }
}

#[test]
fn damaged_records_are_refused_or_read_but_never_panic() {
    for (change, _, _) in samples() {
        let written = record::write(&"g".into(), &change).unwrap();
        let mut shard = GroupShard::new(config());
        for cut in 0..written.key.len() {
            let damaged = Record { key: written.key.slice(..cut), value: written.value.clone() };
            assert!(shard.replay(&damaged).is_err());
        }
        let value = written.value.clone().unwrap_or_default();
        for cut in 0..value.len() {
            let damaged = Record { value: Some(value.slice(..cut)), ..written.clone() };
            assert!(shard.replay(&damaged).is_err(), "{change:?} cut at {cut}");
        }
        for index in 0..value.len() {
            for bit in 0..8 {
                let mut bytes = value.to_vec();
                bytes[index] ^= 1 << bit;
                let damaged = Record { value: Some(bytes.into()), ..written.clone() };
                let _ = shard.replay(&damaged);
            }
        }
    }
}

#[test]
fn records_of_before_kafka_4_3_have_no_epochs_of_partitions() {
    let old = hex("00000000000700000006000201\
         23456789abcdef8edcba987654321002000000000001\
         00");
    let record = Record { key: hex("000800016700026d31"), value: Some(old) };
    let mut shard = GroupShard::new(config());
    assert_eq!(shard.replay(&record), Ok(Replayed::Applied));
    let text = format!("{:?}", shard.snapshot());
    assert!(text.contains("{0: 7}"), "{text}");
}

#[test]
fn the_metadata_record_that_kafka_4_1_ended_is_ended_here_too() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    let old = Change::OldMetadata(true);
    world.log.push(record::write(&"g".into(), &old).unwrap());
    world.reload();
    let count = world.log.len();
    Client::join("b", &mut world);
    let ended = record::write(&"g".into(), &Change::OldMetadata(false)).unwrap();
    assert!(world.log[count..].contains(&ended));
    let _ = a;
    world.check_replay();
}

#[test]
fn tombstones_of_groups_that_are_gone_leave_nothing() {
    let mut shard = GroupShard::new(config());
    for change in [
        Change::Epoch(None),
        Change::AssignmentEpoch(None),
        Change::OldMetadata(false),
        Change::Subscription("a".into(), None),
        Change::Current("a".into(), None),
        Change::Target("a".into(), None),
        Change::Pattern("p".into(), None),
    ] {
        let record = record::write(&"g".into(), &change).unwrap();
        assert_eq!(shard.replay(&record), Ok(Replayed::Applied));
    }
    assert!(shard.snapshot().groups.is_empty());
}

#[test]
fn what_compaction_leaves_gives_the_same_group() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    for _ in 0..5 {
        world.pass(100);
        a.report(&mut world).unwrap();
        b.report(&mut world).unwrap();
    }
    world.beat(leave("b", -1)).unwrap();
    world.pass(1_000);
    a.report(&mut world).unwrap();
    let mut shard = GroupShard::new(config());
    for (index, record) in world.log.iter().enumerate() {
        let is_last = world.log[index + 1..]
            .iter()
            .all(|later| later.key != record.key);
        if is_last && record.value.is_some() {
            shard.replay(record).unwrap();
        }
    }
    assert_eq!(shard.snapshot(), world.shard.snapshot());
}

/// A log of which the cleaner or a power cut has taken something.
fn remains(changes: Vec<Change>) -> World {
    let mut world = World::new();
    for change in changes {
        let record = record::write(&"g".into(), &change).unwrap();
        world.log.push(record);
    }
    world.reload();
    world
}

fn subscription() -> Box<Subscription> {
    Box::new(Subscription { topics: ["t".into()].into(), ..Subscription::default() })
}

fn current(epoch: i32, partitions: std::ops::Range<i32>) -> Current {
    let assigned = partitions.map(|partition| (partition, epoch)).collect();
    Current {
        epoch,
        assigned: [(topic(1), assigned)].into(),
        ..Current::default()
    }
}

fn target(partitions: std::ops::Range<i32>) -> Partitions {
    [(topic(1), partitions.collect())].into()
}

#[test]
fn a_target_that_stands_before_all_else_of_its_group_is_kept() {
    let mut world = remains(vec![
        Change::Target("a".into(), Some(target(0..6))),
        // Of a member that is long gone.
        Change::Current("b".into(), None),
        Change::Subscription("a".into(), Some(subscription())),
        Change::Epoch(Some((3, 0))),
        Change::AssignmentEpoch(Some((3, 1))),
        Change::Current("a".into(), Some(current(3, 0..6))),
    ]);
    let group = world.describe();
    assert_eq!((group.epoch, group.state), (3, ConsumerState::Stable));
    world.check_replay();
    world.pass(1);
}

#[test]
fn a_group_that_a_power_cut_left_behind_its_members_goes_on_with_a_new_epoch() {
    let mut world = remains(vec![
        Change::Subscription("a".into(), Some(subscription())),
        Change::Epoch(Some((6, 0))),
        Change::Target("a".into(), Some(target(0..6))),
        Change::AssignmentEpoch(Some((6, 1))),
        Change::Current("a".into(), Some(current(7, 0..6))),
    ]);
    assert_eq!(world.describe().epoch, 8);
    world.pass(5_000);
    let mut a = Client { id: "a".into(), epoch: 7, owned: BTreeMap::new() };
    a.report(&mut world).unwrap();
    assert_eq!(a.epoch, 8);
    world.check_replay();
}

#[test]
fn a_partition_that_a_power_cut_left_to_nobody_finds_an_owner() {
    let mut world = remains(vec![
        Change::Subscription("a".into(), Some(subscription())),
        Change::Epoch(Some((6, 0))),
        // Of one that is gone, whose end was taken as well.
        Change::Target("z".into(), Some(target(4..6))),
        Change::Target("a".into(), Some(target(0..4))),
        Change::AssignmentEpoch(Some((6, 1))),
        Change::Current("a".into(), Some(current(6, 0..4))),
    ]);
    let mut a = Client { id: "a".into(), epoch: 6, owned: BTreeMap::new() };
    for _ in 0..4 {
        world.pass(5_000);
        a.report(&mut world).unwrap();
    }
    assert_eq!(a.count(), 6);
    world.check_replay();
}

#[test]
fn of_two_owners_that_a_power_cut_left_the_newer_one_stays() {
    let mut world = remains(vec![
        Change::Subscription("a".into(), Some(subscription())),
        Change::Subscription("b".into(), Some(subscription())),
        Change::Epoch(Some((6, 0))),
        Change::Target("a".into(), Some(target(0..3))),
        Change::Target("b".into(), Some(target(3..6))),
        Change::AssignmentEpoch(Some((6, 1))),
        Change::Current("b".into(), Some(current(6, 3..6))),
        // From before it gave a part back.
        Change::Current("a".into(), Some(current(5, 0..6))),
    ]);
    let counts = |world: &World| {
        let members = world.describe().members.into_iter();
        let count = |parts: DescribedAssignment| parts.iter().map(|part| part.2.len()).sum();
        members
            .map(|member| (member.member_id, count(member.assigned)))
            .collect::<BTreeMap<Str, usize>>()
    };
    assert_eq!(counts(&world), [("a".into(), 3), ("b".into(), 3)].into());
    world.check_replay();
    world.pass(1);
}
