//! FeatureLevelRecord, versions 0. A feature has a level.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A feature has a level.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureLevelRecord {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub feature_level: i16,
}

impl FeatureLevelRecord {
    /// The number of this record type.
    pub const ID: i16 = 12;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for FeatureLevelRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "FeatureLevelRecord", version });
        }
        let name = dec.string(true)?;
        let feature_level = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, feature_level })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "FeatureLevelRecord", version });
        }
        enc.string(true, &self.name)?;
        enc.i16(self.feature_level);
        enc.no_tagged_fields();
        Ok(())
    }
}
