//! UpdateRaftVoter (key 82), versions 0. A voter reports its endpoints and the versions it speaks.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// A voter reports its endpoints and the versions it speaks.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRaftVoterRequest {
    /// `string`, nullable.
    pub cluster_id: Option<Str>,
    /// `int32`.
    pub current_leader_epoch: i32,
    /// `int32`.
    pub voter_id: i32,
    /// `uuid`.
    pub voter_directory_id: Uuid,
    /// `[]Listener`.
    pub listeners: Vec<Listener>,
    /// `KRaftVersionFeature`.
    pub kraft_version_feature: KraftVersionFeature,
}

impl Default for UpdateRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: Some(Str::EMPTY),
            current_leader_epoch: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            kraft_version_feature: KraftVersionFeature::default(),
        }
    }
}

impl UpdateRaftVoterRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for UpdateRaftVoterRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UpdateRaftVoterRequest",
                version,
            });
        }
        let cluster_id = dec.nullable_string(true)?;
        let current_leader_epoch = dec.i32()?;
        let voter_id = dec.i32()?;
        let voter_directory_id = dec.uuid()?;
        let listeners = dec.array(true, 5, |dec| Listener::decode(dec, version))?;
        let kraft_version_feature = KraftVersionFeature::decode(dec, version)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            cluster_id,
            current_leader_epoch,
            voter_id,
            voter_directory_id,
            listeners,
            kraft_version_feature,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UpdateRaftVoterRequest",
                version,
            });
        }
        enc.nullable_string(true, self.cluster_id.as_deref())?;
        enc.i32(self.current_leader_epoch);
        enc.i32(self.voter_id);
        enc.uuid(self.voter_directory_id);
        enc.array(true, &self.listeners, |enc, item| item.encode(enc, version))?;
        self.kraft_version_feature.encode(enc, version)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Listener` in [`UpdateRaftVoterRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listener {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for Listener {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `KRaftVersionFeature` in [`UpdateRaftVoterRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KraftVersionFeature {
    /// `int16`.
    pub min_supported_version: i16,
    /// `int16`.
    pub max_supported_version: i16,
}

impl Message for KraftVersionFeature {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let min_supported_version = dec.i16()?;
        let max_supported_version = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { min_supported_version, max_supported_version })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i16(self.min_supported_version);
        enc.i16(self.max_supported_version);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether the report was taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpdateRaftVoterResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `CurrentLeader`, tag 0.
    pub current_leader: CurrentLeader,
}

impl UpdateRaftVoterResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for UpdateRaftVoterResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UpdateRaftVoterResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let mut current_leader = CurrentLeader::default();
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => current_leader = CurrentLeader::decode(dec, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { throttle_time_ms, error_code, current_leader })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UpdateRaftVoterResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.tagged_fields(|tags| {
            if self.current_leader != CurrentLeader::default() {
                tags.field(0, |enc| {
                    self.current_leader.encode(enc, version)?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `CurrentLeader` in [`UpdateRaftVoterResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentLeader {
    /// `int32`, a brokerId, default -1.
    pub leader_id: i32,
    /// `int32`, default -1.
    pub leader_epoch: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
}

impl Default for CurrentLeader {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1, host: Str::EMPTY, port: 0 }
    }
}

impl Message for CurrentLeader {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { leader_id, leader_epoch, host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.string(true, &self.host)?;
        enc.i32(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for UpdateRaftVoterResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for UpdateRaftVoterRequest {
    const KEY: ApiKey = ApiKey::UpdateRaftVoter;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = UpdateRaftVoterResponse;
}
