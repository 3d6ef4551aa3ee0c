//! ClearElrRecord, versions 0. The eligible leader replicas of a topic, or of all, are gone.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The eligible leader replicas of a topic, or of all, are gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClearElrRecord {
    /// `string`, a topicName.
    pub topic_name: Str,
}

impl ClearElrRecord {
    /// The number of this record type.
    pub const ID: i16 = 28;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ClearElrRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ClearElrRecord", version });
        }
        let topic_name = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ClearElrRecord", version });
        }
        enc.string(true, &self.topic_name)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
