//! RemoveAccessControlEntryRecord, versions 0. An access rule is gone.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// An access rule is gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoveAccessControlEntryRecord {
    /// `uuid`.
    pub id: Uuid,
}

impl RemoveAccessControlEntryRecord {
    /// The number of this record type.
    pub const ID: i16 = 19;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for RemoveAccessControlEntryRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "RemoveAccessControlEntryRecord",
                version,
            });
        }
        let id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "RemoveAccessControlEntryRecord",
                version,
            });
        }
        enc.uuid(self.id);
        enc.no_tagged_fields();
        Ok(())
    }
}
