//! BeginTransactionRecord, versions 0. The records that follow take effect together.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The records that follow take effect together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BeginTransactionRecord {
    /// `string`, nullable, tag 0, default null.
    pub name: Option<Str>,
}

impl BeginTransactionRecord {
    /// The number of this record type.
    pub const ID: i16 = 23;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for BeginTransactionRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BeginTransactionRecord",
                version,
            });
        }
        let mut name = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => name = dec.nullable_string(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BeginTransactionRecord",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if self.name.is_some() {
                tags.field(0, |enc| {
                    enc.nullable_string(true, self.name.as_deref())?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
