//! RegisterBrokerRecord, versions 0-4. A broker has registered an incarnation.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// A broker has registered an incarnation.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterBrokerRecord {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `bool`, versions 2-4.
    pub is_migrating_zk_broker: bool,
    /// `uuid`.
    pub incarnation_id: Uuid,
    /// `int64`.
    pub broker_epoch: i64,
    /// `[]BrokerEndpoint`.
    pub end_points: Vec<BrokerEndpoint>,
    /// `[]BrokerFeature`.
    pub features: Vec<BrokerFeature>,
    /// `string`, nullable.
    pub rack: Option<Str>,
    /// `bool`, default true.
    pub fenced: bool,
    /// `bool`, versions 1-4.
    pub in_controlled_shutdown: bool,
    /// `[]uuid`, versions 3-4, tag 0.
    pub log_dirs: Vec<Uuid>,
    /// `[]uuid`, versions 4, nullable, tag 1, default null.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for RegisterBrokerRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            is_migrating_zk_broker: false,
            incarnation_id: Uuid::ZERO,
            broker_epoch: 0,
            end_points: Vec::new(),
            features: Vec::new(),
            rack: Some(Str::EMPTY),
            fenced: true,
            in_controlled_shutdown: false,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl RegisterBrokerRecord {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for RegisterBrokerRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "RegisterBrokerRecord",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let is_migrating_zk_broker = if version >= 2 { dec.bool()? } else { false };
        let incarnation_id = dec.uuid()?;
        let broker_epoch = dec.i64()?;
        let end_points = dec.array(true, 7, |dec| BrokerEndpoint::decode(dec, version))?;
        let features = dec.array(true, 6, |dec| BrokerFeature::decode(dec, version))?;
        let rack = dec.nullable_string(true)?;
        let fenced = dec.bool()?;
        let in_controlled_shutdown = if version >= 1 { dec.bool()? } else { false };
        let mut log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 if version >= 3 => log_dirs = dec.array(true, 16, Dec::uuid)?,
                1 if version == 4 => cordoned_log_dirs = dec.nullable_array(true, 16, Dec::uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            broker_id,
            is_migrating_zk_broker,
            incarnation_id,
            broker_epoch,
            end_points,
            features,
            rack,
            fenced,
            in_controlled_shutdown,
            log_dirs,
            cordoned_log_dirs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "RegisterBrokerRecord",
                version,
            });
        }
        enc.i32(self.broker_id);
        if version >= 2 {
            enc.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(EncodeError::UnsupportedField {
                field: "RegisterBrokerRecord.is_migrating_zk_broker",
                version,
            });
        }
        enc.uuid(self.incarnation_id);
        enc.i64(self.broker_epoch);
        enc.array(true, &self.end_points, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.features, |enc, item| item.encode(enc, version))?;
        enc.nullable_string(true, self.rack.as_deref())?;
        enc.bool(self.fenced);
        if version >= 1 {
            enc.bool(self.in_controlled_shutdown);
        } else if self.in_controlled_shutdown {
            return Err(EncodeError::UnsupportedField {
                field: "RegisterBrokerRecord.in_controlled_shutdown",
                version,
            });
        }
        if version < 3 && !self.log_dirs.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "RegisterBrokerRecord.log_dirs",
                version,
            });
        }
        if version < 4 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "RegisterBrokerRecord.cordoned_log_dirs",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if version >= 3 && !self.log_dirs.is_empty() {
                tags.field(0, |enc| {
                    enc.array(true, &self.log_dirs, |enc, item| {
                        enc.uuid(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if version == 4 && self.cordoned_log_dirs.is_some() {
                tags.field(1, |enc| {
                    enc.nullable_array(true, self.cordoned_log_dirs.as_deref(), |enc, item| {
                        enc.uuid(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `BrokerEndpoint` in [`RegisterBrokerRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BrokerEndpoint {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
    /// `int16`.
    pub security_protocol: i16,
}

impl Message for BrokerEndpoint {
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

/// `BrokerFeature` in [`RegisterBrokerRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BrokerFeature {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub min_supported_version: i16,
    /// `int16`.
    pub max_supported_version: i16,
}

impl Message for BrokerFeature {
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
