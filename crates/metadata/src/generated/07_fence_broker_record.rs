//! FenceBrokerRecord, versions 0. A broker is fenced (old form).
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// A broker is fenced (old form).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FenceBrokerRecord {
    /// `int32`, a brokerId.
    pub id: i32,
    /// `int64`.
    pub epoch: i64,
}

impl FenceBrokerRecord {
    /// The number of this record type.
    pub const ID: i16 = 7;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for FenceBrokerRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "FenceBrokerRecord", version });
        }
        let id = dec.i32()?;
        let epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { id, epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "FenceBrokerRecord", version });
        }
        enc.i32(self.id);
        enc.i64(self.epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}
