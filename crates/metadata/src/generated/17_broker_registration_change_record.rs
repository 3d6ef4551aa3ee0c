//! BrokerRegistrationChangeRecord, versions 0-3. What changed in a broker's registration.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// What changed in a broker's registration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BrokerRegistrationChangeRecord {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`.
    pub broker_epoch: i64,
    /// `int8`, tag 0.
    pub fenced: i8,
    /// `int8`, versions 1-3, tag 1.
    pub in_controlled_shutdown: i8,
    /// `[]uuid`, versions 2-3, tag 2.
    pub log_dirs: Vec<Uuid>,
    /// `[]uuid`, versions 3, nullable, tag 3, default null.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl BrokerRegistrationChangeRecord {
    /// The number of this record type.
    pub const ID: i16 = 17;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for BrokerRegistrationChangeRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BrokerRegistrationChangeRecord",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        let mut fenced = 0;
        let mut in_controlled_shutdown = 0;
        let mut log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => fenced = dec.i8()?,
                1 if version >= 1 => in_controlled_shutdown = dec.i8()?,
                2 if version >= 2 => log_dirs = dec.array(true, 16, Dec::uuid)?,
                3 if version == 3 => cordoned_log_dirs = dec.nullable_array(true, 16, Dec::uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            broker_id,
            broker_epoch,
            fenced,
            in_controlled_shutdown,
            log_dirs,
            cordoned_log_dirs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BrokerRegistrationChangeRecord",
                version,
            });
        }
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        if version < 1 && self.in_controlled_shutdown != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerRegistrationChangeRecord.in_controlled_shutdown",
                version,
            });
        }
        if version < 2 && !self.log_dirs.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerRegistrationChangeRecord.log_dirs",
                version,
            });
        }
        if version < 3 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerRegistrationChangeRecord.cordoned_log_dirs",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if self.fenced != 0 {
                tags.field(0, |enc| {
                    enc.i8(self.fenced);
                    Ok(())
                })?;
            }
            if version >= 1 && self.in_controlled_shutdown != 0 {
                tags.field(1, |enc| {
                    enc.i8(self.in_controlled_shutdown);
                    Ok(())
                })?;
            }
            if version >= 2 && !self.log_dirs.is_empty() {
                tags.field(2, |enc| {
                    enc.array(true, &self.log_dirs, |enc, item| {
                        enc.uuid(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if version == 3 && self.cordoned_log_dirs.is_some() {
                tags.field(3, |enc| {
                    enc.nullable_array(true, self.cordoned_log_dirs.as_deref(), |enc, item| {
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
