//! PartitionRecord, versions 0-2. A partition with its replicas and leader.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// A partition with its replicas and leader.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionRecord {
    /// `int32`, default -1.
    pub partition_id: i32,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]int32`, a brokerId.
    pub replicas: Vec<i32>,
    /// `[]int32`.
    pub isr: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub removing_replicas: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub adding_replicas: Vec<i32>,
    /// `int32`, a brokerId, default -1.
    pub leader: i32,
    /// `int8`, tag 0.
    pub leader_recovery_state: i8,
    /// `int32`, default -1.
    pub leader_epoch: i32,
    /// `int32`, default -1.
    pub partition_epoch: i32,
    /// `[]uuid`, versions 1-2.
    pub directories: Vec<Uuid>,
    /// `[]int32`, a brokerId, versions 2, nullable, tag 1, default null.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32`, a brokerId, versions 2, nullable, tag 2, default null.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            replicas: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader: -1,
            leader_recovery_state: 0,
            leader_epoch: -1,
            partition_epoch: -1,
            directories: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl PartitionRecord {
    /// The number of this record type.
    pub const ID: i16 = 3;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for PartitionRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "PartitionRecord", version });
        }
        let partition_id = dec.i32()?;
        let topic_id = dec.uuid()?;
        let replicas = dec.array(true, 4, Dec::i32)?;
        let isr = dec.array(true, 4, Dec::i32)?;
        let removing_replicas = dec.array(true, 4, Dec::i32)?;
        let adding_replicas = dec.array(true, 4, Dec::i32)?;
        let leader = dec.i32()?;
        let mut leader_recovery_state = 0;
        let leader_epoch = dec.i32()?;
        let partition_epoch = dec.i32()?;
        let directories = if version >= 1 {
            dec.array(true, 16, Dec::uuid)?
        } else {
            Vec::new()
        };
        let mut eligible_leader_replicas = None;
        let mut last_known_elr = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => leader_recovery_state = dec.i8()?,
                1 if version == 2 => {
                    eligible_leader_replicas = dec.nullable_array(true, 4, Dec::i32)?
                }
                2 if version == 2 => last_known_elr = dec.nullable_array(true, 4, Dec::i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            partition_id,
            topic_id,
            replicas,
            isr,
            removing_replicas,
            adding_replicas,
            leader,
            leader_recovery_state,
            leader_epoch,
            partition_epoch,
            directories,
            eligible_leader_replicas,
            last_known_elr,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "PartitionRecord", version });
        }
        enc.i32(self.partition_id);
        enc.uuid(self.topic_id);
        enc.array(true, &self.replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.isr, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.removing_replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.adding_replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.i32(self.leader);
        enc.i32(self.leader_epoch);
        enc.i32(self.partition_epoch);
        if version >= 1 {
            enc.array(true, &self.directories, |enc, item| {
                enc.uuid(*item);
                Ok(())
            })?;
        } else if !self.directories.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionRecord.directories",
                version,
            });
        }
        if version < 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionRecord.eligible_leader_replicas",
                version,
            });
        }
        if version < 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionRecord.last_known_elr",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if self.leader_recovery_state != 0 {
                tags.field(0, |enc| {
                    enc.i8(self.leader_recovery_state);
                    Ok(())
                })?;
            }
            if version == 2 && self.eligible_leader_replicas.is_some() {
                tags.field(1, |enc| {
                    enc.nullable_array(
                        true,
                        self.eligible_leader_replicas.as_deref(),
                        |enc, item| {
                            enc.i32(*item);
                            Ok(())
                        },
                    )?;
                    Ok(())
                })?;
            }
            if version == 2 && self.last_known_elr.is_some() {
                tags.field(2, |enc| {
                    enc.nullable_array(true, self.last_known_elr.as_deref(), |enc, item| {
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
