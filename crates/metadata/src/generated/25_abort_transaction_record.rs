//! AbortTransactionRecord, versions 0. The records since the beginning have no effect.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The records since the beginning have no effect.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AbortTransactionRecord {
    /// `string`, nullable, tag 0, default null.
    pub reason: Option<Str>,
}

impl AbortTransactionRecord {
    /// The number of this record type.
    pub const ID: i16 = 25;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AbortTransactionRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AbortTransactionRecord",
                version,
            });
        }
        let mut reason = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => reason = dec.nullable_string(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { reason })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AbortTransactionRecord",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if self.reason.is_some() {
                tags.field(0, |enc| {
                    enc.nullable_string(true, self.reason.as_deref())?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
