//! UnfenceBrokerRecord, versions 0. A broker is no longer fenced (old form).
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// A broker is no longer fenced (old form).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnfenceBrokerRecord {
    /// `int32`, a brokerId.
    pub id: i32,
    /// `int64`.
    pub epoch: i64,
}

impl UnfenceBrokerRecord {
    /// The number of this record type.
    pub const ID: i16 = 8;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for UnfenceBrokerRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UnfenceBrokerRecord",
                version,
            });
        }
        let id = dec.i32()?;
        let epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { id, epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UnfenceBrokerRecord",
                version,
            });
        }
        enc.i32(self.id);
        enc.i64(self.epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}
