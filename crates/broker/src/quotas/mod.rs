//! Client quotas: who may do how much, what each did, and how long to wait (KIP-13, 124, 219, 599, 612).
//!
//! ```text
//! metadata image ─▶ table     limits by user, client id, address
//!                   measures  what each did of late; bounded
//!                   bucket    the arithmetic
//! ```
//! A request that exceeds a quota is carried out and answered; then its connection rests. A fetch by another connection
//! of a client that rests is answered without data; a change of metadata over its quota is refused. Without quotas a
//! request costs one look at an atomic.

mod bucket;
mod measures;
mod mutation;
mod table;

pub(crate) use mutation::MutationQuota;

use crate::observing::Counter;
use crate::quorum::MetadataListener;
use arc_swap::ArcSwap;
use bucket::{Bucket, Limit, Windows};
use klamm_codec::Str;
use klamm_host::Clock;
use klamm_metadata::{Delta, Image};
use klamm_settings::{Settings, broker};
use measures::Measures;
use parking_lot::Mutex;

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use table::{Kind, Measured, QuotaTable};

/// The quotas of a node.
#[derive(Debug)]
pub(crate) struct Quotas {
    clock: Arc<dyn Clock>,
    windows: Windows,
    mutation_windows: Windows,
    table: ArcSwap<QuotaTable>,
    /// Whether anybody is limited in anything but connections.
    limits_requests: AtomicBool,
    /// Whether the time of requests is limited.
    times_requests: AtomicBool,
    clients: Mutex<Measures<(Kind, Measured), Bucket>>,
    addresses: Mutex<Measures<IpAddr, Bucket>>,
    /// Answers that said when to go on, and connections that were held.
    pub(crate) throttled: Throttled,
}

/// How often each quota made somebody wait.
#[derive(Debug, Default)]
pub(crate) struct Throttled {
    pub(crate) produce: Counter,
    pub(crate) fetch: Counter,
    pub(crate) request: Counter,
    pub(crate) mutation: Counter,
    pub(crate) connections: Counter,
}

/// The user of a connection without authentication.
const ANONYMOUS: &str = "ANONYMOUS";
/// Measurements kept at most, each of about 400 bytes.
const MEASURES_MAX: usize = 20_000;
/// A longer client id is measured under its beginning and a hash: it must not cost more memory than others.
const CLIENT_ID_BYTES_MAX: usize = 128;

impl Quotas {
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Self {
        let windows = |count: i32, seconds: i32| Windows {
            count: u32::try_from(count).unwrap_or(1).max(1),
            size_ms: i64::from(seconds.max(1)) * 1000,
        };
        Self {
            clock: Arc::clone(clock),
            windows: windows(
                settings.get(&broker::QUOTA_WINDOW_NUM),
                settings.get(&broker::QUOTA_WINDOW_SIZE_SECONDS),
            ),
            mutation_windows: windows(
                settings.get(&broker::CONTROLLER_QUOTA_WINDOW_NUM),
                settings.get(&broker::CONTROLLER_QUOTA_WINDOW_SIZE_SECONDS),
            ),
            table: ArcSwap::from_pointee(QuotaTable::default()),
            limits_requests: AtomicBool::new(false),
            times_requests: AtomicBool::new(false),
            clients: Mutex::new(Measures::new(MEASURES_MAX)),
            addresses: Mutex::new(Measures::new(MEASURES_MAX)),
            throttled: Throttled::default(),
        }
    }

    /// Whether the time that requests take has to be measured.
    pub(crate) fn times_requests(&self) -> bool {
        self.times_requests.load(Ordering::Relaxed)
    }

    /// How long the client of a produce request of so many bytes is to rest.
    pub(crate) fn charge_produce(&self, client: &Str, bytes: usize) -> Duration {
        let rest = self.charge(Kind::Produce, client, bytes as f64);
        count(&self.throttled.produce, rest)
    }

    /// How long a client is to rest for the time that its request took: never more than a window.
    pub(crate) fn charge_request(&self, client: &Str, busy: Duration) -> Duration {
        let rest = self.charge(Kind::Request, client, busy.as_secs_f64() * 100.0);
        let window = crate::config::millis(self.windows.size_ms);
        count(&self.throttled.request, rest.min(window))
    }

    /// How long the client of a fetch of so many bytes is to rest.
    ///
    /// # Errors
    /// It should be resting: no data for so long, and nothing is counted.
    pub(crate) fn charge_fetch(&self, client: &str, bytes: usize) -> Result<Duration, Duration> {
        let Some((limit, measured)) = self.find(Kind::Fetch, client) else {
            return Ok(Duration::ZERO);
        };
        let (limit, now_ms) = (self.limit(limit), self.now_ms());
        let mut clients = self.clients.lock();
        let bucket = clients.get((Kind::Fetch, shortened(measured)), now_ms);
        bucket.fill(limit, now_ms);
        let debt = bucket.debt(limit);
        if bytes > 0 && !debt.is_zero() {
            return Err(count(&self.throttled.fetch, debt));
        }
        bucket.take(bytes as f64);
        Ok(count(&self.throttled.fetch, bucket.debt(limit)))
    }

    /// The most bytes that one fetch should have, as Kafka has it.
    pub(crate) fn fetch_bytes_max(&self, client: &str) -> Option<f64> {
        let (limit, _) = self.find(Kind::Fetch, client)?;
        Some(limit * self.windows.past_ms() as f64 / 1000.0)
    }

    /// The quota for changes of metadata of one request; `None` if its client has none.
    pub(crate) fn mutations(
        self: &Arc<Self>,
        client: &str,
        is_strict: bool,
    ) -> Option<MutationQuota> {
        let (limit, measured) = self.find(Kind::Mutation, client)?;
        Some(MutationQuota::new(
            Arc::clone(self),
            limit,
            measured,
            is_strict,
        ))
    }

    /// How long a new connection from an address is to be held before it is closed; zero to serve it.
    pub(crate) fn charge_connection(&self, ip: IpAddr) -> Duration {
        let Some(limit) = self.table.load().connections(ip) else {
            return Duration::ZERO;
        };
        let limit = Limit { per_second: limit, burst_ms: self.windows.past_ms() };
        let now_ms = self.now_ms();
        let mut addresses = self.addresses.lock();
        let bucket = addresses.get(ip.to_canonical(), now_ms);
        bucket.fill(limit, now_ms);
        if bucket.holds(1.0) {
            bucket.take(1.0);
            return Duration::ZERO;
        }
        let window = crate::config::millis(self.windows.size_ms);
        count(&self.throttled.connections, window)
    }

    /// Measurements that are kept.
    pub(crate) fn measures(&self) -> usize {
        self.clients.lock().len() + self.addresses.lock().len()
    }

    fn find(&self, kind: Kind, client: &str) -> Option<(f64, Measured)> {
        if !self.limits_requests.load(Ordering::Relaxed) {
            return None;
        }
        self.table.load().find(kind, ANONYMOUS, client)
    }

    fn charge(&self, kind: Kind, client: &Str, amount: f64) -> Duration {
        if !self.limits_requests.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        let Some((limit, measured)) = self.find(kind, client) else {
            return Duration::ZERO;
        };
        let (limit, now_ms) = (self.limit(limit), self.now_ms());
        let mut clients = self.clients.lock();
        let bucket = clients.get((kind, shortened(measured)), now_ms);
        bucket.fill(limit, now_ms);
        bucket.take(amount);
        bucket.debt(limit)
    }

    /// A client may save up what it may do in one window.
    fn limit(&self, per_second: f64) -> Limit {
        Limit { per_second, burst_ms: self.windows.size_ms }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }
}

fn count(counter: &Counter, wait: Duration) -> Duration {
    if !wait.is_zero() {
        counter.add(1);
    }
    wait
}

fn shortened(measured: Measured) -> Measured {
    let short = |client: Arc<str>| {
        if client.len() <= CLIENT_ID_BYTES_MAX {
            return client;
        }
        let hash = foldhash::fast::FixedState::default().hash_one(&client);
        let mut end = CLIENT_ID_BYTES_MAX - 16;
        while !client.is_char_boundary(end) {
            end -= 1;
        }
        let begin = client.get(..end).unwrap_or_default();
        Arc::from(format!("{begin}{hash:016x}"))
    };
    match measured {
        Measured::User(user) => Measured::User(user),
        Measured::UserClient(user, client) => Measured::UserClient(user, short(client)),
        Measured::Client(client) => Measured::Client(short(client)),
    }
}

impl MetadataListener for Quotas {
    fn publish(&self, _old: &Image, new: &Arc<Image>, delta: &Delta) {
        if delta.quotas.is_empty() {
            return;
        }
        let table = QuotaTable::new(new.quotas());
        let (any, time) = (table.limits_requests(), table.limits(Kind::Request));
        self.table.store(Arc::new(table));
        self.limits_requests.store(any, Ordering::Relaxed);
        self.times_requests.store(time, Ordering::Relaxed);
    }

    fn halted(&self, _cause: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_client_ids_are_measured_apart_in_bounded_memory() {
        let measured = |c: char| {
            let id = format!("{}{c}", "ü".repeat(10_000));
            match shortened(Measured::Client(id.into())) {
                Measured::Client(id) => id,
                other => panic!("{other:?}"),
            }
        };
        assert!(measured('a').len() <= CLIENT_ID_BYTES_MAX);
        assert_ne!(measured('a'), measured('b'));
        assert_eq!(measured('a'), measured('a'));
    }
}
