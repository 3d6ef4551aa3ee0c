//! Metrics that clients push (KIP-714), shown on this node's own metrics page.
//!
//! ```text
//! configs of client metrics ─▶ subscriptions   which clients shall push what, and how often
//! GetTelemetrySubscriptions ─▶ instances       who was told what, and when who may come again
//! PushTelemetry ─▶ otlp ─▶ received            the last values of each client; bounded
//! ```
//! Kafka offers these APIs only if a plug-in takes the metrics; here the metrics page does, so they are offered if
//! `klamm.metrics.listener` is set.

mod instances;
mod otlp;
mod received;
mod subscriptions;

pub(crate) use instances::Refusal;
pub(crate) use received::Series;
pub(crate) use subscriptions::Client;

use crate::quorum::MetadataListener;
use arc_swap::ArcSwap;
use instances::{Instances, Told};
use klamm_host::Clock;
use klamm_metadata::image::ResourceKind;
use klamm_metadata::{Delta, Image};
use klamm_model::Uuid;
use klamm_records::{Compression, InflateError, InflateLimit, Inflater};
use klamm_settings::{Settings, broker};
use parking_lot::Mutex;
use received::Received;
use std::sync::Arc;
use subscriptions::Subscriptions;

/// The telemetry of a node's clients.
#[derive(Debug)]
pub(crate) struct Telemetry {
    clock: Arc<dyn Clock>,
    /// Whether what is pushed is shown anywhere.
    is_offered: bool,
    /// `telemetry.max.bytes`.
    bytes_max: usize,
    subscriptions: ArcSwap<Subscriptions>,
    instances: Mutex<Instances>,
    received: Mutex<Received>,
}

/// A push as it came.
#[derive(Debug)]
pub(crate) struct Push<'a> {
    pub(crate) instance: Uuid,
    pub(crate) subscription_id: i32,
    pub(crate) is_last: bool,
    pub(crate) compression: i8,
    pub(crate) metrics: &'a [u8],
}

/// What comes out of a push may be so many times `telemetry.max.bytes`.
const INFLATE_RATIO_MAX: usize = 16;

impl Telemetry {
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let bytes_max = settings.get(&broker::TELEMETRY_MAX_BYTES);
        Self {
            clock: Arc::clone(clock),
            is_offered: settings.get(&broker::KLAMM_METRICS_LISTENER).is_some(),
            bytes_max: usize::try_from(bytes_max).unwrap_or(1),
            subscriptions: ArcSwap::default(),
            instances: Mutex::default(),
            received: Mutex::default(),
        }
    }

    pub(crate) fn is_offered(&self) -> bool {
        self.is_offered
    }

    /// `telemetry.max.bytes`.
    pub(crate) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// What a client shall push.
    ///
    /// # Errors
    /// It asks too often.
    pub(crate) fn subscribe(&self, instance: Uuid, client: &Client<'_>) -> Result<Told, Refusal> {
        let subscriptions = self.subscriptions.load();
        let mut instances = self.instances.lock();
        instances.get(instance, client, &subscriptions, self.now_ms())
    }

    /// Takes what a client pushes.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub(crate) fn push(&self, push: &Push<'_>, client: &Client<'_>) -> Result<(), Refusal> {
        if is_reserved(push.instance) {
            return Err(Refusal::InvalidInstance);
        }
        let now_ms = self.now_ms();
        let subscriptions = self.subscriptions.load();
        let told = {
            let mut instances = self.instances.lock();
            let compression = Compression::from_id(u8::try_from(push.compression).unwrap_or(0xff));
            let compression = compression.ok_or(Refusal::UnknownCompression);
            let fits = if push.metrics.len() > self.bytes_max {
                Err(Refusal::TooLarge)
            } else {
                Ok(())
            };
            let checked = instances.push(push, client, &subscriptions, now_ms);
            let checked = checked.and_then(|told| {
                let compression = compression?;
                fits.map(|()| (told, compression))
            });
            instances.note(push.instance, checked.as_ref().err().copied());
            checked?
        };
        let (told, compression) = told;
        if push.metrics.is_empty() {
            return Ok(());
        }
        let limit = InflateLimit::bytes(self.bytes_max.saturating_mul(INFLATE_RATIO_MAX));
        let samples = inflate(compression, push.metrics, limit)
            .and_then(|bytes| otlp::decode(&bytes).map_err(|_| Refusal::Malformed));
        match samples {
            Ok(samples) => {
                let keep_ms = told.keep_ms();
                self.received
                    .lock()
                    .take(push.instance, client, samples, keep_ms, now_ms);
                Ok(())
            }
            Err(refusal) => {
                self.instances.lock().note(push.instance, Some(refusal));
                Err(refusal)
            }
        }
    }

    /// The last values of each client.
    pub(crate) fn series(&self) -> Vec<Series> {
        self.received.lock().series(self.now_ms())
    }

    /// Values that were dropped because there were too many.
    pub(crate) fn dropped(&self) -> u64 {
        self.received.lock().dropped()
    }

    /// Clients that were told what to push.
    pub(crate) fn clients(&self) -> usize {
        self.instances.lock().len()
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Ids that name no client.
pub(crate) fn is_reserved(instance: Uuid) -> bool {
    instance == Uuid::ZERO || instance == Uuid::from_bytes(u128::to_be_bytes(1))
}

fn inflate(
    compression: Compression,
    bytes: &[u8],
    limit: InflateLimit,
) -> Result<Vec<u8>, Refusal> {
    let mut inflater = Inflater::new();
    let reader = inflater.reader(compression, bytes, limit);
    let inflated = reader.and_then(klamm_records::InflateReader::read_to_end);
    inflated.map_err(|error| match error {
        InflateError::TooLarge { .. } => Refusal::TooLarge,
        _ => Refusal::Malformed,
    })
}

impl MetadataListener for Telemetry {
    fn publish(&self, _old: &Image, new: &Arc<Image>, delta: &Delta) {
        let is_ours = |kind: ResourceKind| kind == ResourceKind::ClientMetrics;
        if !delta.configs.iter().any(|resource| is_ours(resource.kind)) {
            return;
        }
        let configs = new.configs().iter();
        let ours = configs.filter(|(resource, _)| is_ours(resource.kind));
        let ours = ours.map(|(_, configs)| {
            let pairs = configs.iter();
            pairs
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect()
        });
        let version = self.subscriptions.load().version() + 1;
        self.subscriptions
            .store(Arc::new(Subscriptions::new(version, ours)));
    }

    fn halted(&self, _cause: &str) {}
}
