//! What the broker takes out of the settings at its start.

use crate::net::{AdmissionSettings, LimitSettings};
use crate::upkeep::{CleanerSettings, Pace};
use klamm_model::NodeId;
use klamm_settings::{Layers, Settings, broker};
use std::time::Duration;

/// Values that are fixed while the node runs.
#[derive(Debug, Clone)]
pub(crate) struct BrokerConfig {
    pub(crate) node_id: NodeId,
    pub(crate) cluster_id: String,
    /// `fetch.max.bytes`.
    pub(crate) fetch_bytes_max: i32,
    /// `klamm.flush.dirty.ms`.
    pub(crate) flush_interval: Duration,
    pub(crate) pace: Pace,
    /// `klamm.shutdown.timeout.ms`.
    pub(crate) shutdown_wait: Duration,
}

impl BrokerConfig {
    pub(crate) fn new(settings: &Settings, cluster_id: String) -> Self {
        Self {
            node_id: NodeId(settings.get(&broker::NODE_ID)),
            cluster_id,
            fetch_bytes_max: settings.get(&broker::FETCH_MAX_BYTES),
            flush_interval: millis(settings.get(&broker::KLAMM_FLUSH_DIRTY_MS)),
            pace: Pace {
                retention: millis(settings.get(&broker::LOG_RETENTION_CHECK_INTERVAL_MS)),
                checkpoint: millis(i64::from(
                    settings.get(&broker::LOG_FLUSH_OFFSET_CHECKPOINT_INTERVAL_MS),
                )),
            },
            shutdown_wait: millis(i64::from(settings.get(&broker::KLAMM_SHUTDOWN_TIMEOUT_MS))),
        }
    }
}

/// The network's limits.
pub(crate) fn limit_settings(settings: &Settings) -> LimitSettings {
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let read_timeout = millis(i64::from(
        settings.get(&broker::KLAMM_REQUEST_READ_TIMEOUT_MS),
    ));
    LimitSettings {
        admission: admission_settings(&Layers::new(settings.clone())),
        frame_bytes_max: count(settings.get(&broker::SOCKET_REQUEST_MAX_BYTES)),
        in_flight_bytes_max: usize::try_from(settings.inflight_bytes_max()).unwrap_or(usize::MAX),
        pipeline_max: count(settings.get(&broker::KLAMM_CONNECTION_MAX_INFLIGHT_REQUESTS)),
        idle_max: match settings.get(&broker::CONNECTIONS_MAX_IDLE_MS) {
            negative if negative < 0 => Duration::MAX,
            ms => millis(ms),
        },
        frame_wait_max: read_timeout,
        first_request_wait_max: read_timeout,
    }
}

/// The limits of new connections, as they are set now.
pub(crate) fn admission_settings(layers: &Layers) -> AdmissionSettings {
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let rate = layers
        .get(&broker::MAX_CONNECTION_CREATION_RATE)
        .min(layers.get(&broker::KLAMM_ACCEPT_RATE));
    AdmissionSettings {
        connections_max: count(layers.get(&broker::MAX_CONNECTIONS)),
        connections_per_ip_max: count(layers.get(&broker::MAX_CONNECTIONS_PER_IP)),
        overrides: klamm_settings::address_counts(
            &layers.get(&broker::MAX_CONNECTIONS_PER_IP_OVERRIDES),
        )
        .unwrap_or_default(),
        accepts_per_second_max: u32::try_from(rate).unwrap_or(0),
    }
}

/// The cleaner's settings, as they are now.
pub(crate) fn cleaner_settings(layers: &Layers) -> CleanerSettings {
    let count = |n: i64| usize::try_from(n).unwrap_or(0);
    let threads = count(layers.get(&broker::LOG_CLEANER_THREADS).into());
    let each = threads.max(1);
    let load = layers
        .get(&broker::LOG_CLEANER_IO_BUFFER_LOAD_FACTOR)
        .clamp(0.0, 1.0);
    let map_bytes = count(layers.get(&broker::LOG_CLEANER_DEDUPE_BUFFER_SIZE)) / each;
    CleanerSettings {
        is_enabled: layers.get(&broker::LOG_CLEANER_ENABLE),
        threads: threads.min(CLEANER_THREADS_MAX),
        backoff: millis(layers.get(&broker::LOG_CLEANER_BACKOFF_MS)),
        map_bytes: (map_bytes as f64 * load) as usize,
        // Half to read, half to write.
        io_bytes: count(layers.get(&broker::LOG_CLEANER_IO_BUFFER_SIZE).into()) / each / 2,
        bytes_per_second: layers.get(&broker::LOG_CLEANER_IO_MAX_BYTES_PER_SECOND),
    }
}

/// More passes at a time than this only fight for the disk.
const CLEANER_THREADS_MAX: usize = 64;

pub(crate) fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
