//! Framing: what Kafka's bytes look like, and what becomes of damaged ones.

use klamm_codec::Str;
use klamm_model::Uuid;

use super::*;
use crate::generated::*;
use crate::testing::records_of_every_type;

#[test]
fn a_topic_record_has_the_bytes_that_kafka_writes() {
    let record = TopicRecord { name: Str::from("foo"), topic_id: Uuid(0x0102) };
    let value = MetadataRecord::from(record)
        .to_value(MetadataVersion::LATEST)
        .unwrap();
    let mut expected = vec![1, 2, 0, 4, b'f', b'o', b'o'];
    expected.extend([0; 14]);
    expected.extend([1, 2, 0]);
    assert_eq!(value, expected);
}

#[test]
fn every_record_comes_back_from_its_bytes() {
    for record in records_of_every_type() {
        let value = record.to_value(MetadataVersion::LATEST).unwrap();
        assert_eq!(MetadataRecord::from_value(value), Ok(record));
    }
}

#[test]
fn records_follow_the_agreed_level() {
    let level = |n| MetadataVersion::from_level(n).unwrap();
    let partition: MetadataRecord = PartitionRecord::default().into();
    let versions: Vec<i16> = [7, 16, 17, 22, 23, 30]
        .map(|n| partition.version_at(level(n)))
        .into();
    assert_eq!(versions, [0, 0, 1, 1, 2, 2]);
    let broker: MetadataRecord = RegisterBrokerRecord::default().into();
    let versions: Vec<i16> = [7, 8, 16, 17, 29, 30]
        .map(|n| broker.version_at(level(n)))
        .into();
    assert_eq!(versions, [1, 2, 2, 3, 3, 4]);
}

#[test]
fn a_newer_record_is_told_from_a_damaged_one() {
    let decode = |bytes: &[u8]| MetadataRecord::from_value(Bytes::copy_from_slice(bytes));
    assert_eq!(decode(&[2, 2, 0]), Err(RecordError::UnknownFrame(2)));
    assert_eq!(
        decode(&[1, 99, 0]),
        Err(RecordError::Unknown { id: 99, version: 0 })
    );
    assert_eq!(
        decode(&[1, 2, 5]),
        Err(RecordError::Unknown { id: 2, version: 5 })
    );
    let far = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    assert_eq!(
        decode(&far),
        Err(RecordError::Unknown { id: u32::MAX, version: 0 })
    );
    assert!(matches!(decode(&[]), Err(RecordError::Damaged(_))));
    // A no-op with one byte too many.
    assert_eq!(
        decode(&[1, 20, 0, 0, 0]),
        Err(RecordError::Damaged(DecodeError::TrailingBytes(1)))
    );
}

#[test]
fn damaged_bytes_never_panic() {
    for record in records_of_every_type() {
        let value = record.to_value(MetadataVersion::LATEST).unwrap();
        for end in 0..value.len() {
            let cut = MetadataRecord::from_value(value.slice(..end));
            assert!(cut.is_err(), "{} cut at {end}", record.name());
        }
        for at in 0..value.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = value.to_vec();
                bytes[at] ^= flip;
                // Whatever it is now, it is a record or an error; and a record replays or is refused.
                if let Ok(other) = MetadataRecord::from_value(bytes.into()) {
                    let _ = crate::Replay::default().record(&other);
                }
            }
        }
    }
}
