//! GroupMetadataKey and GroupMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A classic group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupMetadataKey {
    /// `string`.
    pub group: Str,
}

impl GroupMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 2;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for GroupMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "GroupMetadataKey", version });
        }
        let group = dec.string(false)?;
        Ok(Self { group })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "GroupMetadataKey", version });
        }
        enc.string(false, &self.group)?;
        Ok(())
    }
}

/// Its generation, members and assignments.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMetadataValue {
    /// `string`.
    pub protocol_type: Str,
    /// `int32`.
    pub generation: i32,
    /// `string`, nullable.
    pub protocol: Option<Str>,
    /// `string`, nullable.
    pub leader: Option<Str>,
    /// `int64`, versions 2-4, default -1.
    pub current_state_timestamp: i64,
    /// `[]MemberMetadata`.
    pub members: Vec<MemberMetadata>,
}

impl Default for GroupMetadataValue {
    fn default() -> Self {
        Self {
            protocol_type: Str::EMPTY,
            generation: 0,
            protocol: Some(Str::EMPTY),
            leader: Some(Str::EMPTY),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

impl GroupMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 2;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for GroupMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "GroupMetadataValue", version });
        }
        let flexible = version == 4;
        let protocol_type = dec.string(flexible)?;
        let generation = dec.i32()?;
        let protocol = dec.nullable_string(flexible)?;
        let leader = dec.nullable_string(flexible)?;
        let current_state_timestamp = if version >= 2 { dec.i64()? } else { -1 };
        let members = dec.array(flexible, 15, |dec| MemberMetadata::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            protocol_type,
            generation,
            protocol,
            leader,
            current_state_timestamp,
            members,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "GroupMetadataValue", version });
        }
        let flexible = version == 4;
        enc.string(flexible, &self.protocol_type)?;
        enc.i32(self.generation);
        enc.nullable_string(flexible, self.protocol.as_deref())?;
        enc.nullable_string(flexible, self.leader.as_deref())?;
        if version >= 2 {
            enc.i64(self.current_state_timestamp);
        }
        enc.array(flexible, &self.members, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MemberMetadata` in [`GroupMetadataValue`].
#[derive(Debug, Clone, PartialEq)]
pub struct MemberMetadata {
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 3-4, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `int32`, versions 1-4, default -1.
    pub rebalance_timeout: i32,
    /// `int32`.
    pub session_timeout: i32,
    /// `bytes`.
    pub subscription: Bytes,
    /// `bytes`.
    pub assignment: Bytes,
}

impl Default for MemberMetadata {
    fn default() -> Self {
        Self {
            member_id: Str::EMPTY,
            group_instance_id: None,
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Bytes::new(),
            assignment: Bytes::new(),
        }
    }
}

impl Message for MemberMetadata {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 3 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let client_id = dec.string(flexible)?;
        let client_host = dec.string(flexible)?;
        let rebalance_timeout = if version >= 1 { dec.i32()? } else { -1 };
        let session_timeout = dec.i32()?;
        let subscription = dec.bytes(flexible)?;
        let assignment = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            member_id,
            group_instance_id,
            client_id,
            client_host,
            rebalance_timeout,
            session_timeout,
            subscription,
            assignment,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.string(flexible, &self.member_id)?;
        if version >= 3 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        }
        enc.string(flexible, &self.client_id)?;
        enc.string(flexible, &self.client_host)?;
        if version >= 1 {
            enc.i32(self.rebalance_timeout);
        }
        enc.i32(self.session_timeout);
        enc.bytes(flexible, &self.subscription)?;
        enc.bytes(flexible, &self.assignment)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}
