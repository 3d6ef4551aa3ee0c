//! EndTransactionRecord, versions 0. The records since the beginning take effect.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// The records since the beginning take effect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndTransactionRecord {}

impl EndTransactionRecord {
    /// The number of this record type.
    pub const ID: i16 = 24;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for EndTransactionRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "EndTransactionRecord",
                version,
            });
        }
        dec.skip_tagged_fields()?;
        Ok(Self {})
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "EndTransactionRecord",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}
