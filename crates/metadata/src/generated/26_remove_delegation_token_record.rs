//! RemoveDelegationTokenRecord, versions 0. A delegation token is gone.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A delegation token is gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoveDelegationTokenRecord {
    /// `string`.
    pub token_id: Str,
}

impl RemoveDelegationTokenRecord {
    /// The number of this record type.
    pub const ID: i16 = 26;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for RemoveDelegationTokenRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "RemoveDelegationTokenRecord",
                version,
            });
        }
        let token_id = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { token_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "RemoveDelegationTokenRecord",
                version,
            });
        }
        enc.string(true, &self.token_id)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
