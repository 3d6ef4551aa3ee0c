//! Accepts connections, within the limits, and closes those that overstay.

use super::connection::{Activity, ConnectionTask, Parts};
use super::limits::{Admission, Limits, Refusal};
use crate::request::{Caller, RequestRouter};
use hashbrown::HashMap;
use klamm_host::{Connection, Host, Listener};
use parking_lot::Mutex;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

/// A listening socket with its configured name.
#[derive(Debug)]
pub(crate) struct BoundListener {
    /// The listener's name, such as `PLAINTEXT`.
    pub(crate) name: Arc<str>,
    /// The socket.
    pub(crate) socket: Box<dyn Listener>,
}

/// The connections of one listener.
#[derive(Debug, Default)]
struct Open {
    connections: Mutex<HashMap<u64, Entry, foldhash::fast::FixedState>>,
    arrived: Notify,
    next: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    activity: Arc<Activity>,
    abort: Option<tokio::task::AbortHandle>,
}

/// After a failed accept (out of file handles), wait before trying again.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// While a limit holds, a connection waits this long before it is looked at again.
const ADMIT_RETRY: Duration = Duration::from_millis(50);
/// How long requests under way may take when the node stops.
const DRAIN_MAX: Duration = Duration::from_secs(1);
const DRAIN_STEP: Duration = Duration::from_millis(5);
/// Connections held at once because of `connection_creation_rate`.
const HELD_MAX: usize = 1000;
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Accepts until `stop`, then closes what is left.
pub(crate) async fn serve(
    mut listener: BoundListener,
    router: Arc<RequestRouter>,
    limits: Arc<Limits>,
    host: Host,
    mut stop: watch::Receiver<bool>,
) {
    let open = Arc::new(Open::default());
    let sweeper = {
        let (open, limits, host) = (Arc::clone(&open), Arc::clone(&limits), host.clone());
        host.clone()
            .tasks
            .spawn(Box::pin(async move { sweep(&open, &limits, &host).await }))
    };
    let held = Arc::new(Semaphore::new(HELD_MAX));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = std::future::poll_fn(|cx| listener.socket.poll_accept(cx)) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let wait = router.quotas().charge_connection(peer.ip());
                if !wait.is_zero() {
                    hold(stream, wait, &held, &host, stop.clone());
                    continue;
                }
                let caller = Caller::new(peer, Arc::clone(&listener.name));
                let admitted = admit(peer.ip(), &limits, &router, &host);
                let admission = tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => break,
                    admission = admitted => admission,
                };
                match admission {
                    Some(admission) => start(stream, caller, admission, &open, &router, &host),
                    None => {
                        router.meters().connections_refused.add(1);
                        tracing::debug!(%peer, "connection refused: too many from its address");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    drop(listener);
    sweeper.abort();
    drain(&open).await;
}

/// Waits for a place. `None` if the address has as many connections as it may.
async fn admit(
    ip: IpAddr,
    limits: &Arc<Limits>,
    router: &RequestRouter,
    host: &Host,
) -> Option<Admission> {
    loop {
        match limits.admit(ip, &*host.clock) {
            Ok(admission) => return Some(admission),
            Err(Refusal::PerIp) => return None,
            // The kernel's queue holds the others meanwhile.
            Err(Refusal::Total | Refusal::Rate) => {
                router.meters().accepts_delayed.add(1);
                tokio::time::sleep(ADMIT_RETRY).await;
            }
        }
    }
}

/// Holds a connection of an address over its quota for a while, then closes it, so that the peer does not come again
/// at once. If many are held already it is closed at once.
fn hold(
    stream: Box<dyn Connection>,
    wait: Duration,
    held: &Arc<Semaphore>,
    host: &Host,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(place) = Arc::clone(held).try_acquire_owned() else {
        return;
    };
    host.tasks.spawn(Box::pin(async move {
        let _held = (stream, place);
        let _ = tokio::time::timeout(wait, stop.wait_for(|stop| *stop)).await;
    }));
}

fn start(
    stream: Box<dyn Connection>,
    caller: Caller,
    admission: Admission,
    open: &Arc<Open>,
    router: &Arc<RequestRouter>,
    host: &Host,
) {
    let activity = Arc::new(Activity::new(monotonic_ms(host)));
    let task = ConnectionTask::new(Parts {
        stream,
        router: Arc::clone(router),
        caller: Arc::new(caller),
        limits: admission.limits(),
        clock: Arc::clone(&host.clock),
        tasks: Arc::clone(&host.tasks),
        activity: Arc::clone(&activity),
        admission,
    });
    let id = open.next.fetch_add(1, Ordering::Relaxed);
    // The entry must be there before the task can end and remove it.
    open.connections
        .lock()
        .insert(id, Entry { activity, abort: None });
    let done = Arc::clone(open);
    let handle = host.tasks.spawn(Box::pin(async move {
        let _leave = Leave { open: done, id };
        task.run().await;
    }));
    if let Some(entry) = open.connections.lock().get_mut(&id) {
        entry.abort = Some(handle.abort_handle());
    }
    open.arrived.notify_one();
}

/// Lets requests under way end, then closes what is left: consumers always wait for something.
async fn drain(open: &Open) {
    let deadline = tokio::time::Instant::now() + DRAIN_MAX;
    loop {
        let last = tokio::time::Instant::now() >= deadline;
        {
            let connections = open.connections.lock();
            let idle = connections
                .values()
                .filter(|entry| last || !entry.activity.is_busy());
            for abort in idle.filter_map(|entry| entry.abort.as_ref()) {
                abort.abort();
            }
            if connections.is_empty() {
                return;
            }
        }
        tokio::time::sleep(DRAIN_STEP).await;
    }
}

/// Removes the connection's entry, also when its task is aborted.
struct Leave {
    open: Arc<Open>,
    id: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut connections = self.open.connections.lock();
        connections.remove(&self.id);
        if connections.is_empty() {
            connections.shrink_to_fit();
        }
    }
}

/// Closes connections that overstay. Sleeps without a timer while there are none.
async fn sweep(open: &Open, limits: &Limits, host: &Host) {
    loop {
        if open.connections.lock().is_empty() {
            open.arrived.notified().await;
        }
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let now_ms = monotonic_ms(host);
        let overdue: Vec<_> = {
            let connections = open.connections.lock();
            let overdue = connections
                .values()
                .filter(|e| e.activity.is_overdue(now_ms, &limits.settings));
            overdue.filter_map(|entry| entry.abort.clone()).collect()
        };
        for abort in overdue {
            abort.abort();
        }
    }
}

fn monotonic_ms(host: &Host) -> u64 {
    u64::try_from(host.clock.monotonic().as_millis()).unwrap_or(u64::MAX)
}

/// Where a listener may listen, the first that works. Nothing before the colon means every interface, of both kinds where
/// the machine has both. A name that has both kinds means IPv4, as for Java.
///
/// # Errors
/// The name has no address.
pub(crate) async fn addresses(host: &Host, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if name.is_empty() {
        let every: [IpAddr; 2] = [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()];
        return Ok(every.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    Ok(preferred(host.net.resolve(name, port).await?))
}

fn preferred(mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    found.sort_by_key(SocketAddr::is_ipv6);
    found.truncate(1);
    found
}

/// Listens on the first of these addresses that the machine has.
///
/// # Errors
/// The address is taken, or none is ours.
pub(crate) async fn listen(host: &Host, addresses: &[SocketAddr]) -> io::Result<Box<dyn Listener>> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match host.net.listen(*address).await {
            Ok(listener) => return Ok(listener),
            // Another kind of address would not be free, but another listener.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The same for clients' connections.
///
/// # Errors
/// As for [`listen`].
pub(crate) async fn bind(
    host: &Host,
    name: &str,
    addresses: &[SocketAddr],
    send_buffer_bytes: Option<usize>,
) -> io::Result<BoundListener> {
    let socket = listen(host, addresses).await?;
    if let Some(bytes) = send_buffer_bytes {
        socket.set_send_buffer_bytes(bytes)?;
    }
    Ok(BoundListener { name: name.into(), socket })
}

#[cfg(test)]
mod tests {
    use super::{listen, preferred};
    use std::io::ErrorKind;
    use std::net::SocketAddr;

    fn all(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_name_with_both_kinds_of_addresses_means_ipv4() {
        let both = all(&["[::1]:9", "127.0.0.1:9", "127.0.0.2:9"]);
        assert_eq!(preferred(both), all(&["127.0.0.1:9"]));
        assert_eq!(preferred(all(&["[::1]:9"])), all(&["[::1]:9"]));
        assert_eq!(preferred(Vec::new()), []);
    }

    #[tokio::test]
    async fn the_next_address_is_for_machines_without_the_first_not_for_one_that_is_taken() {
        let host = klamm_host::os::host();
        // Of a block for documentation: no machine has it.
        let first = listen(&host, &all(&["192.0.2.1:0", "127.0.0.1:0"])).await;
        let first = first.unwrap();
        let taken = first.local_address().unwrap();
        assert!(taken.ip().is_loopback());
        let free = "127.0.0.1:0".parse().unwrap();
        let refused = listen(&host, &[taken, free]).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AddrInUse);
        let nowhere = listen(&host, &[]).await.unwrap_err();
        assert_eq!(nowhere.kind(), ErrorKind::AddrNotAvailable);
    }
}
