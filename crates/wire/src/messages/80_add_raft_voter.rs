//! AddRaftVoter (key 80), versions 0-1. Adds a voter to the quorum.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Adds a voter to the quorum.
#[derive(Debug, Clone, PartialEq)]
pub struct AddRaftVoterRequest {
    /// `string`, nullable.
    pub cluster_id: Option<Str>,
    /// `int32`.
    pub timeout_ms: i32,
    /// `int32`.
    pub voter_id: i32,
    /// `uuid`.
    pub voter_directory_id: Uuid,
    /// `[]Listener`.
    pub listeners: Vec<Listener>,
    /// `bool`, versions 1, default true.
    pub ack_when_committed: bool,
}

impl Default for AddRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: Some(Str::EMPTY),
            timeout_ms: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            ack_when_committed: true,
        }
    }
}

impl AddRaftVoterRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AddRaftVoterRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddRaftVoterRequest",
                version,
            });
        }
        let cluster_id = dec.nullable_string(true)?;
        let timeout_ms = dec.i32()?;
        let voter_id = dec.i32()?;
        let voter_directory_id = dec.uuid()?;
        let listeners = dec.array(true, 5, |dec| Listener::decode(dec, version))?;
        let ack_when_committed = if version == 1 { dec.bool()? } else { true };
        dec.skip_tagged_fields()?;
        Ok(Self {
            cluster_id,
            timeout_ms,
            voter_id,
            voter_directory_id,
            listeners,
            ack_when_committed,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddRaftVoterRequest",
                version,
            });
        }
        enc.nullable_string(true, self.cluster_id.as_deref())?;
        enc.i32(self.timeout_ms);
        enc.i32(self.voter_id);
        enc.uuid(self.voter_directory_id);
        enc.array(true, &self.listeners, |enc, item| item.encode(enc, version))?;
        if version == 1 {
            enc.bool(self.ack_when_committed);
        } else if !self.ack_when_committed {
            return Err(EncodeError::UnsupportedField {
                field: "AddRaftVoterRequest.ack_when_committed",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Listener` in [`AddRaftVoterRequest`].
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

/// Whether it was added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddRaftVoterResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for AddRaftVoterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl AddRaftVoterResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AddRaftVoterResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddRaftVoterResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddRaftVoterResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for AddRaftVoterResponse {
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

impl Request for AddRaftVoterRequest {
    const KEY: ApiKey = ApiKey::AddRaftVoter;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = AddRaftVoterResponse;
}
