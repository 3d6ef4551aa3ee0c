//! SnapshotFooterRecord, versions 0. The last record of a snapshot.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// The last record of a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SnapshotFooterRecord {
    /// `int16`.
    pub version: i16,
}

impl SnapshotFooterRecord {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for SnapshotFooterRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SnapshotFooterRecord",
                version,
            });
        }
        let version_field = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { version: version_field })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SnapshotFooterRecord",
                version,
            });
        }
        enc.i16(self.version);
        enc.no_tagged_fields();
        Ok(())
    }
}
