//! VotersRecord, versions 0. The voters of the quorum and how to reach them.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// The voters of the quorum and how to reach them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VotersRecord {
    /// `int16`.
    pub version: i16,
    /// `[]Voter`.
    pub voters: Vec<Voter>,
}

impl VotersRecord {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for VotersRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "VotersRecord", version });
        }
        let version_field = dec.i16()?;
        let voters = dec.array(true, 27, |dec| Voter::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { version: version_field, voters })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "VotersRecord", version });
        }
        enc.i16(self.version);
        enc.array(true, &self.voters, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Voter` in [`VotersRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voter {
    /// `int32`, a brokerId.
    pub voter_id: i32,
    /// `uuid`.
    pub voter_directory_id: Uuid,
    /// `[]Endpoint`.
    pub endpoints: Vec<Endpoint>,
    /// `KRaftVersionFeature`.
    pub kraft_version_feature: KraftVersionFeature,
}

impl Message for Voter {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let voter_id = dec.i32()?;
        let voter_directory_id = dec.uuid()?;
        let endpoints = dec.array(true, 5, |dec| Endpoint::decode(dec, version))?;
        let kraft_version_feature = KraftVersionFeature::decode(dec, version)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            voter_id,
            voter_directory_id,
            endpoints,
            kraft_version_feature,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.voter_id);
        enc.uuid(self.voter_directory_id);
        enc.array(true, &self.endpoints, |enc, item| item.encode(enc, version))?;
        self.kraft_version_feature.encode(enc, version)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Endpoint` in [`VotersRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for Endpoint {
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

/// `KRaftVersionFeature` in [`VotersRecord`].
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
