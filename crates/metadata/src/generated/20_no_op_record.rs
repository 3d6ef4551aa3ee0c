//! NoOpRecord, versions 0. Nothing; it moves the log's end.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// Nothing; it moves the log's end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NoOpRecord {}

impl NoOpRecord {
    /// The number of this record type.
    pub const ID: i16 = 20;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for NoOpRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "NoOpRecord", version });
        }
        dec.skip_tagged_fields()?;
        Ok(Self {})
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "NoOpRecord", version });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}
