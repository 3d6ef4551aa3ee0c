//! A network in memory: streams that are late, come in pieces, stall, and break with half of their bytes delivered.
//!
//! A node or client is an IP address. What links do is drawn from one seed. A process that dies resets its connections;
//! a machine that loses power is silent, and its old connections are reset when it listens again.

mod connection;
mod pipe;
#[cfg(test)]
mod tests;

use crate::{SimRng, Trace};
use connection::SimConnection;
use klamm_host::{BoxFuture, Connection, Listener, Network};
use parking_lot::Mutex;
use pipe::Pipe;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What a link between two addresses does to streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkOptions {
    /// The shortest way of a byte, in milliseconds.
    pub delay_ms_min: u64,
    /// The longest way.
    pub delay_ms_max: u64,
    /// Bytes under way in one direction before a writer must wait.
    pub buffer: usize,
    /// The largest piece that a reader gets at once; pieces of random size if less than the buffer.
    pub piece_max: usize,
    /// Connection attempts that are refused, in a hundred.
    pub refuse_percent: u64,
    /// Writes that break the connection, in ten thousand.
    pub reset_per_10k: u64,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            delay_ms_min: 0,
            delay_ms_max: 0,
            buffer: 64 * 1024,
            piece_max: usize::MAX,
            refuse_percent: 0,
            reset_per_10k: 0,
        }
    }
}

/// How a node leaves the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Its process died: the system resets its connections at once.
    Reset,
    /// Its machine died: peers hear nothing until it listens again.
    Silent,
}

/// The network of a simulation. Clones are the same network.
#[derive(Debug, Clone)]
pub struct SimNet {
    shared: Arc<Mutex<NetState>>,
    trace: Trace,
}

/// The network as one address sees it.
#[derive(Debug, Clone)]
pub struct SimNetwork {
    net: SimNet,
    ip: IpAddr,
}

type ConnectionId = u64;

#[derive(Debug)]
struct NetState {
    rng: SimRng,
    listeners: BTreeMap<SocketAddr, Backlog>,
    connections: BTreeMap<ConnectionId, Streams>,
    default_link: LinkOptions,
    links: BTreeMap<(IpAddr, IpAddr), LinkOptions>,
    stalled: BTreeSet<(IpAddr, IpAddr)>,
    next_id: u64,
    next_port: u16,
}

#[derive(Debug)]
struct Backlog {
    id: u64,
    waiting: VecDeque<(ConnectionId, SocketAddr)>,
    waker: Option<Waker>,
}

/// Both directions of a connection; `pipes[i]` carries what end `i` writes.
#[derive(Debug)]
struct Streams {
    ends: [SocketAddr; 2],
    pipes: [Pipe; 2],
    link: LinkOptions,
    reset: bool,
    /// The end was dropped, or its node died.
    gone: [bool; 2],
    /// The end's node died silently.
    silent: [bool; 2],
}

/// Connections that wait for `accept` before more are refused.
const BACKLOG: usize = 128;
const FIRST_PORT: u16 = 32_768;

fn pair(a: IpAddr, b: IpAddr) -> (IpAddr, IpAddr) {
    (a.min(b), a.max(b))
}

impl SimNet {
    /// A network without anybody on it.
    #[must_use]
    pub fn new(rng: SimRng, trace: Trace) -> Self {
        let state = NetState {
            rng,
            listeners: BTreeMap::new(),
            connections: BTreeMap::new(),
            default_link: LinkOptions::default(),
            links: BTreeMap::new(),
            stalled: BTreeSet::new(),
            next_id: 1,
            next_port: FIRST_PORT,
        };
        Self { shared: Arc::new(Mutex::new(state)), trace }
    }

    /// The network as an address sees it.
    #[must_use]
    pub fn at(&self, ip: IpAddr) -> SimNetwork {
        SimNetwork { net: self.clone(), ip }
    }

    /// Sets what links without options of their own do. Connections keep the options they began with.
    pub fn set_default_link(&self, options: LinkOptions) {
        self.shared.lock().default_link = options;
    }

    /// Sets what the link between two addresses does, in both directions.
    pub fn set_link(&self, a: IpAddr, b: IpAddr, options: LinkOptions) {
        self.shared.lock().links.insert(pair(a, b), options);
    }

    /// Breaks all connections between two addresses: each direction keeps a random part of what was under way.
    pub fn cut(&self, a: IpAddr, b: IpAddr) {
        self.break_where(|streams| pair(streams.ends[0].ip(), streams.ends[1].ip()) == pair(a, b));
    }

    /// Breaks one connection, drawn at random. Does nothing if there is none.
    pub fn cut_any(&self) {
        let chosen = {
            let mut state = self.shared.lock();
            let n = state.connections.len();
            let place = state.rng.index(n);
            state.connections.keys().nth(place).copied()
        };
        if let Some(id) = chosen {
            self.break_id(id);
        }
    }

    /// Holds back all bytes between two addresses, and new connections.
    pub fn stall(&self, a: IpAddr, b: IpAddr) {
        self.trace.event("net stall", &[]);
        self.shared.lock().stalled.insert(pair(a, b));
    }

    /// Lets bytes through again.
    pub fn heal(&self, a: IpAddr, b: IpAddr) {
        self.trace.event("net heal", &[]);
        let mut state = self.shared.lock();
        state.stalled.remove(&pair(a, b));
        for streams in state.connections.values_mut() {
            streams.wake();
        }
    }

    /// A node dies: its listeners vanish, its connections break.
    pub fn leave(&self, ip: IpAddr, how: Leave) {
        {
            let mut state = self.shared.lock();
            state.listeners.retain(|address, _| address.ip() != ip);
            for streams in state.connections.values_mut() {
                for end in 0..2 {
                    if streams.ends[end].ip() == ip {
                        streams.gone[end] = true;
                        streams.silent[end] = how == Leave::Silent;
                        if how == Leave::Silent {
                            streams.pipes[end].clear();
                        }
                    }
                }
            }
            state.connections.retain(|_, s| s.gone != [true; 2]);
        }
        self.trace.event("net leave", &[how as u64]);
        if how == Leave::Reset {
            self.break_where(|streams| streams.ends.iter().any(|end| end.ip() == ip));
        }
    }

    /// Connections of which an end is left.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    fn break_where(&self, chosen: impl Fn(&Streams) -> bool) {
        let ids: Vec<ConnectionId> = {
            let state = self.shared.lock();
            let hit = state.connections.iter().filter(|(_, s)| chosen(s));
            hit.map(|(id, _)| *id).collect()
        };
        for id in ids {
            self.break_id(id);
        }
    }

    fn break_id(&self, id: ConnectionId) {
        let mut state = self.shared.lock();
        let NetState { rng, connections, .. } = &mut *state;
        if let Some(streams) = connections.get_mut(&id) {
            self.trace.event("net reset", &[id]);
            streams.break_off(rng);
        }
        state.sweep(id);
    }
}

impl NetState {
    fn link(&self, a: IpAddr, b: IpAddr) -> LinkOptions {
        *self.links.get(&pair(a, b)).unwrap_or(&self.default_link)
    }

    fn take_port(&mut self, ip: IpAddr) -> SocketAddr {
        loop {
            let address = SocketAddr::new(ip, self.next_port);
            self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_PORT);
            if !self.listeners.contains_key(&address) {
                return address;
            }
        }
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn delay(&mut self, link: LinkOptions) -> Duration {
        Duration::from_millis(self.rng.between(link.delay_ms_min, link.delay_ms_max))
    }

    /// Forgets a connection of which nobody holds an end.
    fn sweep(&mut self, id: ConnectionId) {
        if let Some(streams) = self.connections.get(&id)
            && streams.gone == [true; 2]
        {
            self.connections.remove(&id);
        }
    }
}

impl Streams {
    fn break_off(&mut self, rng: &mut SimRng) {
        if !self.reset {
            self.reset = true;
            for pipe in &mut self.pipes {
                pipe.keep_part(rng);
            }
        }
        self.wake();
    }

    fn wake(&mut self) {
        for pipe in &mut self.pipes {
            pipe.wake();
        }
    }
}

impl SimNetwork {
    /// The address.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }
}

impl Network for SimNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let ip = if address.ip().is_unspecified() || address.ip().is_loopback() {
                self.ip
            } else {
                address.ip()
            };
            let (id, address) = {
                let mut state = self.net.shared.lock();
                let address = match address.port() {
                    0 => state.take_port(ip),
                    port => SocketAddr::new(ip, port),
                };
                if state.listeners.contains_key(&address) {
                    return Err(io::ErrorKind::AddrInUse.into());
                }
                let id = state.take_id();
                let backlog = Backlog { id, waiting: VecDeque::new(), waker: None };
                state.listeners.insert(address, backlog);
                (id, address)
            };
            self.net
                .trace
                .event("net listen", &[u64::from(address.port())]);
            self.net.break_where(|streams| {
                (0..2).any(|end| streams.silent[end] && streams.ends[end].ip() == ip)
            });
            let listener = SimListener { net: self.net.clone(), id, address };
            Ok(Box::new(listener) as Box<dyn Listener>)
        })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let ip = if address.ip().is_loopback() {
                self.ip
            } else {
                address.ip()
            };
            let address = SocketAddr::new(ip, address.port());
            let delay = {
                let mut state = self.net.shared.lock();
                let link = state.link(self.ip, ip);
                state.delay(link)
            };
            if delay.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(delay).await;
            }
            while self.net.shared.lock().stalled.contains(&pair(self.ip, ip)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // What counts is the link at arrival: it may have been closed meanwhile.
            let mut state = self.net.shared.lock();
            let link = state.link(self.ip, ip);
            let local = state.take_port(self.ip);
            let id = state.take_id();
            let refused = state.rng.percent(link.refuse_percent);
            let backlog = state.listeners.get_mut(&address);
            let Some(backlog) = backlog.filter(|b| !refused && b.waiting.len() < BACKLOG) else {
                self.net
                    .trace
                    .event("net refused", &[u64::from(address.port())]);
                return Err(io::ErrorKind::ConnectionRefused.into());
            };
            backlog.waiting.push_back((id, local));
            if let Some(waker) = backlog.waker.take() {
                waker.wake();
            }
            let streams = Streams {
                ends: [local, address],
                pipes: [Pipe::default(), Pipe::default()],
                link,
                reset: false,
                gone: [false; 2],
                silent: [false; 2],
            };
            state.connections.insert(id, streams);
            self.net.trace.event("net connect", &[id]);
            Ok(Box::new(SimConnection::new(self.net.clone(), id, 0)) as Box<dyn Connection>)
        })
    }
}

#[derive(Debug)]
struct SimListener {
    net: SimNet,
    id: u64,
    address: SocketAddr,
}

impl Listener for SimListener {
    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Box<dyn Connection>, SocketAddr)>> {
        let mut state = self.net.shared.lock();
        let backlog = state.listeners.get_mut(&self.address);
        let Some(backlog) = backlog.filter(|backlog| backlog.id == self.id) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        match backlog.waiting.pop_front() {
            Some((id, peer)) => {
                self.net.trace.event("net accept", &[id]);
                let connection = SimConnection::new(self.net.clone(), id, 1);
                Poll::Ready(Ok((Box::new(connection), peer)))
            }
            None => {
                backlog.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.net.shared.lock();
            match state.listeners.get(&self.address) {
                Some(backlog) if backlog.id == self.id => state
                    .listeners
                    .remove(&self.address)
                    .map(|backlog| backlog.waiting),
                _ => None,
            }
        };
        for (id, _) in waiting.unwrap_or_default() {
            if let Some(streams) = self.net.shared.lock().connections.get_mut(&id) {
                streams.gone[1] = true;
            }
            self.net.break_id(id);
        }
    }
}
