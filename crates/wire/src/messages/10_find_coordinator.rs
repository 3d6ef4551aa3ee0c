//! FindCoordinator (key 10), versions 0-6. Asks which broker coordinates a group, a transaction or a share partition.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks which broker coordinates a group, a transaction or a share partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FindCoordinatorRequest {
    /// `string`, versions 0-3.
    pub key: Str,
    /// `int8`, versions 1-6.
    pub key_type: i8,
    /// `[]string`, versions 4-6.
    pub coordinator_keys: Vec<Str>,
}

impl FindCoordinatorRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for FindCoordinatorRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "FindCoordinatorRequest",
                version,
            });
        }
        let flexible = version >= 3;
        let key = if version <= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let key_type = if version >= 1 { dec.i8()? } else { 0 };
        let coordinator_keys = if version >= 4 {
            dec.array(flexible, 1, |dec| dec.string(flexible))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { key, key_type, coordinator_keys })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "FindCoordinatorRequest",
                version,
            });
        }
        let flexible = version >= 3;
        if version <= 3 {
            enc.string(flexible, &self.key)?;
        } else if !self.key.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorRequest.key",
                version,
            });
        }
        if version >= 1 {
            enc.i8(self.key_type);
        } else if self.key_type != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorRequest.key_type",
                version,
            });
        }
        if version >= 4 {
            enc.array(flexible, &self.coordinator_keys, |enc, item| {
                enc.string(flexible, item)
            })?;
        } else if !self.coordinator_keys.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorRequest.coordinator_keys",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The coordinators asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FindCoordinatorResponse {
    /// `int32`, versions 1-6.
    pub throttle_time_ms: i32,
    /// `int16`, versions 0-3.
    pub error_code: i16,
    /// `string`, versions 1-3, nullable.
    pub error_message: Option<Str>,
    /// `int32`, a brokerId, versions 0-3.
    pub node_id: i32,
    /// `string`, versions 0-3.
    pub host: Str,
    /// `int32`, versions 0-3.
    pub port: i32,
    /// `[]Coordinator`, versions 4-6.
    pub coordinators: Vec<Coordinator>,
}

impl Default for FindCoordinatorResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            node_id: 0,
            host: Str::EMPTY,
            port: 0,
            coordinators: Vec::new(),
        }
    }
}

impl FindCoordinatorResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for FindCoordinatorResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "FindCoordinatorResponse",
                version,
            });
        }
        let flexible = version >= 3;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let error_code = if version <= 3 { dec.i16()? } else { 0 };
        let error_message = if (1..=3).contains(&version) {
            dec.nullable_string(flexible)?
        } else {
            Some(Str::EMPTY)
        };
        let node_id = if version <= 3 { dec.i32()? } else { 0 };
        let host = if version <= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let port = if version <= 3 { dec.i32()? } else { 0 };
        let coordinators = if version >= 4 {
            dec.array(flexible, 14, |dec| Coordinator::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            node_id,
            host,
            port,
            coordinators,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "FindCoordinatorResponse",
                version,
            });
        }
        let flexible = version >= 3;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        if version <= 3 {
            enc.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorResponse.error_code",
                version,
            });
        }
        if (1..=3).contains(&version) {
            enc.nullable_string(flexible, self.error_message.as_deref())?;
        }
        if version <= 3 {
            enc.i32(self.node_id);
        } else if self.node_id != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorResponse.node_id",
                version,
            });
        }
        if version <= 3 {
            enc.string(flexible, &self.host)?;
        } else if !self.host.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorResponse.host",
                version,
            });
        }
        if version <= 3 {
            enc.i32(self.port);
        } else if self.port != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorResponse.port",
                version,
            });
        }
        if version >= 4 {
            enc.array(flexible, &self.coordinators, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.coordinators.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FindCoordinatorResponse.coordinators",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `Coordinator` in [`FindCoordinatorResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinator {
    /// `string`.
    pub key: Str,
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for Coordinator {
    fn default() -> Self {
        Self {
            key: Str::EMPTY,
            node_id: 0,
            host: Str::EMPTY,
            port: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl Message for Coordinator {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let key = dec.string(true)?;
        let node_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { key, node_id, host, port, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.key)?;
        enc.i32(self.node_id);
        enc.string(true, &self.host)?;
        enc.i32(self.port);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Coordinator {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for FindCoordinatorResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.coordinators {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for FindCoordinatorRequest {
    const KEY: ApiKey = ApiKey::FindCoordinator;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = FindCoordinatorResponse;
}
