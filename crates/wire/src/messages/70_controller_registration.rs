//! ControllerRegistration (key 70), versions 0. Registers an incarnation of a controller.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Registers an incarnation of a controller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ControllerRegistrationRequest {
    /// `int32`.
    pub controller_id: i32,
    /// `uuid`.
    pub incarnation_id: Uuid,
    /// `bool`.
    pub zk_migration_ready: bool,
    /// `[]Listener`.
    pub listeners: Vec<Listener>,
    /// `[]Feature`.
    pub features: Vec<Feature>,
}

impl ControllerRegistrationRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ControllerRegistrationRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ControllerRegistrationRequest",
                version,
            });
        }
        let controller_id = dec.i32()?;
        let incarnation_id = dec.uuid()?;
        let zk_migration_ready = dec.bool()?;
        let listeners = dec.array(true, 7, |dec| Listener::decode(dec, version))?;
        let features = dec.array(true, 6, |dec| Feature::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            controller_id,
            incarnation_id,
            zk_migration_ready,
            listeners,
            features,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ControllerRegistrationRequest",
                version,
            });
        }
        enc.i32(self.controller_id);
        enc.uuid(self.incarnation_id);
        enc.bool(self.zk_migration_ready);
        enc.array(true, &self.listeners, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.features, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Listener` in [`ControllerRegistrationRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listener {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
    /// `int16`.
    pub security_protocol: i16,
}

impl Message for Listener {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let host = dec.string(true)?;
        let port = dec.u16()?;
        let security_protocol = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, host, port, security_protocol })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.i16(self.security_protocol);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Feature` in [`ControllerRegistrationRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feature {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub min_supported_version: i16,
    /// `int16`.
    pub max_supported_version: i16,
}

impl Message for Feature {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let min_supported_version = dec.i16()?;
        let max_supported_version = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, min_supported_version, max_supported_version })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i16(self.min_supported_version);
        enc.i16(self.max_supported_version);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether it was registered.
#[derive(Debug, Clone, PartialEq)]
pub struct ControllerRegistrationResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for ControllerRegistrationResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl ControllerRegistrationResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ControllerRegistrationResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ControllerRegistrationResponse",
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
                message: "ControllerRegistrationResponse",
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

impl Response for ControllerRegistrationResponse {
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

impl Request for ControllerRegistrationRequest {
    const KEY: ApiKey = ApiKey::ControllerRegistration;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ControllerRegistrationResponse;
}
