//! PartitionChangeRecord, versions 0-2. What changed in a partition; the rest stays.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// What changed in a partition; the rest stays.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionChangeRecord {
    /// `int32`, default -1.
    pub partition_id: i32,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]int32`, a brokerId, nullable, tag 0, default null.
    pub isr: Option<Vec<i32>>,
    /// `int32`, a brokerId, tag 1, default -2.
    pub leader: i32,
    /// `[]int32`, a brokerId, nullable, tag 2, default null.
    pub replicas: Option<Vec<i32>>,
    /// `[]int32`, a brokerId, nullable, tag 3, default null.
    pub removing_replicas: Option<Vec<i32>>,
    /// `[]int32`, a brokerId, nullable, tag 4, default null.
    pub adding_replicas: Option<Vec<i32>>,
    /// `int8`, tag 5, default -1.
    pub leader_recovery_state: i8,
    /// `[]uuid`, versions 1-2, nullable, tag 8, default null.
    pub directories: Option<Vec<Uuid>>,
    /// `[]int32`, a brokerId, versions 2, nullable, tag 6, default null.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32`, a brokerId, versions 2, nullable, tag 7, default null.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionChangeRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            isr: None,
            leader: -2,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery_state: -1,
            directories: None,
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl PartitionChangeRecord {
    /// The number of this record type.
    pub const ID: i16 = 5;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for PartitionChangeRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "PartitionChangeRecord",
                version,
            });
        }
        let partition_id = dec.i32()?;
        let topic_id = dec.uuid()?;
        let mut isr = None;
        let mut leader = -2;
        let mut replicas = None;
        let mut removing_replicas = None;
        let mut adding_replicas = None;
        let mut leader_recovery_state = -1;
        let mut directories = None;
        let mut eligible_leader_replicas = None;
        let mut last_known_elr = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => isr = dec.nullable_array(true, 4, Dec::i32)?,
                1 => leader = dec.i32()?,
                2 => replicas = dec.nullable_array(true, 4, Dec::i32)?,
                3 => removing_replicas = dec.nullable_array(true, 4, Dec::i32)?,
                4 => adding_replicas = dec.nullable_array(true, 4, Dec::i32)?,
                5 => leader_recovery_state = dec.i8()?,
                8 if version >= 1 => directories = dec.nullable_array(true, 16, Dec::uuid)?,
                6 if version == 2 => {
                    eligible_leader_replicas = dec.nullable_array(true, 4, Dec::i32)?
                }
                7 if version == 2 => last_known_elr = dec.nullable_array(true, 4, Dec::i32)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            partition_id,
            topic_id,
            isr,
            leader,
            replicas,
            removing_replicas,
            adding_replicas,
            leader_recovery_state,
            directories,
            eligible_leader_replicas,
            last_known_elr,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "PartitionChangeRecord",
                version,
            });
        }
        enc.i32(self.partition_id);
        enc.uuid(self.topic_id);
        if version < 1 && self.directories.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionChangeRecord.directories",
                version,
            });
        }
        if version < 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionChangeRecord.eligible_leader_replicas",
                version,
            });
        }
        if version < 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionChangeRecord.last_known_elr",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if self.isr.is_some() {
                tags.field(0, |enc| {
                    enc.nullable_array(true, self.isr.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if self.leader != -2 {
                tags.field(1, |enc| {
                    enc.i32(self.leader);
                    Ok(())
                })?;
            }
            if self.replicas.is_some() {
                tags.field(2, |enc| {
                    enc.nullable_array(true, self.replicas.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if self.removing_replicas.is_some() {
                tags.field(3, |enc| {
                    enc.nullable_array(true, self.removing_replicas.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if self.adding_replicas.is_some() {
                tags.field(4, |enc| {
                    enc.nullable_array(true, self.adding_replicas.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if self.leader_recovery_state != -1 {
                tags.field(5, |enc| {
                    enc.i8(self.leader_recovery_state);
                    Ok(())
                })?;
            }
            if version == 2 && self.eligible_leader_replicas.is_some() {
                tags.field(6, |enc| {
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
                tags.field(7, |enc| {
                    enc.nullable_array(true, self.last_known_elr.as_deref(), |enc, item| {
                        enc.i32(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if version >= 1 && self.directories.is_some() {
                tags.field(8, |enc| {
                    enc.nullable_array(true, self.directories.as_deref(), |enc, item| {
                        enc.uuid(*item);
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
