//! What a topic's configuration means to its log.

/// Who sets the timestamps of appended batches (`message.timestamp.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampSource {
    /// The producer; the log keeps them.
    CreateTime,
    /// The log stamps each batch with the time of its append.
    LogAppendTime,
}

/// The settings of one log, by Kafka's topic config names. Replaceable while the log runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: a segment is closed before it would exceed this.
    pub segment_bytes: u32,
    /// `segment.ms`: a segment is closed once it spans this much time.
    pub segment_ms: i64,
    /// `segment.jitter.ms`: up to this much is taken off `segment_ms`, by partition, so that not all roll at once.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`: a segment is closed once an index of it has this size.
    pub index_bytes_max: u32,
    /// `index.interval.bytes`: one index entry for every so many bytes of log.
    pub index_interval_bytes: u32,
    /// `retention.ms`, -1 for no limit.
    pub retention_ms: i64,
    /// `retention.bytes`, -1 for no limit.
    pub retention_bytes: i64,
    /// `flush.messages`: a flush is due after so many records; `i64::MAX` leaves it to the background flusher.
    pub flush_messages: i64,
    /// `flush.ms`: a flush is due when the oldest unflushed record waited this long; `i64::MAX` for never.
    pub flush_ms: i64,
    /// `max.message.bytes`: the largest batch that a client may append.
    pub max_message_bytes: u32,
    /// `cleanup.policy` contains `delete`.
    pub cleanup_delete: bool,
    /// `cleanup.policy` contains `compact`.
    pub cleanup_compact: bool,
    /// `min.cleanable.dirty.ratio` in millionths: what share of a log must be dirty before it is compacted.
    pub min_cleanable_dirty_ppm: u32,
    /// `min.compaction.lag.ms`: younger records are not compacted.
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`: a log with older dirty records is compacted whatever its ratio.
    pub max_compaction_lag_ms: i64,
    /// `delete.retention.ms`: how long tombstones and markers stay once compaction has seen them.
    pub delete_retention_ms: i64,
    /// `message.timestamp.type`.
    pub timestamp_source: TimestampSource,
    /// `message.timestamp.before.max.ms`: how old a record may be.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far in the future a record may be.
    pub timestamp_after_max_ms: i64,
    /// `file.delete.delay.ms`: how long a deleted file stays, for readers that still hold it.
    pub file_delete_delay_ms: i64,
    /// `preallocate`: reserve a new segment's room at once.
    pub preallocate: bool,
    /// `compression.type`: `None` is `producer`. The broker recompresses; the log only carries the setting.
    pub compression: Option<klamm_records::Compression>,
    /// `producer.id.expiration.ms`: a producer that was silent for this long is forgotten.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            index_bytes_max: 10 << 20,
            index_interval_bytes: 4096,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            max_message_bytes: 1_048_588,
            cleanup_delete: true,
            cleanup_compact: false,
            min_cleanable_dirty_ppm: 500_000,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            delete_retention_ms: DAY_MS,
            timestamp_source: TimestampSource::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            file_delete_delay_ms: 60_000,
            preallocate: false,
            compression: None,
            producer_id_expiration_ms: DAY_MS,
        }
    }
}

const DAY_MS: i64 = 86_400_000;
