//! StreamsGroupMemberMetadataKey and StreamsGroupMemberMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A member of a streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupMemberMetadataKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
}

impl StreamsGroupMemberMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 19;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupMemberMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupMemberMetadataKey",
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
                message: "StreamsGroupMemberMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.string(false, &self.member_id)?;
        Ok(())
    }
}

/// Its process, endpoint and tags.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupMemberMetadataValue {
    /// `string`, nullable.
    pub instance_id: Option<Str>,
    /// `string`, nullable.
    pub rack_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `int32`, default -1.
    pub rebalance_timeout_ms: i32,
    /// `int32`.
    pub topology_epoch: i32,
    /// `string`.
    pub process_id: Str,
    /// `Endpoint`, nullable, default null.
    pub user_endpoint: Option<Box<Endpoint>>,
    /// `[]KeyValue`.
    pub client_tags: Vec<KeyValue>,
}

impl Default for StreamsGroupMemberMetadataValue {
    fn default() -> Self {
        Self {
            instance_id: Some(Str::EMPTY),
            rack_id: Some(Str::EMPTY),
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            rebalance_timeout_ms: -1,
            topology_epoch: 0,
            process_id: Str::EMPTY,
            user_endpoint: None,
            client_tags: Vec::new(),
        }
    }
}

impl StreamsGroupMemberMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 19;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupMemberMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupMemberMetadataValue",
                version,
            });
        }
        let instance_id = dec.nullable_string(true)?;
        let rack_id = dec.nullable_string(true)?;
        let client_id = dec.string(true)?;
        let client_host = dec.string(true)?;
        let rebalance_timeout_ms = dec.i32()?;
        let topology_epoch = dec.i32()?;
        let process_id = dec.string(true)?;
        let user_endpoint = if dec.struct_marker()? {
            Some(Box::new(Endpoint::decode(dec, version)?))
        } else {
            None
        };
        let client_tags = dec.array(true, 3, |dec| KeyValue::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            instance_id,
            rack_id,
            client_id,
            client_host,
            rebalance_timeout_ms,
            topology_epoch,
            process_id,
            user_endpoint,
            client_tags,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupMemberMetadataValue",
                version,
            });
        }
        enc.nullable_string(true, self.instance_id.as_deref())?;
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.string(true, &self.client_id)?;
        enc.string(true, &self.client_host)?;
        enc.i32(self.rebalance_timeout_ms);
        enc.i32(self.topology_epoch);
        enc.string(true, &self.process_id)?;
        enc.struct_marker(self.user_endpoint.is_some());
        if let Some(value) = &self.user_endpoint {
            value.encode(enc, version)?;
        }
        enc.array(true, &self.client_tags, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Endpoint` in [`StreamsGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for Endpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `KeyValue` in [`StreamsGroupMemberMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyValue {
    /// `string`.
    pub key: Str,
    /// `string`.
    pub value: Str,
}

impl Message for KeyValue {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let key = dec.string(true)?;
        let value = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { key, value })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.key)?;
        enc.string(true, &self.value)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
