//! ConsumerProtocolSubscription and ConsumerProtocolAssignment.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// What a classic consumer tells its group's leader: topics, and what it owns.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerProtocolSubscription {
    /// `[]string`.
    pub topics: Vec<Str>,
    /// `bytes`, nullable, default null.
    pub user_data: Option<Bytes>,
    /// `[]TopicPartition`, versions 1-3.
    pub owned_partitions: Vec<ConsumerProtocolSubscriptionTopicPartition>,
    /// `int32`, versions 2-3, default -1.
    pub generation_id: i32,
    /// `string`, versions 3, nullable, default null.
    pub rack_id: Option<Str>,
}

impl Default for ConsumerProtocolSubscription {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl ConsumerProtocolSubscription {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for ConsumerProtocolSubscription {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerProtocolSubscription",
                version,
            });
        }
        let topics = dec.array(false, 2, |dec| dec.string(false))?;
        let user_data = dec.nullable_bytes(false)?;
        let owned_partitions = if version >= 1 {
            dec.array(false, 6, |dec| {
                ConsumerProtocolSubscriptionTopicPartition::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let generation_id = if version >= 2 { dec.i32()? } else { -1 };
        let rack_id = if version == 3 {
            dec.nullable_string(false)?
        } else {
            None
        };
        Ok(Self { topics, user_data, owned_partitions, generation_id, rack_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerProtocolSubscription",
                version,
            });
        }
        enc.array(false, &self.topics, |enc, item| enc.string(false, item))?;
        enc.nullable_bytes(false, self.user_data.as_ref())?;
        if version >= 1 {
            enc.array(false, &self.owned_partitions, |enc, item| {
                item.encode(enc, version)
            })?;
        }
        if version >= 2 {
            enc.i32(self.generation_id);
        }
        if version == 3 {
            enc.nullable_string(false, self.rack_id.as_deref())?;
        }
        Ok(())
    }
}

/// `TopicPartition` in [`ConsumerProtocolSubscription`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerProtocolSubscriptionTopicPartition {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for ConsumerProtocolSubscriptionTopicPartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic = dec.string(false)?;
        let partitions = dec.array(false, 4, Dec::i32)?;
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(false, &self.topic)?;
        enc.array(false, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        Ok(())
    }
}

/// What the leader of a classic group gives a consumer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerProtocolAssignment {
    /// `[]TopicPartition`.
    pub assigned_partitions: Vec<ConsumerProtocolAssignmentTopicPartition>,
    /// `bytes`, nullable, default null.
    pub user_data: Option<Bytes>,
}

impl ConsumerProtocolAssignment {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for ConsumerProtocolAssignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerProtocolAssignment",
                version,
            });
        }
        let assigned_partitions = dec.array(false, 6, |dec| {
            ConsumerProtocolAssignmentTopicPartition::decode(dec, version)
        })?;
        let user_data = dec.nullable_bytes(false)?;
        Ok(Self { assigned_partitions, user_data })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerProtocolAssignment",
                version,
            });
        }
        enc.array(false, &self.assigned_partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_bytes(false, self.user_data.as_ref())?;
        Ok(())
    }
}

/// `TopicPartition` in [`ConsumerProtocolAssignment`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerProtocolAssignmentTopicPartition {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for ConsumerProtocolAssignmentTopicPartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic = dec.string(false)?;
        let partitions = dec.array(false, 4, Dec::i32)?;
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(false, &self.topic)?;
        enc.array(false, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        Ok(())
    }
}
