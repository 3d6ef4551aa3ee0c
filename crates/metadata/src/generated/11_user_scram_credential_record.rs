//! UserScramCredentialRecord, versions 0. A user has a SCRAM credential.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A user has a SCRAM credential.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserScramCredentialRecord {
    /// `string`.
    pub name: Str,
    /// `int8`.
    pub mechanism: i8,
    /// `bytes`.
    pub salt: Bytes,
    /// `bytes`.
    pub stored_key: Bytes,
    /// `bytes`.
    pub server_key: Bytes,
    /// `int32`.
    pub iterations: i32,
}

impl UserScramCredentialRecord {
    /// The number of this record type.
    pub const ID: i16 = 11;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for UserScramCredentialRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UserScramCredentialRecord",
                version,
            });
        }
        let name = dec.string(true)?;
        let mechanism = dec.i8()?;
        let salt = dec.bytes(true)?;
        let stored_key = dec.bytes(true)?;
        let server_key = dec.bytes(true)?;
        let iterations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, mechanism, salt, stored_key, server_key, iterations })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UserScramCredentialRecord",
                version,
            });
        }
        enc.string(true, &self.name)?;
        enc.i8(self.mechanism);
        enc.bytes(true, &self.salt)?;
        enc.bytes(true, &self.stored_key)?;
        enc.bytes(true, &self.server_key)?;
        enc.i32(self.iterations);
        enc.no_tagged_fields();
        Ok(())
    }
}
