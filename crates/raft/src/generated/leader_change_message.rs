//! LeaderChangeMessage, versions 0-1. The first batch of a quorum epoch: who leads and who voted.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

/// The first batch of a quorum epoch: who leads and who voted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaderChangeMessage {
    /// `int16`.
    pub version: i16,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `[]Voter`.
    pub voters: Vec<Voter>,
    /// `[]Voter`.
    pub granting_voters: Vec<Voter>,
}

impl LeaderChangeMessage {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for LeaderChangeMessage {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "LeaderChangeMessage",
                version,
            });
        }
        let version_field = dec.i16()?;
        let leader_id = dec.i32()?;
        let voters = dec.array(true, 5, |dec| Voter::decode(dec, version))?;
        let granting_voters = dec.array(true, 5, |dec| Voter::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { version: version_field, leader_id, voters, granting_voters })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "LeaderChangeMessage",
                version,
            });
        }
        enc.i16(self.version);
        enc.i32(self.leader_id);
        enc.array(true, &self.voters, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.granting_voters, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Voter` in [`LeaderChangeMessage`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voter {
    /// `int32`.
    pub voter_id: i32,
    /// `uuid`, versions 1.
    pub voter_directory_id: Uuid,
}

impl Message for Voter {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let voter_id = dec.i32()?;
        let voter_directory_id = if version == 1 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        dec.skip_tagged_fields()?;
        Ok(Self { voter_id, voter_directory_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.voter_id);
        if version == 1 {
            enc.uuid(self.voter_directory_id);
        } else if self.voter_directory_id != Uuid::ZERO {
            return Err(EncodeError::UnsupportedField {
                field: "Voter.voter_directory_id",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}
