//! ConsumerGroupPartitionMetadataKey and ConsumerGroupPartitionMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// The partition counts that a consumer group saw (no longer written).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl ConsumerGroupPartitionMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 4;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupPartitionMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupPartitionMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupPartitionMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// The partition counts of its topics (no longer written).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupPartitionMetadataValue {
    /// `[]TopicMetadata`.
    pub topics: Vec<TopicMetadata>,
}

impl ConsumerGroupPartitionMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 4;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupPartitionMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupPartitionMetadataValue",
                version,
            });
        }
        let topics = dec.array(true, 23, |dec| TopicMetadata::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupPartitionMetadataValue",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicMetadata` in [`ConsumerGroupPartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicMetadata {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `string`.
    pub topic_name: Str,
    /// `int32`.
    pub num_partitions: i32,
    /// `[]PartitionMetadata`.
    pub partition_metadata: Vec<PartitionMetadata>,
}

impl Message for TopicMetadata {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let topic_name = dec.string(true)?;
        let num_partitions = dec.i32()?;
        let partition_metadata =
            dec.array(true, 6, |dec| PartitionMetadata::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, topic_name, num_partitions, partition_metadata })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.string(true, &self.topic_name)?;
        enc.i32(self.num_partitions);
        enc.array(true, &self.partition_metadata, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionMetadata` in [`ConsumerGroupPartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionMetadata {
    /// `int32`.
    pub partition: i32,
    /// `[]string`.
    pub racks: Vec<Str>,
}

impl Message for PartitionMetadata {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let racks = dec.array(true, 1, |dec| dec.string(true))?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition, racks })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.array(true, &self.racks, |enc, item| enc.string(true, item))?;
        enc.no_tagged_fields();
        Ok(())
    }
}
