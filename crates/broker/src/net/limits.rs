//! What the network room may hold: connections, their rate, and bytes of requests in flight.

use klamm_host::Clock;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

/// The limits of a node's listeners.
#[derive(Debug, Clone)]
pub(crate) struct LimitSettings {
    /// How many connections, from whom and how fast; may change while the node runs.
    pub(crate) admission: AdmissionSettings,
    /// The largest frame (`socket.request.max.bytes`).
    pub(crate) frame_bytes_max: usize,
    /// Request bytes held at once by all connections (`klamm.max.inflight.bytes`).
    pub(crate) in_flight_bytes_max: usize,
    /// Requests of one connection that wait for their answers at once.
    pub(crate) pipeline_max: usize,
    /// A connection without traffic is closed after this (`connections.max.idle.ms`).
    pub(crate) idle_max: Duration,
    /// A frame that began must be complete after this.
    pub(crate) frame_wait_max: Duration,
    /// A connection must have made its first request after this.
    pub(crate) first_request_wait_max: Duration,
}

/// The limits of new connections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AdmissionSettings {
    /// Open connections in total (`max.connections`).
    pub(crate) connections_max: usize,
    /// Open connections of one address (`max.connections.per.ip`).
    pub(crate) connections_per_ip_max: usize,
    /// Addresses with a limit of their own (`max.connections.per.ip.overrides`).
    pub(crate) overrides: BTreeMap<IpAddr, usize>,
    /// New connections a second (`max.connection.creation.rate`).
    pub(crate) accepts_per_second_max: u32,
}

/// Counts connections against the limits.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) settings: LimitSettings,
    pub(crate) in_flight: InFlightBytes,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    settings: AdmissionSettings,
    total: usize,
    by_ip: BTreeMap<IpAddr, usize>,
    second: u64,
    accepted_in_second: u32,
}

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `max.connections` are open.
    Total,
    /// `max.connections.per.ip` are open from this address.
    PerIp,
    /// `max.connection.creation.rate` was reached in this second.
    Rate,
}

/// A counted connection; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    limits: Arc<Limits>,
    ip: IpAddr,
}

impl Limits {
    pub(crate) fn new(settings: LimitSettings) -> Arc<Self> {
        let in_flight = InFlightBytes::new(settings.in_flight_bytes_max);
        let open = Open { settings: settings.admission.clone(), ..Open::default() };
        Arc::new(Self { settings, in_flight, open: Mutex::new(open) })
    }

    /// Replaces the limits of new connections; those that are open stay.
    pub(crate) fn change_admission(&self, settings: AdmissionSettings) {
        self.open.lock().settings = settings;
    }

    /// Takes a place for a connection from `ip`.
    pub(crate) fn admit(
        self: &Arc<Self>,
        ip: IpAddr,
        clock: &dyn Clock,
    ) -> Result<Admission, Refusal> {
        let second = clock.monotonic().as_secs();
        let mut open = self.open.lock();
        if open.second != second {
            open.second = second;
            open.accepted_in_second = 0;
        }
        if open.accepted_in_second >= open.settings.accepts_per_second_max {
            return Err(Refusal::Rate);
        }
        if open.total >= open.settings.connections_max {
            return Err(Refusal::Total);
        }
        let own_max = open.settings.overrides.get(&ip.to_canonical()).copied();
        let per_ip_max = own_max.unwrap_or(open.settings.connections_per_ip_max);
        let same = open.by_ip.entry(ip).or_insert(0);
        if *same >= per_ip_max {
            return Err(Refusal::PerIp);
        }
        *same += 1;
        open.total += 1;
        open.accepted_in_second += 1;
        Ok(Admission { limits: Arc::clone(self), ip })
    }

    /// Open connections.
    pub(crate) fn open_connections(&self) -> usize {
        self.open.lock().total
    }
}

impl Admission {
    /// The limits that this place counts against.
    pub(crate) fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.limits.open.lock();
        open.total -= 1;
        if let Some(same) = open.by_ip.get_mut(&self.ip) {
            *same -= 1;
            if *same == 0 {
                open.by_ip.remove(&self.ip);
            }
        }
    }
}

/// Request bytes held by all connections. Over the limit, connections stop reading: back-pressure, not growth.
#[derive(Debug)]
pub(crate) struct InFlightBytes {
    held: AtomicUsize,
    requests: AtomicUsize,
    max: usize,
    waiting: Mutex<Vec<Waker>>,
}

impl InFlightBytes {
    fn new(max: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            max,
            waiting: Mutex::default(),
        }
    }

    /// Bytes held now.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Requests under way.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Changes how many requests of one connection are under way from `before` to `after`.
    pub(crate) fn change_requests(&self, before: usize, after: usize) {
        if after > before {
            self.requests.fetch_add(after - before, Ordering::Relaxed);
        } else if before > after {
            self.requests.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// Whether a connection may read more; if not, `waker` is woken when there is room. One that `finishes` a frame of
    /// ordinary size may go up to twice the limit: if all stopped in the middle, nobody would make room.
    pub(crate) fn has_room(&self, waker: &Waker, finishes: bool) -> bool {
        let max = if finishes {
            self.max.saturating_mul(2)
        } else {
            self.max
        };
        if self.held() < max {
            return true;
        }
        self.waiting.lock().push(waker.clone());
        // Room may have come between the check and the registration.
        self.held() < max
    }

    /// Changes what one connection holds from `before` to `after`.
    pub(crate) fn change(&self, before: usize, after: usize) {
        if after > before {
            self.held.fetch_add(after - before, Ordering::Relaxed);
        } else if before > after {
            let was = self.held.fetch_sub(before - after, Ordering::Relaxed);
            if was >= self.max {
                // Each looks again at its own limit.
                for waker in self.waiting.lock().drain(..) {
                    waker.wake();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_host::os::SystemClock;

    fn limits(total: usize, per_ip: usize, rate: u32) -> Arc<Limits> {
        Limits::new(LimitSettings {
            admission: AdmissionSettings {
                connections_max: total,
                connections_per_ip_max: per_ip,
                overrides: BTreeMap::new(),
                accepts_per_second_max: rate,
            },
            frame_bytes_max: 1 << 20,
            in_flight_bytes_max: 1000,
            pipeline_max: 4,
            idle_max: Duration::from_secs(1),
            frame_wait_max: Duration::from_secs(1),
            first_request_wait_max: Duration::from_secs(1),
        })
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let clock = SystemClock::new();
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let limits = limits(3, 2, 100);
        let first = limits.admit(a, &clock).unwrap();
        let _second = limits.admit(a, &clock).unwrap();
        assert_eq!(limits.admit(a, &clock).unwrap_err(), Refusal::PerIp);
        let _third = limits.admit(b, &clock).unwrap();
        assert_eq!(limits.admit(b, &clock).unwrap_err(), Refusal::Total);
        drop(first);
        assert!(limits.admit(a, &clock).is_ok());
        assert_eq!(limits.open_connections(), 2);
        limits.change_admission(AdmissionSettings {
            connections_max: 2,
            connections_per_ip_max: 9,
            overrides: BTreeMap::new(),
            accepts_per_second_max: 9,
        });
        assert_eq!(limits.admit(b, &clock).unwrap_err(), Refusal::Total);
    }

    #[test]
    fn an_address_can_have_a_limit_of_its_own() {
        let clock = SystemClock::new();
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let limits = limits(9, 1, 100);
        limits.change_admission(AdmissionSettings {
            connections_max: 9,
            connections_per_ip_max: 1,
            overrides: BTreeMap::from([(b, 2)]),
            accepts_per_second_max: 100,
        });
        let _one = limits.admit(a, &clock).unwrap();
        assert_eq!(limits.admit(a, &clock).unwrap_err(), Refusal::PerIp);
        let _two = limits.admit(b, &clock).unwrap();
        let mapped: IpAddr = "::ffff:127.0.0.2".parse().unwrap();
        assert!(limits.admit(mapped, &clock).is_ok());
    }

    #[test]
    fn bytes_over_the_limit_stop_reading_until_they_are_given_back() {
        let limits = limits(1, 1, 1);
        let waker = Waker::noop();
        assert!(limits.in_flight.has_room(waker, false));
        limits.in_flight.change(0, 1000);
        assert!(!limits.in_flight.has_room(waker, false));
        assert!(
            limits.in_flight.has_room(waker, true),
            "a frame that has begun is finished"
        );
        limits.in_flight.change(1000, 2000);
        assert!(!limits.in_flight.has_room(waker, true));
        limits.in_flight.change(2000, 10);
        assert!(limits.in_flight.has_room(waker, false));
    }
}
