//! Records: byte for byte, back, and cut or bent. And what administrators see.

use super::*;
use crate::records::TransactionLogKey;
use crate::shard::RecordError;
use TransactionError as E;
use TransactionState as S;
use bytes::Bytes;
use klamm_codec::{Dec, Message};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_record_of_level_2_is_kafkas_byte_for_byte() {
    let mut world = World::new();
    let producer = world.init("ab").unwrap();
    world.add("ab", producer, &[3, 1]).unwrap();
    let record = world.log.last().unwrap();
    assert_eq!(hex(&record.key), "000000026162");
    let expected = [
        "0001",                       // version
        "00000000000003e9",           // producer id
        "0000",                       // epoch
        "0000ea60",                   // timeout
        "01",                         // ongoing
        "02027403000000010000000300", // one topic "t" with 1 and 3
        "00000000000f4628",           // last update
        "00000000000f4628",           // start
        "02",                         // two tagged fields:
        "000800000000000003e9",       // previous producer id
        "02020002",                   // client's level
    ];
    assert_eq!(hex(record.value.as_ref().unwrap()), expected.concat());
}

#[test]
fn a_record_of_level_0_is_kafkas_byte_for_byte() {
    let mut world = World::at(TransactionVersion::V0);
    world.init("ab").unwrap();
    let expected = [
        "0000",             // version
        "00000000000003e9", // producer id
        "0000",             // epoch
        "0000ea60",         // timeout
        "00",               // empty
        "ffffffff",         // no partitions at all
        "00000000000f4628", // last update
        "ffffffffffffffff", // start
    ];
    let value = world.log[0].value.as_ref().unwrap();
    assert_eq!(hex(value), expected.concat());
}

#[test]
fn a_level_that_was_lowered_does_not_lose_what_is_under_way() {
    let mut world = World::new();
    let old = world.aged("a", i16::MAX - 1);
    world.add("a", old, &[0]).unwrap();
    let new = world.end("a", old, true).unwrap();
    world.version = TransactionVersion::V0;
    world.init("b").unwrap();
    world.write_markers();
    world.reload();
    assert_eq!(world.value("a").producer_id, new.id);
}

#[test]
fn records_of_others_are_told_apart() {
    let mut shard = TransactionShard::new(config(TransactionVersion::V2));
    let unknown = Record { key: Bytes::from_static(&[0, 9, 1]), value: None };
    assert_eq!(shard.replay(&unknown), Ok(Replayed::Ignored(9)));
    for status in [6, 7, 8, -1] {
        let mut world = World::new();
        world.init("a").unwrap();
        let record = &world.log[0];
        let mut value = record.value.as_ref().unwrap().to_vec();
        value[16] = status as u8;
        let bent = Record { key: record.key.clone(), value: Some(value.into()) };
        assert!(matches!(shard.replay(&bent), Err(RecordError::Decode(_))));
    }
    assert!(shard.is_empty());
}

#[test]
fn an_empty_id_has_no_partitions_whatever_is_written() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    let record = world.log.last().unwrap().clone();
    let mut value = record.value.unwrap().to_vec();
    value[16] = S::Empty as u8;
    let mut shard = TransactionShard::new(config(TransactionVersion::V2));
    let bent = Record { key: record.key, value: Some(value.into()) };
    assert_eq!(shard.replay(&bent), Ok(Replayed::Applied));
    assert!(shard.describe("a").unwrap().partitions.is_empty());
}

#[test]
fn a_tombstone_of_an_unknown_id_is_nothing() {
    let mut world = World::new();
    world.init("a").unwrap();
    let end = Record { key: world.log[0].key.clone(), value: None };
    let mut shard = TransactionShard::new(config(TransactionVersion::V2));
    assert_eq!(shard.replay(&end), Ok(Replayed::Applied));
    assert!(shard.is_empty());
}

/// Bits flipped and tails cut: an error or another value, no panic, and a shard that works.
#[test]
fn hostile_records_do_no_harm() {
    let mut world = World::new();
    let producer = world.init("abc").unwrap();
    world.add("abc", producer, &[0, 1, 2]).unwrap();
    world.end("abc", producer, true).unwrap();
    let good = world.log.last().unwrap().clone();
    let value = good.value.unwrap();
    for index in 0..value.len() {
        let mut cases = vec![value.slice(..index)];
        for bit in 0..8 {
            let mut bent = value.to_vec();
            bent[index] ^= 1 << bit;
            cases.push(bent.into());
        }
        for value in cases {
            let record = Record { key: good.key.clone(), value: Some(value) };
            let mut shard = TransactionShard::new(config(TransactionVersion::V2));
            let _ = shard.replay(&record);
            let now = Moment { monotonic: 0, wall: i64::MAX };
            let out = shard.loaded(now);
            assert_eq!(out.spoiled, None);
            for at in [0, i64::MAX / 2, i64::MAX] {
                let out = shard.on_time(Moment { monotonic: at, wall: i64::MIN });
                assert_eq!(out.spoiled, None);
            }
        }
    }
    for index in 0..good.key.len() {
        let record = Record { key: good.key.slice(..index), value: Some(value.clone()) };
        let mut shard = TransactionShard::new(config(TransactionVersion::V2));
        assert!(shard.replay(&record).is_err());
    }
}

#[test]
fn keys_hold_the_id() {
    let mut world = World::new();
    world.init("grün").unwrap();
    let mut dec = Dec::new(world.log[0].key.clone());
    assert_eq!(dec.i16().unwrap(), TransactionLogKey::ID);
    let key = TransactionLogKey::decode(&mut dec, 0).unwrap();
    assert_eq!(&*key.transactional_id, "grün");
}

#[test]
fn an_id_is_described() {
    let mut world = World::new();
    assert_eq!(world.shard.describe("a"), Err(E::TransactionalIdNotFound));
    assert_eq!(world.shard.describe(""), Err(E::InvalidRequest));
    let producer = world.init("a").unwrap();
    let described = world.shard.describe("a").unwrap();
    assert_eq!((described.state, described.started_ms), (S::Empty, -1));
    world.add("a", producer, &[1, 0]).unwrap();
    let described = world.shard.describe("a").unwrap();
    assert_eq!(described.producer, producer);
    assert_eq!(described.timeout_ms, TIMEOUT);
    assert_eq!(described.started_ms, world.moment().wall);
    assert_eq!(described.partitions, [("t".into(), vec![0, 1])]);
}

#[test]
fn a_list_is_filtered() {
    let mut world = World::new();
    world.init("empty").unwrap();
    let open = world.init("open").unwrap();
    world.add("open", open, &[0]).unwrap();
    world.pass(500);
    let done = world.init("done").unwrap();
    world.add("done", done, &[0]).unwrap();
    world.end("done", done, true).unwrap();
    world.write_markers();
    let ids = |filter: TransactionFilter, world: &World| -> Vec<String> {
        let listed = world.shard.list(&filter, world.moment().wall);
        listed.map(|one| one.transactional_id.to_string()).collect()
    };
    let all = TransactionFilter { longer_than_ms: -1, ..TransactionFilter::default() };
    assert_eq!(ids(all.clone(), &world), ["done", "empty", "open"]);
    let by_id = TransactionFilter { producer_ids: vec![open.id, 4], ..all.clone() };
    assert_eq!(ids(by_id, &world), ["open"]);
    let states = Some(vec![S::Empty, S::CompleteCommit]);
    let by_state = TransactionFilter { states, ..all.clone() };
    assert_eq!(ids(by_state, &world), ["done", "empty"]);
    let nothing = TransactionFilter { states: Some(vec![]), ..all.clone() };
    assert!(ids(nothing, &world).is_empty());
    for (longer_than_ms, expected) in [
        (0, vec!["empty", "open"]),
        (499, vec!["empty", "open"]),
        (500, vec!["empty"]),
    ] {
        let lasting = TransactionFilter { longer_than_ms, ..all.clone() };
        assert_eq!(ids(lasting, &world), expected);
    }
}

#[test]
fn states_have_kafkas_names_and_numbers() {
    let names = [
        "Empty",
        "Ongoing",
        "PrepareCommit",
        "PrepareAbort",
        "CompleteCommit",
        "CompleteAbort",
        "Dead",
        "PrepareEpochFence",
    ];
    for (number, name) in (0_i8..).zip(names) {
        let state = S::from_name(name).unwrap();
        assert_eq!((state as i8, state.to_string()), (number, name.to_owned()));
        let is_in_log = number < 6;
        assert_eq!(S::from_log(number), is_in_log.then_some(state));
    }
    assert_eq!(S::from_name("empty"), None);
    assert_eq!(S::from_log(8), None);
}
