//! ConsumerGroupRegularExpressionKey and ConsumerGroupRegularExpressionValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A pattern that a consumer group subscribed to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionKey {
    /// `string`.
    pub group_id: Str,
    /// `string`.
    pub regular_expression: Str,
}

impl ConsumerGroupRegularExpressionKey {
    /// The number of this record type.
    pub const ID: i16 = 16;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupRegularExpressionKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupRegularExpressionKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        let regular_expression = dec.string(false)?;
        Ok(Self { group_id, regular_expression })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupRegularExpressionKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.string(false, &self.regular_expression)?;
        Ok(())
    }
}

/// The topics that it matched, and when.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupRegularExpressionValue {
    /// `[]string`.
    pub topics: Vec<Str>,
    /// `int64`.
    pub version: i64,
    /// `int64`.
    pub timestamp: i64,
}

impl ConsumerGroupRegularExpressionValue {
    /// The number of this record type.
    pub const ID: i16 = 16;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupRegularExpressionValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupRegularExpressionValue",
                version,
            });
        }
        let topics = dec.array(true, 1, |dec| dec.string(true))?;
        let version_field = dec.i64()?;
        let timestamp = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { topics, version: version_field, timestamp })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupRegularExpressionValue",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| enc.string(true, item))?;
        enc.i64(self.version);
        enc.i64(self.timestamp);
        enc.no_tagged_fields();
        Ok(())
    }
}
