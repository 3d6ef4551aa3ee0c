//! MemberStanding, versions 0. How a member of a group stands: when it was heard last, whether its assignment moves, and what it waits for.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// How a member of a group stands: when it was heard last, whether its assignment moves, and what it waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberStanding {
    /// `int64`, default -1.
    pub heard_ms: i64,
    /// `int64`, default -1.
    pub fetched_ms: i64,
    /// `int64`, default -1.
    pub moving_ms: i64,
    /// `int64`, default -1.
    pub last_pause_ms: i64,
    /// `string`.
    pub wait: Str,
    /// `[]TopicPartitions`.
    pub partitions: Vec<TopicPartitions>,
    /// `[]Other`.
    pub others: Vec<Other>,
    /// `int32`.
    pub more_others: i32,
}

impl Default for MemberStanding {
    fn default() -> Self {
        Self {
            heard_ms: -1,
            fetched_ms: -1,
            moving_ms: -1,
            last_pause_ms: -1,
            wait: Str::EMPTY,
            partitions: Vec::new(),
            others: Vec::new(),
            more_others: 0,
        }
    }
}

impl MemberStanding {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for MemberStanding {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "MemberStanding", version });
        }
        let heard_ms = dec.i64()?;
        let fetched_ms = dec.i64()?;
        let moving_ms = dec.i64()?;
        let last_pause_ms = dec.i64()?;
        let wait = dec.string(true)?;
        let partitions = dec.array(true, 3, |dec| TopicPartitions::decode(dec, version))?;
        let others = dec.array(true, 3, |dec| Other::decode(dec, version))?;
        let more_others = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            heard_ms,
            fetched_ms,
            moving_ms,
            last_pause_ms,
            wait,
            partitions,
            others,
            more_others,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "MemberStanding", version });
        }
        enc.i64(self.heard_ms);
        enc.i64(self.fetched_ms);
        enc.i64(self.moving_ms);
        enc.i64(self.last_pause_ms);
        enc.string(true, &self.wait)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.others, |enc, item| item.encode(enc, version))?;
        enc.i32(self.more_others);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Other` in [`MemberStanding`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Other {
    /// `string`.
    pub member_id: Str,
    /// `[]TopicPartitions`.
    pub partitions: Vec<TopicPartitions>,
}

impl Message for Other {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let member_id = dec.string(true)?;
        let partitions = dec.array(true, 3, |dec| TopicPartitions::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { member_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.member_id)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicPartitions` in [`MemberStanding`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartitions {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}
