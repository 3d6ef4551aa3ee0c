//! KRaftVersionRecord, versions 0. The level of the quorum protocol.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// The level of the quorum protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KraftVersionRecord {
    /// `int16`.
    pub version: i16,
    /// `int16`.
    pub kraft_version: i16,
}

impl KraftVersionRecord {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for KraftVersionRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "KRaftVersionRecord", version });
        }
        let version_field = dec.i16()?;
        let kraft_version = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { version: version_field, kraft_version })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "KRaftVersionRecord", version });
        }
        enc.i16(self.version);
        enc.i16(self.kraft_version);
        enc.no_tagged_fields();
        Ok(())
    }
}
