//! ShareGroupStatePartitionMetadataKey and ShareGroupStatePartitionMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// The stored state of a share group's partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl ShareGroupStatePartitionMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 15;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupStatePartitionMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupStatePartitionMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupStatePartitionMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Which states exist, are being made, or go.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupStatePartitionMetadataValue {
    /// `[]TopicPartitionsInfo`.
    pub initializing_topics: Vec<TopicPartitionsInfo>,
    /// `[]TopicPartitionsInfo`.
    pub initialized_topics: Vec<TopicPartitionsInfo>,
    /// `[]TopicInfo`.
    pub deleting_topics: Vec<TopicInfo>,
}

impl ShareGroupStatePartitionMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 15;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupStatePartitionMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupStatePartitionMetadataValue",
                version,
            });
        }
        let initializing_topics =
            dec.array(true, 19, |dec| TopicPartitionsInfo::decode(dec, version))?;
        let initialized_topics =
            dec.array(true, 19, |dec| TopicPartitionsInfo::decode(dec, version))?;
        let deleting_topics = dec.array(true, 18, |dec| TopicInfo::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { initializing_topics, initialized_topics, deleting_topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupStatePartitionMetadataValue",
                version,
            });
        }
        enc.array(true, &self.initializing_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.initialized_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.deleting_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicPartitionsInfo` in [`ShareGroupStatePartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitionsInfo {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `string`.
    pub topic_name: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartitionsInfo {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicInfo` in [`ShareGroupStatePartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `string`.
    pub topic_name: Str,
}

impl Message for TopicInfo {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let topic_name = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, topic_name })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.string(true, &self.topic_name)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
