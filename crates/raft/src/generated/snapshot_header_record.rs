//! SnapshotHeaderRecord, versions 0. The first record of a snapshot.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// The first record of a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SnapshotHeaderRecord {
    /// `int16`.
    pub version: i16,
    /// `int64`.
    pub last_contained_log_timestamp: i64,
}

impl SnapshotHeaderRecord {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for SnapshotHeaderRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SnapshotHeaderRecord",
                version,
            });
        }
        let version_field = dec.i16()?;
        let last_contained_log_timestamp = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { version: version_field, last_contained_log_timestamp })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SnapshotHeaderRecord",
                version,
            });
        }
        enc.i16(self.version);
        enc.i64(self.last_contained_log_timestamp);
        enc.no_tagged_fields();
        Ok(())
    }
}
