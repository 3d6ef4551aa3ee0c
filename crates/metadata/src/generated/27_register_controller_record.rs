//! RegisterControllerRecord, versions 0. A controller has registered an incarnation.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// A controller has registered an incarnation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegisterControllerRecord {
    /// `int32`.
    pub controller_id: i32,
    /// `uuid`.
    pub incarnation_id: Uuid,
    /// `bool`.
    pub zk_migration_ready: bool,
    /// `[]ControllerEndpoint`.
    pub end_points: Vec<ControllerEndpoint>,
    /// `[]ControllerFeature`.
    pub features: Vec<ControllerFeature>,
}

impl RegisterControllerRecord {
    /// The number of this record type.
    pub const ID: i16 = 27;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for RegisterControllerRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "RegisterControllerRecord",
                version,
            });
        }
        let controller_id = dec.i32()?;
        let incarnation_id = dec.uuid()?;
        let zk_migration_ready = dec.bool()?;
        let end_points = dec.array(true, 7, |dec| ControllerEndpoint::decode(dec, version))?;
        let features = dec.array(true, 6, |dec| ControllerFeature::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            controller_id,
            incarnation_id,
            zk_migration_ready,
            end_points,
            features,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "RegisterControllerRecord",
                version,
            });
        }
        enc.i32(self.controller_id);
        enc.uuid(self.incarnation_id);
        enc.bool(self.zk_migration_ready);
        enc.array(true, &self.end_points, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.features, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ControllerEndpoint` in [`RegisterControllerRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ControllerEndpoint {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
    /// `int16`.
    pub security_protocol: i16,
}

impl Message for ControllerEndpoint {
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

/// `ControllerFeature` in [`RegisterControllerRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ControllerFeature {
    /// `string`.
    pub name: Str,
    /// `int16`.
    pub min_supported_version: i16,
    /// `int16`.
    pub max_supported_version: i16,
}

impl Message for ControllerFeature {
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
