//! WriteTxnMarkers (key 27), versions 1-2. Has a leader write the end of a transaction.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Has a leader write the end of a transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteTxnMarkersRequest {
    /// `[]WritableTxnMarker`.
    pub markers: Vec<WritableTxnMarker>,
}

impl WriteTxnMarkersRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for WriteTxnMarkersRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "WriteTxnMarkersRequest",
                version,
            });
        }
        let markers = dec.array(true, 17, |dec| WritableTxnMarker::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { markers })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "WriteTxnMarkersRequest",
                version,
            });
        }
        enc.array(true, &self.markers, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WritableTxnMarker` in [`WriteTxnMarkersRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarker {
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `bool`.
    pub transaction_result: bool,
    /// `[]WritableTxnMarkerTopic`.
    pub topics: Vec<WritableTxnMarkerTopic>,
    /// `int32`.
    pub coordinator_epoch: i32,
    /// `int8`, versions 2.
    pub transaction_version: i8,
}

impl Message for WritableTxnMarker {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let transaction_result = dec.bool()?;
        let topics = dec.array(true, 3, |dec| WritableTxnMarkerTopic::decode(dec, version))?;
        let coordinator_epoch = dec.i32()?;
        let transaction_version = if version == 2 { dec.i8()? } else { 0 };
        dec.skip_tagged_fields()?;
        Ok(Self {
            producer_id,
            producer_epoch,
            transaction_result,
            topics,
            coordinator_epoch,
            transaction_version,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        enc.bool(self.transaction_result);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.i32(self.coordinator_epoch);
        if version == 2 {
            enc.i8(self.transaction_version);
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WritableTxnMarkerTopic` in [`WriteTxnMarkersRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]int32`.
    pub partition_indexes: Vec<i32>,
}

impl Message for WritableTxnMarkerTopic {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partition_indexes = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partition_indexes })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.array(true, &self.partition_indexes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The outcome per producer and partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteTxnMarkersResponse {
    /// `[]WritableTxnMarkerResult`.
    pub markers: Vec<WritableTxnMarkerResult>,
}

impl WriteTxnMarkersResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for WriteTxnMarkersResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "WriteTxnMarkersResponse",
                version,
            });
        }
        let markers = dec.array(true, 10, |dec| {
            WritableTxnMarkerResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { markers })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "WriteTxnMarkersResponse",
                version,
            });
        }
        enc.array(true, &self.markers, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WritableTxnMarkerResult` in [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerResult {
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `[]WritableTxnMarkerTopicResult`.
    pub topics: Vec<WritableTxnMarkerTopicResult>,
}

impl Message for WritableTxnMarkerResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let producer_id = dec.i64()?;
        let topics = dec.array(true, 3, |dec| {
            WritableTxnMarkerTopicResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { producer_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i64(self.producer_id);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WritableTxnMarkerTopicResult` in [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerTopicResult {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]WritableTxnMarkerPartitionResult`.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
}

impl Message for WritableTxnMarkerTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 7, |dec| {
            WritableTxnMarkerPartitionResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WritableTxnMarkerPartitionResult` in [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WritableTxnMarkerPartitionResult {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
}

impl Message for WritableTxnMarkerPartitionResult {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, error_code })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl WritableTxnMarkerResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topics {
            item.visit_errors(seen);
        }
    }
}

impl WritableTxnMarkerTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl WritableTxnMarkerPartitionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for WriteTxnMarkersResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.markers {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn set_throttle_time_ms(&mut self, _ms: i32) {}
}

impl Request for WriteTxnMarkersRequest {
    const KEY: ApiKey = ApiKey::WriteTxnMarkers;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 1;
    type Response = WriteTxnMarkersResponse;
}
