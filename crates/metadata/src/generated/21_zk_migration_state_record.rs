//! ZkMigrationStateRecord, versions 0. How far a migration from ZooKeeper was.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// How far a migration from ZooKeeper was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZkMigrationStateRecord {
    /// `int8`.
    pub zk_migration_state: i8,
}

impl ZkMigrationStateRecord {
    /// The number of this record type.
    pub const ID: i16 = 21;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ZkMigrationStateRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ZkMigrationStateRecord",
                version,
            });
        }
        let zk_migration_state = dec.i8()?;
        dec.skip_tagged_fields()?;
        Ok(Self { zk_migration_state })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ZkMigrationStateRecord",
                version,
            });
        }
        enc.i8(self.zk_migration_state);
        enc.no_tagged_fields();
        Ok(())
    }
}
