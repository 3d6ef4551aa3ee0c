//! Records of classic groups and of offsets: keys and values as bytes, and back.

use super::command::CommittedOffset;
use super::consumer::{self, Change};
use crate::records::{
    GroupMetadataKey, GroupMetadataValue, LegacyOffsetCommitKey, OffsetCommitKey, OffsetCommitValue,
};
use crate::shard::{Record, RecordError};
use bytes::Bytes;
use klamm_codec::{Dec, Enc, EncodeError, Message, Str};

/// The highest value version that is not flexible: what Kafka writes.
const VALUE_VERSION: i16 = 3;
/// The one offset version with a time to expire.
const OFFSET_WITH_EXPIRY: i16 = 1;

/// A record's meaning.
#[derive(Debug)]
pub(super) enum Meaning {
    Group(Str, Option<GroupMetadataValue>),
    Offset(OffsetCommitKey, Option<OffsetCommitValue>),
    /// Of a group of the consumer protocol.
    Consumer(Str, Box<Change>),
    /// Of a type that neither kind of group writes.
    Other(i16),
}

pub(super) fn bytes_of(
    id: i16,
    message: &impl Message,
    version: i16,
) -> Result<Bytes, EncodeError> {
    bytes_within(RECORD_BYTES, id, message, version)
}

/// The same for a message whose size is known: it gets memory once, and no more than it needs.
fn bytes_within(
    bytes: usize,
    id: i16,
    message: &impl Message,
    version: i16,
) -> Result<Bytes, EncodeError> {
    let mut enc = Enc::with_capacity(bytes);
    enc.i16(id);
    message.encode(&mut enc, version)?;
    Ok(taken(enc))
}

fn taken(enc: Enc) -> Bytes {
    let bytes = enc.finish_bytes();
    bytes.expect("nothing here lies in a file")
}

/// Key and value of most records fit.
const RECORD_BYTES: usize = 128;

/// A group's metadata, or its end.
pub(super) fn group(
    group: &Str,
    value: Option<&GroupMetadataValue>,
) -> Result<Record, EncodeError> {
    let key = GroupMetadataKey { group: group.clone() };
    Ok(Record {
        key: bytes_of(GroupMetadataKey::ID, &key, 0)?,
        value: value
            .map(|value| bytes_of(VALUE_VERSION, value, VALUE_VERSION))
            .transpose()?,
    })
}

/// A committed offset, or its end.
pub(super) fn offset(
    group: &Str,
    topic: &Str,
    partition: i32,
    committed: Option<&CommittedOffset>,
) -> Result<Record, EncodeError> {
    let value = committed.map(|committed| {
        // Two lengths, offset, epoch, times.
        let bytes = 2 + 2 + 8 + 4 + 8 + committed.metadata.len();
        let value = OffsetCommitValue {
            offset: committed.offset,
            leader_epoch: committed.leader_epoch,
            metadata: committed.metadata.clone(),
            commit_timestamp: committed.committed_ms,
            expire_timestamp: committed.expires_ms,
            ..OffsetCommitValue::default()
        };
        if committed.expires_ms >= 0 {
            // The version with an expiry has no epoch.
            let value = OffsetCommitValue { leader_epoch: -1, ..value };
            bytes_within(bytes + 4, OFFSET_WITH_EXPIRY, &value, OFFSET_WITH_EXPIRY)
        } else {
            bytes_within(bytes, VALUE_VERSION, &value, VALUE_VERSION)
        }
    });
    Ok(Record {
        key: offset_key(group, topic, partition)?,
        value: value.transpose()?,
    })
}

/// An [`OffsetCommitKey`] as bytes. Written from what it consists of: a commit would make copies for the struct only.
fn offset_key(group: &Str, topic: &Str, partition: i32) -> Result<Bytes, EncodeError> {
    let mut enc = Enc::with_capacity(2 + 2 + group.len() + 2 + topic.len() + 4);
    enc.i16(OffsetCommitKey::ID);
    enc.string(false, group)?;
    enc.string(false, topic)?;
    enc.i32(partition);
    Ok(taken(enc))
}

/// Reads a record.
pub(super) fn read(record: &Record) -> Result<Meaning, RecordError> {
    let mut key = Dec::new(record.key.clone());
    Ok(match key.i16()? {
        // Type 0 has the same fields under another number.
        LegacyOffsetCommitKey::ID | OffsetCommitKey::ID => {
            let key = OffsetCommitKey::decode(&mut key, 0)?;
            Meaning::Offset(key, value_of(record)?)
        }
        GroupMetadataKey::ID => {
            let key = GroupMetadataKey::decode(&mut key, 0)?;
            Meaning::Group(key.group, value_of(record)?)
        }
        other => match consumer::read(other, &mut key, record)? {
            Some((group, change)) => Meaning::Consumer(group, Box::new(change)),
            None => Meaning::Other(other),
        },
    })
}

pub(super) fn value_of<M: Message>(record: &Record) -> Result<Option<M>, RecordError> {
    let Some(value) = &record.value else {
        return Ok(None);
    };
    let mut dec = Dec::new(value.clone());
    let version = dec.i16()?;
    Ok(Some(M::decode(&mut dec, version)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offsets_key_is_written_as_its_struct_would_be() {
        let (group, topic) = (Str::from("grüezi"), Str::from("topic"));
        let key = OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition: 7 };
        let generated = bytes_of(OffsetCommitKey::ID, &key, 0).unwrap();
        assert_eq!(offset_key(&group, &topic, 7).unwrap(), generated);
    }

    #[test]
    fn offsets_come_back_with_and_without_an_expiry() {
        for expires_ms in [-1, 9] {
            let committed = CommittedOffset {
                offset: 5,
                leader_epoch: -1,
                metadata: "note".into(),
                committed_ms: 3,
                expires_ms,
            };
            let record = offset(&"g".into(), &"t".into(), 1, Some(&committed)).unwrap();
            let Meaning::Offset(key, Some(value)) = read(&record).unwrap() else {
                panic!("{record:?}");
            };
            assert_eq!((&*key.group, &*key.topic, key.partition), ("g", "t", 1));
            let read = (value.offset, value.commit_timestamp, value.expire_timestamp);
            assert_eq!(read, (5, 3, expires_ms));
            assert_eq!(value.metadata, "note");
        }
    }
}
