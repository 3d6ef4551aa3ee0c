//! ShareSnapshotKey and ShareSnapshotValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// A share partition's state, whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareSnapshotKey {
    /// `string`.
    pub group_id: Str,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `int32`.
    pub partition: i32,
}

impl ShareSnapshotKey {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareSnapshotKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ShareSnapshotKey", version });
        }
        let group_id = dec.string(false)?;
        let topic_id = dec.uuid()?;
        let partition = dec.i32()?;
        Ok(Self { group_id, topic_id, partition })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ShareSnapshotKey", version });
        }
        enc.string(false, &self.group_id)?;
        enc.uuid(self.topic_id);
        enc.i32(self.partition);
        Ok(())
    }
}

/// The start and the ranges with their delivery state.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSnapshotValue {
    /// `int32`.
    pub snapshot_epoch: i32,
    /// `int32`.
    pub state_epoch: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `int64`.
    pub start_offset: i64,
    /// `int32`, tag 0, default -1.
    pub delivery_complete_count: i32,
    /// `int64`.
    pub create_timestamp: i64,
    /// `int64`.
    pub write_timestamp: i64,
    /// `[]StateBatch`.
    pub state_batches: Vec<StateBatch>,
}

impl Default for ShareSnapshotValue {
    fn default() -> Self {
        Self {
            snapshot_epoch: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            create_timestamp: 0,
            write_timestamp: 0,
            state_batches: Vec::new(),
        }
    }
}

impl ShareSnapshotValue {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareSnapshotValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ShareSnapshotValue", version });
        }
        let snapshot_epoch = dec.i32()?;
        let state_epoch = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let start_offset = dec.i64()?;
        let mut delivery_complete_count = -1;
        let create_timestamp = dec.i64()?;
        let write_timestamp = dec.i64()?;
        let state_batches = dec.array(true, 20, |dec| StateBatch::decode(dec, version))?;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => delivery_complete_count = dec.i32()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            snapshot_epoch,
            state_epoch,
            leader_epoch,
            start_offset,
            delivery_complete_count,
            create_timestamp,
            write_timestamp,
            state_batches,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ShareSnapshotValue", version });
        }
        enc.i32(self.snapshot_epoch);
        enc.i32(self.state_epoch);
        enc.i32(self.leader_epoch);
        enc.i64(self.start_offset);
        enc.i64(self.create_timestamp);
        enc.i64(self.write_timestamp);
        enc.array(true, &self.state_batches, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.tagged_fields(|tags| {
            if self.delivery_complete_count != -1 {
                tags.field(0, |enc| {
                    enc.i32(self.delivery_complete_count);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `StateBatch` in [`ShareSnapshotValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateBatch {
    /// `int64`.
    pub first_offset: i64,
    /// `int64`.
    pub last_offset: i64,
    /// `int8`.
    pub delivery_state: i8,
    /// `int16`.
    pub delivery_count: i16,
}

impl Message for StateBatch {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let first_offset = dec.i64()?;
        let last_offset = dec.i64()?;
        let delivery_state = dec.i8()?;
        let delivery_count = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { first_offset, last_offset, delivery_state, delivery_count })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.first_offset);
        enc.i64(self.last_offset);
        enc.i8(self.delivery_state);
        enc.i16(self.delivery_count);
        enc.no_tagged_fields();
        Ok(())
    }
}
