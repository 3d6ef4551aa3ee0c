//! Kafka's own bytes, there and back.

use super::*;
use klamm_records::batches;
use proptest::prelude::*;

/// The first batch that Kafka 4.3.1 wrote into the log of a node formatted with `--standalone`.
const KAFKA: &str = "\
0000000000000000000000a2000000010291d71d17002000000002000001a20fb8a72a000001a20fb8a72aff\
ffffffffffffffffffffffffff000000033a0000000800000002260000000000000200000000000200000000\
0000001e00000208000000050a000000010000820100000408000000066e00000200000000662b88757ee14b\
1194fca3dca48e0587020b434f4e54524f4c4c45520a3132372e302e302e3198b5000000000100000000";

fn kafka() -> Bytes {
    let digits: Vec<u8> = KAFKA.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

fn voters() -> VoterSet {
    VoterSet::new([Voter {
        key: ReplicaKey {
            id: NodeId(0),
            directory: "ZiuIdX7hSxGU_KPcpI4Fhw".parse().unwrap(),
        },
        endpoints: vec![Endpoint {
            name: "CONTROLLER".into(),
            host: "127.0.0.1".into(),
            port: 39093,
        }],
        kraft_version_min: 0,
        kraft_version_max: 1,
    }])
}

#[test]
fn the_first_batch_of_a_log_is_kafkas_byte_for_byte() {
    let change = ControlRecord::LeaderChange {
        leader: NodeId(0),
        voters: vec![NodeId(0)],
        granting: vec![NodeId(0)],
    };
    let records = [
        change,
        ControlRecord::KRaftVersion(1),
        ControlRecord::Voters(voters()),
    ];
    let bytes = kafka();
    let view = batches(&bytes).next().unwrap().unwrap();
    view.verify_crc().unwrap();
    let parsed = ControlRecord::of_batch(&view).unwrap();
    let expected: Vec<_> = (0..).map(Offset).zip(records.clone()).collect();
    assert_eq!(parsed, expected);
    let ours = ControlRecord::batch(
        &records,
        Offset(0),
        LeaderEpoch(1),
        view.header().base_timestamp_ms,
    )
    .unwrap();
    assert_eq!(ours, bytes);
}

#[test]
fn every_record_round_trips() {
    let change = ControlRecord::LeaderChange {
        leader: NodeId(3),
        voters: vec![NodeId(1), NodeId(3)],
        granting: vec![],
    };
    for record in [
        change,
        ControlRecord::KRaftVersion(0),
        ControlRecord::Voters(VoterSet::default()),
        ControlRecord::SnapshotHeader { last_timestamp_ms: 77 },
        ControlRecord::SnapshotFooter,
    ] {
        let value = record.value().unwrap();
        assert_eq!(
            ControlRecord::parse(&record.control_type().key(), value),
            Ok(Some(record))
        );
    }
}

#[test]
fn unknown_types_are_passed_over_and_unknown_versions_are_not() {
    let value = Bytes::from_static(&[0, 9, 0, 1, 0]);
    assert_eq!(
        ControlRecord::parse(&[0, 0, 0, 42], value.clone()),
        Ok(None)
    );
    assert!(ControlRecord::parse(&[0, 0, 0, 5], value).is_err());
    assert!(ControlRecord::parse(&[0, 0, 0, 6], Bytes::new()).is_err());
}

proptest! {
    #[test]
    fn mutated_records_never_panic(kind in 2i16..7, at in 0usize..80, byte: u8) {
        let mut value = ControlRecord::Voters(voters()).value().unwrap().to_vec();
        if let Some(b) = value.get_mut(at) { *b = byte; }
        let key = [0, 0, kind.to_be_bytes()[0], kind.to_be_bytes()[1]];
        let _ = ControlRecord::parse(&key, value.into());
    }
}
