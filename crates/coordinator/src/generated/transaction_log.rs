//! TransactionLogKey and TransactionLogValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A transactional id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionLogKey {
    /// `string`.
    pub transactional_id: Str,
}

impl TransactionLogKey {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for TransactionLogKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "TransactionLogKey", version });
        }
        let transactional_id = dec.string(false)?;
        Ok(Self { transactional_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "TransactionLogKey", version });
        }
        enc.string(false, &self.transactional_id)?;
        Ok(())
    }
}

/// Where its transaction stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionLogValue {
    /// `int64`.
    pub producer_id: i64,
    /// `int64`, versions 1, tag 0, default -1.
    pub previous_producer_id: i64,
    /// `int64`, versions 1, tag 1, default -1.
    pub next_producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `int16`, versions 1, tag 3, default -1.
    pub next_producer_epoch: i16,
    /// `int32`.
    pub transaction_timeout_ms: i32,
    /// `int8`.
    pub transaction_status: i8,
    /// `[]PartitionsSchema`, nullable.
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    /// `int64`.
    pub transaction_last_update_timestamp_ms: i64,
    /// `int64`.
    pub transaction_start_timestamp_ms: i64,
    /// `int16`, versions 1, tag 2.
    pub client_transaction_version: i16,
}

impl Default for TransactionLogValue {
    fn default() -> Self {
        Self {
            producer_id: 0,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: 0,
            next_producer_epoch: -1,
            transaction_timeout_ms: 0,
            transaction_status: 0,
            transaction_partitions: Some(Vec::new()),
            transaction_last_update_timestamp_ms: 0,
            transaction_start_timestamp_ms: 0,
            client_transaction_version: 0,
        }
    }
}

impl TransactionLogValue {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for TransactionLogValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "TransactionLogValue",
                version,
            });
        }
        let flexible = version == 1;
        let producer_id = dec.i64()?;
        let mut previous_producer_id = -1;
        let mut next_producer_id = -1;
        let producer_epoch = dec.i16()?;
        let mut next_producer_epoch = -1;
        let transaction_timeout_ms = dec.i32()?;
        let transaction_status = dec.i8()?;
        let transaction_partitions =
            dec.nullable_array(flexible, 3, |dec| PartitionsSchema::decode(dec, version))?;
        let transaction_last_update_timestamp_ms = dec.i64()?;
        let transaction_start_timestamp_ms = dec.i64()?;
        let mut client_transaction_version = 0;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => previous_producer_id = dec.i64()?,
                    1 => next_producer_id = dec.i64()?,
                    3 => next_producer_epoch = dec.i16()?,
                    2 => client_transaction_version = dec.i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            producer_id,
            previous_producer_id,
            next_producer_id,
            producer_epoch,
            next_producer_epoch,
            transaction_timeout_ms,
            transaction_status,
            transaction_partitions,
            transaction_last_update_timestamp_ms,
            transaction_start_timestamp_ms,
            client_transaction_version,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "TransactionLogValue",
                version,
            });
        }
        let flexible = version == 1;
        enc.i64(self.producer_id);
        if version < 1 && self.previous_producer_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "TransactionLogValue.previous_producer_id",
                version,
            });
        }
        if version < 1 && self.next_producer_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "TransactionLogValue.next_producer_id",
                version,
            });
        }
        enc.i16(self.producer_epoch);
        if version < 1 && self.next_producer_epoch != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "TransactionLogValue.next_producer_epoch",
                version,
            });
        }
        enc.i32(self.transaction_timeout_ms);
        enc.i8(self.transaction_status);
        enc.nullable_array(
            flexible,
            self.transaction_partitions.as_deref(),
            |enc, item| item.encode(enc, version),
        )?;
        enc.i64(self.transaction_last_update_timestamp_ms);
        enc.i64(self.transaction_start_timestamp_ms);
        if version < 1 && self.client_transaction_version != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "TransactionLogValue.client_transaction_version",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if self.previous_producer_id != -1 {
                    tags.field(0, |enc| {
                        enc.i64(self.previous_producer_id);
                        Ok(())
                    })?;
                }
                if self.next_producer_id != -1 {
                    tags.field(1, |enc| {
                        enc.i64(self.next_producer_id);
                        Ok(())
                    })?;
                }
                if self.client_transaction_version != 0 {
                    tags.field(2, |enc| {
                        enc.i16(self.client_transaction_version);
                        Ok(())
                    })?;
                }
                if self.next_producer_epoch != -1 {
                    tags.field(3, |enc| {
                        enc.i16(self.next_producer_epoch);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `PartitionsSchema` in [`TransactionLogValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionsSchema {
    /// `string`.
    pub topic: Str,
    /// `[]int32`.
    pub partition_ids: Vec<i32>,
}

impl Message for PartitionsSchema {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let topic = dec.string(flexible)?;
        let partition_ids = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partition_ids })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.topic)?;
        enc.array(flexible, &self.partition_ids, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}
