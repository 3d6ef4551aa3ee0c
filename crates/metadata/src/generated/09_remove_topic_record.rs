//! RemoveTopicRecord, versions 0. A topic is gone, with all its partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// A topic is gone, with all its partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RemoveTopicRecord {
    /// `uuid`.
    pub topic_id: Uuid,
}

impl RemoveTopicRecord {
    /// The number of this record type.
    pub const ID: i16 = 9;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for RemoveTopicRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "RemoveTopicRecord", version });
        }
        let topic_id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "RemoveTopicRecord", version });
        }
        enc.uuid(self.topic_id);
        enc.no_tagged_fields();
        Ok(())
    }
}
