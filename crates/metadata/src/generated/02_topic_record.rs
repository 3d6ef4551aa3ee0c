//! TopicRecord, versions 0. A topic exists.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// A topic exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRecord {
    /// `string`, a topicName.
    pub name: Str,
    /// `uuid`.
    pub topic_id: Uuid,
}

impl TopicRecord {
    /// The number of this record type.
    pub const ID: i16 = 2;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for TopicRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "TopicRecord", version });
        }
        let name = dec.string(true)?;
        let topic_id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, topic_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "TopicRecord", version });
        }
        enc.string(true, &self.name)?;
        enc.uuid(self.topic_id);
        enc.no_tagged_fields();
        Ok(())
    }
}
