//! BrokerRegistration (key 62), versions 0-4. Registers an incarnation of a broker.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Registers an incarnation of a broker.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerRegistrationRequest {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `string`.
    pub cluster_id: Str,
    /// `uuid`.
    pub incarnation_id: Uuid,
    /// `[]Listener`.
    pub listeners: Vec<Listener>,
    /// `[]Feature`.
    pub features: Vec<Feature>,
    /// `string`, nullable.
    pub rack: Option<Str>,
    /// `bool`, versions 1-4.
    pub is_migrating_zk_broker: bool,
    /// `[]uuid`, versions 2-4.
    pub log_dirs: Vec<Uuid>,
    /// `int64`, versions 3-4, default -1.
    pub previous_broker_epoch: i64,
}

impl Default for BrokerRegistrationRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            cluster_id: Str::EMPTY,
            incarnation_id: Uuid::ZERO,
            listeners: Vec::new(),
            features: Vec::new(),
            rack: Some(Str::EMPTY),
            is_migrating_zk_broker: false,
            log_dirs: Vec::new(),
            previous_broker_epoch: -1,
        }
    }
}

impl BrokerRegistrationRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for BrokerRegistrationRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BrokerRegistrationRequest",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let cluster_id = dec.string(true)?;
        let incarnation_id = dec.uuid()?;
        let listeners = dec.array(true, 7, |dec| Listener::decode(dec, version))?;
        let features = dec.array(true, 6, |dec| Feature::decode(dec, version))?;
        let rack = dec.nullable_string(true)?;
        let is_migrating_zk_broker = if version >= 1 { dec.bool()? } else { false };
        let log_dirs = if version >= 2 {
            dec.array(true, 16, Dec::uuid)?
        } else {
            Vec::new()
        };
        let previous_broker_epoch = if version >= 3 { dec.i64()? } else { -1 };
        dec.skip_tagged_fields()?;
        Ok(Self {
            broker_id,
            cluster_id,
            incarnation_id,
            listeners,
            features,
            rack,
            is_migrating_zk_broker,
            log_dirs,
            previous_broker_epoch,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BrokerRegistrationRequest",
                version,
            });
        }
        enc.i32(self.broker_id);
        enc.string(true, &self.cluster_id)?;
        enc.uuid(self.incarnation_id);
        enc.array(true, &self.listeners, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.features, |enc, item| item.encode(enc, version))?;
        enc.nullable_string(true, self.rack.as_deref())?;
        if version >= 1 {
            enc.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerRegistrationRequest.is_migrating_zk_broker",
                version,
            });
        }
        if version >= 2 {
            enc.array(true, &self.log_dirs, |enc, item| {
                enc.uuid(*item);
                Ok(())
            })?;
        }
        if version >= 3 {
            enc.i64(self.previous_broker_epoch);
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Listener` in [`BrokerRegistrationRequest`].
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

/// `Feature` in [`BrokerRegistrationRequest`].
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

/// The epoch that it got.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerRegistrationResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`, default -1.
    pub broker_epoch: i64,
}

impl Default for BrokerRegistrationResponse {
    fn default() -> Self {
        Self { throttle_time_ms: 0, error_code: 0, broker_epoch: -1 }
    }
}

impl BrokerRegistrationResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for BrokerRegistrationResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BrokerRegistrationResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let broker_epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, broker_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BrokerRegistrationResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.i64(self.broker_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for BrokerRegistrationResponse {
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

impl Request for BrokerRegistrationRequest {
    const KEY: ApiKey = ApiKey::BrokerRegistration;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = BrokerRegistrationResponse;
}
