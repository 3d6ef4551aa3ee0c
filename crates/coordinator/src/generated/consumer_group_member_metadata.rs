//! ConsumerGroupMemberMetadataKey and ConsumerGroupMemberMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A member of a consumer group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupMemberMetadataKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
}

impl ConsumerGroupMemberMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 5;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupMemberMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupMemberMetadataKey",
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
                message: "ConsumerGroupMemberMetadataKey",
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
pub struct ConsumerGroupMemberMetadataValue {
    /// `string`, nullable.
    pub instance_id: Option<Str>,
    /// `string`, nullable.
    pub rack_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `[]string`.
    pub subscribed_topic_names: Vec<Str>,
    /// `string`, nullable.
    pub subscribed_topic_regex: Option<Str>,
    /// `int32`, default -1.
    pub rebalance_timeout_ms: i32,
    /// `string`, nullable.
    pub server_assignor: Option<Str>,
    /// `ClassicMemberMetadata`, nullable, tag 0.
    pub classic_member_metadata: Option<Box<ClassicMemberMetadata>>,
}

impl Default for ConsumerGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(Str::EMPTY),
            rack_id: Some(Str::EMPTY),
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: Some(Str::EMPTY),
            rebalance_timeout_ms: -1,
            server_assignor: Some(Str::EMPTY),
            classic_member_metadata: Some(Box::default()),
        }
    }
}

impl ConsumerGroupMemberMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 5;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupMemberMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupMemberMetadataValue",
                version,
            });
        }
        let instance_id = dec.nullable_string(true)?;
        let rack_id = dec.nullable_string(true)?;
        let client_id = dec.string(true)?;
        let client_host = dec.string(true)?;
        let subscribed_topic_names = dec.array(true, 1, |dec| dec.string(true))?;
        let subscribed_topic_regex = dec.nullable_string(true)?;
        let rebalance_timeout_ms = dec.i32()?;
        let server_assignor = dec.nullable_string(true)?;
        let mut classic_member_metadata = Some(Box::default());
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => {
                    classic_member_metadata = if dec.tagged_struct_marker()? {
                        Some(Box::new(ClassicMemberMetadata::decode(dec, version)?))
                    } else {
                        None
                    }
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            instance_id,
            rack_id,
            client_id,
            client_host,
            subscribed_topic_names,
            subscribed_topic_regex,
            rebalance_timeout_ms,
            server_assignor,
            classic_member_metadata,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupMemberMetadataValue",
                version,
            });
        }
        enc.nullable_string(true, self.instance_id.as_deref())?;
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.string(true, &self.client_id)?;
        enc.string(true, &self.client_host)?;
        enc.array(true, &self.subscribed_topic_names, |enc, item| {
            enc.string(true, item)
        })?;
        enc.nullable_string(true, self.subscribed_topic_regex.as_deref())?;
        enc.i32(self.rebalance_timeout_ms);
        enc.nullable_string(true, self.server_assignor.as_deref())?;
        enc.tagged_fields(|tags| {
            if self.classic_member_metadata.as_deref() != Some(&ClassicMemberMetadata::default()) {
                tags.field(0, |enc| {
                    enc.tagged_struct_marker(self.classic_member_metadata.is_some());
                    if let Some(value) = &self.classic_member_metadata {
                        value.encode(enc, version)?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `ClassicMemberMetadata` in [`ConsumerGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassicMemberMetadata {
    /// `int32`.
    pub session_timeout_ms: i32,
    /// `[]ClassicProtocol`.
    pub supported_protocols: Vec<ClassicProtocol>,
}

impl Message for ClassicMemberMetadata {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let session_timeout_ms = dec.i32()?;
        let supported_protocols =
            dec.array(true, 3, |dec| ClassicProtocol::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { session_timeout_ms, supported_protocols })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.session_timeout_ms);
        enc.array(true, &self.supported_protocols, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ClassicProtocol` in [`ConsumerGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassicProtocol {
    /// `string`.
    pub name: Str,
    /// `bytes`.
    pub metadata: Bytes,
}

impl Message for ClassicProtocol {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let metadata = dec.bytes(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, metadata })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.bytes(true, &self.metadata)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
