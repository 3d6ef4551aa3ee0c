//! UnregisterBrokerRecord, versions 0. A broker's registration is gone.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// A broker's registration is gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnregisterBrokerRecord {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`.
    pub broker_epoch: i64,
}

impl UnregisterBrokerRecord {
    /// The number of this record type.
    pub const ID: i16 = 1;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for UnregisterBrokerRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "UnregisterBrokerRecord",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { broker_id, broker_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "UnregisterBrokerRecord",
                version,
            });
        }
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}
