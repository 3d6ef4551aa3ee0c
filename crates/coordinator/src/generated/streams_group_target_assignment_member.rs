//! StreamsGroupTargetAssignmentMemberKey and StreamsGroupTargetAssignmentMemberValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The target of a member of a streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
}

impl StreamsGroupTargetAssignmentMemberKey {
    /// The number of this record type.
    pub const ID: i16 = 21;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTargetAssignmentMemberKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMemberKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        let member_id = dec.string(false)?;
        Ok(Self { group_id, member_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMemberKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.string(false, &self.member_id)?;
        Ok(())
    }
}

/// The tasks that the member should have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMemberValue {
    /// `[]TaskIds`.
    pub active_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub standby_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub warmup_tasks: Vec<TaskIds>,
}

impl StreamsGroupTargetAssignmentMemberValue {
    /// The number of this record type.
    pub const ID: i16 = 21;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTargetAssignmentMemberValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMemberValue",
                version,
            });
        }
        let active_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let standby_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let warmup_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { active_tasks, standby_tasks, warmup_tasks })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMemberValue",
                version,
            });
        }
        enc.array(true, &self.active_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.standby_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.warmup_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskIds` in [`StreamsGroupTargetAssignmentMemberValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskIds {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TaskIds {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { subtopology_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}
