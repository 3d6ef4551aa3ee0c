//! ProducerIdsRecord, versions 0. Producer ids below this one are given away.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

/// Producer ids below this one are given away.
#[derive(Debug, Clone, PartialEq)]
pub struct ProducerIdsRecord {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`, default -1.
    pub broker_epoch: i64,
    /// `int64`.
    pub next_producer_id: i64,
}

impl Default for ProducerIdsRecord {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1, next_producer_id: 0 }
    }
}

impl ProducerIdsRecord {
    /// The number of this record type.
    pub const ID: i16 = 15;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ProducerIdsRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ProducerIdsRecord", version });
        }
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        let next_producer_id = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { broker_id, broker_epoch, next_producer_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ProducerIdsRecord", version });
        }
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        enc.i64(self.next_producer_id);
        enc.no_tagged_fields();
        Ok(())
    }
}
