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
    let mut enc = Enc::new();
    enc.i16(id);
    message.encode(&mut enc, version)?;
    let bytes = enc.finish().into_bytes();
    Ok(bytes.expect("nothing here lies in a file"))
}

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
    let key = OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition };
    let value = committed.map(|committed| {
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
            bytes_of(OFFSET_WITH_EXPIRY, &value, OFFSET_WITH_EXPIRY)
        } else {
            bytes_of(VALUE_VERSION, &value, VALUE_VERSION)
        }
    });
    Ok(Record {
        key: bytes_of(OffsetCommitKey::ID, &key, 0)?,
        value: value.transpose()?,
    })
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
