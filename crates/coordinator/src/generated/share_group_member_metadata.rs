//! ShareGroupMemberMetadataKey and ShareGroupMemberMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A member of a share group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMemberMetadataKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
}

impl ShareGroupMemberMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 10;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupMemberMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupMemberMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        let member_id = dec.string(false)?;
        Ok(Self { group_id, member_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupMemberMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.string(false, &self.member_id)?;
        Ok(())
    }
}

/// Its subscription and where it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareGroupMemberMetadataValue {
    /// `string`, nullable.
    pub rack_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `[]string`.
    pub subscribed_topic_names: Vec<Str>,
}

impl Default for ShareGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            rack_id: Some(Str::EMPTY),
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            subscribed_topic_names: Vec::new(),
        }
    }
}

impl ShareGroupMemberMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 10;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupMemberMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupMemberMetadataValue",
                version,
            });
        }
        let rack_id = dec.nullable_string(true)?;
        let client_id = dec.string(true)?;
        let client_host = dec.string(true)?;
        let subscribed_topic_names = dec.array(true, 1, |dec| dec.string(true))?;
        dec.skip_tagged_fields()?;
        Ok(Self { rack_id, client_id, client_host, subscribed_topic_names })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupMemberMetadataValue",
                version,
            });
        }
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.string(true, &self.client_id)?;
        enc.string(true, &self.client_host)?;
        enc.array(true, &self.subscribed_topic_names, |enc, item| {
            enc.string(true, item)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}
