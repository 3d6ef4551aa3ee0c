//! RemoveUserScramCredentialRecord, versions 0. A user's SCRAM credential is gone.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A user's SCRAM credential is gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoveUserScramCredentialRecord {
    /// `string`.
    pub name: Str,
    /// `int8`.
    pub mechanism: i8,
}

impl RemoveUserScramCredentialRecord {
    /// The number of this record type.
    pub const ID: i16 = 22;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for RemoveUserScramCredentialRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "RemoveUserScramCredentialRecord",
                version,
            });
        }
        let name = dec.string(true)?;
        let mechanism = dec.i8()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, mechanism })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "RemoveUserScramCredentialRecord",
                version,
            });
        }
        enc.string(true, &self.name)?;
        enc.i8(self.mechanism);
        enc.no_tagged_fields();
        Ok(())
    }
}
