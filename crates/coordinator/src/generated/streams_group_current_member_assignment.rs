//! StreamsGroupCurrentMemberAssignmentKey and StreamsGroupCurrentMemberAssignmentValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The current assignment of a member of a streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
}

impl StreamsGroupCurrentMemberAssignmentKey {
    /// The number of this record type.
    pub const ID: i16 = 22;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupCurrentMemberAssignmentKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupCurrentMemberAssignmentKey",
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
                message: "StreamsGroupCurrentMemberAssignmentKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.string(false, &self.member_id)?;
        Ok(())
    }
}

/// The tasks that the member has, and those it still gives up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupCurrentMemberAssignmentValue {
    /// `int32`.
    pub member_epoch: i32,
    /// `int32`.
    pub previous_member_epoch: i32,
    /// `int8`.
    pub state: i8,
    /// `[]TaskIds`.
    pub active_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub standby_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub warmup_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub active_tasks_pending_revocation: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub standby_tasks_pending_revocation: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub warmup_tasks_pending_revocation: Vec<TaskIds>,
}

impl StreamsGroupCurrentMemberAssignmentValue {
    /// The number of this record type.
    pub const ID: i16 = 22;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupCurrentMemberAssignmentValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupCurrentMemberAssignmentValue",
                version,
            });
        }
        let member_epoch = dec.i32()?;
        let previous_member_epoch = dec.i32()?;
        let state = dec.i8()?;
        let active_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let standby_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let warmup_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let active_tasks_pending_revocation =
            dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let standby_tasks_pending_revocation =
            dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let warmup_tasks_pending_revocation =
            dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            member_epoch,
            previous_member_epoch,
            state,
            active_tasks,
            standby_tasks,
            warmup_tasks,
            active_tasks_pending_revocation,
            standby_tasks_pending_revocation,
            warmup_tasks_pending_revocation,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupCurrentMemberAssignmentValue",
                version,
            });
        }
        enc.i32(self.member_epoch);
        enc.i32(self.previous_member_epoch);
        enc.i8(self.state);
        enc.array(true, &self.active_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.standby_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.warmup_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.active_tasks_pending_revocation, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.standby_tasks_pending_revocation, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.warmup_tasks_pending_revocation, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskIds` in [`StreamsGroupCurrentMemberAssignmentValue`].
#[derive(Debug, Clone, PartialEq)]
pub struct TaskIds {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
    /// `[]int32`, nullable, tag 0.
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TaskIds {
    fn default() -> Self {
        Self {
            subtopology_id: Str::EMPTY,
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl Message for TaskIds {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        let mut assignment_epochs = Some(Vec::new());
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => assignment_epochs = dec.nullable_array(true, 4, Dec::i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { subtopology_id, partitions, assignment_epochs })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.tagged_fields(|tags| {
            if self
                .assignment_epochs
                .as_ref()
                .is_none_or(|value| !value.is_empty())
            {
                tags.field(0, |enc| {
                    enc.nullable_array(true, self.assignment_epochs.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
