//! StreamsGroupTopologyKey and StreamsGroupTopologyValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The topology of a streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTopologyKey {
    /// `string`.
    pub group_id: Str,
}

impl StreamsGroupTopologyKey {
    /// The number of this record type.
    pub const ID: i16 = 23;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTopologyKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTopologyKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupTopologyKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its subtopologies and their topics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTopologyValue {
    /// `int32`.
    pub epoch: i32,
    /// `[]Subtopology`.
    pub subtopologies: Vec<Subtopology>,
}

impl StreamsGroupTopologyValue {
    /// The number of this record type.
    pub const ID: i16 = 23;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTopologyValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTopologyValue",
                version,
            });
        }
        let epoch = dec.i32()?;
        let subtopologies = dec.array(true, 8, |dec| Subtopology::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { epoch, subtopologies })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupTopologyValue",
                version,
            });
        }
        enc.i32(self.epoch);
        enc.array(true, &self.subtopologies, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Subtopology` in [`StreamsGroupTopologyValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]string`.
    pub source_topics: Vec<Str>,
    /// `[]string`.
    pub source_topic_regex: Vec<Str>,
    /// `[]TopicInfo`.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// `[]string`.
    pub repartition_sink_topics: Vec<Str>,
    /// `[]TopicInfo`.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// `[]CopartitionGroup`.
    pub copartition_groups: Vec<CopartitionGroup>,
}

impl Message for Subtopology {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let source_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let source_topic_regex = dec.array(true, 1, |dec| dec.string(true))?;
        let state_changelog_topics = dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        let repartition_sink_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let repartition_source_topics =
            dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        let copartition_groups =
            dec.array(true, 4, |dec| CopartitionGroup::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            subtopology_id,
            source_topics,
            source_topic_regex,
            state_changelog_topics,
            repartition_sink_topics,
            repartition_source_topics,
            copartition_groups,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.source_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.source_topic_regex, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.state_changelog_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.repartition_sink_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.repartition_source_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.copartition_groups, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `CopartitionGroup` in [`StreamsGroupTopologyValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CopartitionGroup {
    /// `[]int16`.
    pub source_topics: Vec<i16>,
    /// `[]int16`.
    pub source_topic_regex: Vec<i16>,
    /// `[]int16`.
    pub repartition_source_topics: Vec<i16>,
}

impl Message for CopartitionGroup {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let source_topics = dec.array(true, 2, Dec::i16)?;
        let source_topic_regex = dec.array(true, 2, Dec::i16)?;
        let repartition_source_topics = dec.array(true, 2, Dec::i16)?;
        dec.skip_tagged_fields()?;
        Ok(Self { source_topics, source_topic_regex, repartition_source_topics })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.array(true, &self.source_topics, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.array(true, &self.source_topic_regex, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.array(true, &self.repartition_source_topics, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicConfig` in [`StreamsGroupTopologyValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicConfig {
    /// `string`.
    pub key: Str,
    /// `string`.
    pub value: Str,
}

impl Message for TopicConfig {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let key = dec.string(true)?;
        let value = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { key, value })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.key)?;
        enc.string(true, &self.value)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicInfo` in [`StreamsGroupTopologyValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// `string`.
    pub name: Str,
    /// `int32`.
    pub partitions: i32,
    /// `int16`.
    pub replication_factor: i16,
    /// `[]TopicConfig`.
    pub topic_configs: Vec<TopicConfig>,
}

impl Message for TopicInfo {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.i32()?;
        let replication_factor = dec.i16()?;
        let topic_configs = dec.array(true, 3, |dec| TopicConfig::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partitions, replication_factor, topic_configs })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i32(self.partitions);
        enc.i16(self.replication_factor);
        enc.array(true, &self.topic_configs, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}
