//! What a topic's configuration means to its partitions here.

use klamm_records::Compression;
use klamm_settings::{Layers, Overrides, StoredCodec, TimestampKind, TopicConfig, broker};
use klamm_storage::{LogConfig, TimestampSource};
use std::sync::Arc;

/// A topic's configuration as far as produce and upkeep look at it. Replaced as a whole when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicTraits {
    /// What the log itself goes by. Shared by the topic's logs.
    pub(crate) log: Arc<LogConfig>,
    /// The level for `compression.type`, where the broker compresses.
    pub(crate) compression_level: Option<i32>,
    /// `klamm.validate=deep`: every record of every batch is looked at.
    pub(crate) validates_deep: bool,
    /// `transaction.partition.verification.enable`: a transaction begins only where its coordinator knows of it.
    pub(crate) verifies_transactions: bool,
}

impl TopicTraits {
    /// The effective configuration of a topic with these overrides.
    pub(crate) fn new(layers: &Layers, overrides: &Overrides) -> Self {
        let config = layers.topic(overrides);
        let (compression, compression_level) = codec(config.codec);
        Self {
            log: Arc::new(LogConfig {
                compression,
                producer_id_expiration_ms: i64::from(
                    layers.get(&broker::PRODUCER_ID_EXPIRATION_MS),
                ),
                ..log_config(&config)
            }),
            compression_level,
            validates_deep: layers.get(&broker::KLAMM_VALIDATE) == "deep",
            verifies_transactions: layers.get(&broker::TRANSACTION_PARTITION_VERIFICATION_ENABLE),
        }
    }
}

fn codec(codec: StoredCodec) -> (Option<Compression>, Option<i32>) {
    match codec {
        StoredCodec::Producer => (None, None),
        StoredCodec::Uncompressed => (Some(Compression::None), None),
        StoredCodec::Gzip(level) => (Some(Compression::Gzip), level),
        StoredCodec::Snappy => (Some(Compression::Snappy), None),
        StoredCodec::Lz4(level) => (Some(Compression::Lz4), Some(level)),
        StoredCodec::Zstd(level) => (Some(Compression::Zstd), Some(level)),
    }
}

fn log_config(config: &TopicConfig) -> LogConfig {
    let long = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let limit = |value: Option<u64>| value.map_or(i64::MAX, long);
    let retention = |value: Option<u64>| value.map_or(-1, long);
    LogConfig {
        segment_bytes: config.segment_bytes,
        segment_ms: long(config.segment_ms_max()),
        segment_jitter_ms: long(config.segment_jitter_ms),
        index_bytes_max: config.segment_index_bytes,
        index_interval_bytes: config.index_interval_bytes,
        retention_ms: retention(config.retention_ms),
        retention_bytes: retention(config.retention_bytes),
        flush_messages: limit(config.flush_messages),
        flush_ms: limit(config.flush_ms),
        max_message_bytes: config.max_message_bytes,
        cleanup_delete: config.delete,
        cleanup_compact: config.compact,
        min_cleanable_dirty_ppm: (config.min_cleanable_dirty_ratio * 1e6) as u32,
        min_compaction_lag_ms: long(config.min_compaction_lag_ms),
        max_compaction_lag_ms: long(config.max_compaction_lag_ms),
        delete_retention_ms: long(config.delete_retention_ms),
        timestamp_source: match config.timestamp {
            TimestampKind::CreateTime => TimestampSource::CreateTime,
            TimestampKind::LogAppendTime => TimestampSource::LogAppendTime,
        },
        timestamp_before_max_ms: long(config.timestamp_before_max_ms),
        timestamp_after_max_ms: long(config.timestamp_after_max_ms),
        file_delete_delay_ms: long(config.file_delete_delay_ms),
        preallocate: config.preallocate,
        ..LogConfig::default()
    }
}
