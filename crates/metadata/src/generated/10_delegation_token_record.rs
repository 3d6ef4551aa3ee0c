//! DelegationTokenRecord, versions 0. A delegation token exists.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A delegation token exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DelegationTokenRecord {
    /// `string`.
    pub owner: Str,
    /// `string`.
    pub requester: Str,
    /// `[]string`.
    pub renewers: Vec<Str>,
    /// `int64`.
    pub issue_timestamp: i64,
    /// `int64`.
    pub max_timestamp: i64,
    /// `int64`.
    pub expiration_timestamp: i64,
    /// `string`.
    pub token_id: Str,
}

impl DelegationTokenRecord {
    /// The number of this record type.
    pub const ID: i16 = 10;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DelegationTokenRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DelegationTokenRecord",
                version,
            });
        }
        let owner = dec.string(true)?;
        let requester = dec.string(true)?;
        let renewers = dec.array(true, 1, |dec| dec.string(true))?;
        let issue_timestamp = dec.i64()?;
        let max_timestamp = dec.i64()?;
        let expiration_timestamp = dec.i64()?;
        let token_id = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            owner,
            requester,
            renewers,
            issue_timestamp,
            max_timestamp,
            expiration_timestamp,
            token_id,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DelegationTokenRecord",
                version,
            });
        }
        enc.string(true, &self.owner)?;
        enc.string(true, &self.requester)?;
        enc.array(true, &self.renewers, |enc, item| enc.string(true, item))?;
        enc.i64(self.issue_timestamp);
        enc.i64(self.max_timestamp);
        enc.i64(self.expiration_timestamp);
        enc.string(true, &self.token_id)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
