//! What all actors of a run share.

use crate::groups::Progress;
use crate::oracle::{Oracle, PartitionKey};
use crate::rpc::{Rpc, RpcError};
use crate::{Options, Planted, TopicFacts};
use klamm_host_sim::{SimNet, SimNetwork, SimRng, Trace};
use klamm_model::Uuid;
use klamm_wire::Request;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The run's shared state. Actors hold it by `Rc`: all of them live on one thread.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) options: Options,
    oracle: RefCell<Oracle>,
    pub(crate) address: SocketAddr,
    pub(crate) net: SimNet,
    pub(crate) trace: Trace,
    /// Actors begin nothing new.
    pub(crate) draining: Cell<bool>,
    /// The versions of each API that the node offers.
    pub(crate) offered: RefCell<BTreeMap<i16, (i16, i16)>>,
    /// What the run got to, and how often.
    pub(crate) reached: RefCell<BTreeMap<&'static str, u64>>,
    /// What members of groups tell each other.
    pub(crate) progress: RefCell<Progress>,
    next_ip: Cell<u8>,
}

/// Once faults have ended, everything that clients still want must be done in this time.
pub(crate) const HEALED_WAIT_MAX: Duration = Duration::from_secs(90);

impl Stage {
    pub(crate) fn new(options: Options, address: SocketAddr, net: SimNet, trace: Trace) -> Self {
        Self {
            options,
            oracle: RefCell::new(Oracle::new()),
            address,
            net,
            trace,
            draining: Cell::new(false),
            offered: RefCell::default(),
            reached: RefCell::default(),
            progress: RefCell::default(),
            next_ip: Cell::new(1),
        }
    }

    /// The network as a new client sees it.
    pub(crate) fn client(self: &Rc<Self>, rng: SimRng) -> Client {
        let number = self.next_ip.get();
        self.next_ip.set(number + 1);
        let ip = IpAddr::V4(Ipv4Addr::new(10, 1, 0, number));
        Client {
            stage: Rc::clone(self),
            network: self.net.at(ip),
            rng,
            rpc: None,
        }
    }

    /// The oracle. Not to be held across an await.
    pub(crate) fn oracle(&self) -> RefMut<'_, Oracle> {
        self.oracle.borrow_mut()
    }

    /// Notes that the run got to a place that runs ought to get to.
    pub(crate) fn reach(&self, place: &'static str) {
        *self.reached.borrow_mut().entry(place).or_default() += 1;
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.oracle().violations().to_vec()
    }

    pub(crate) fn violation(&self, text: String) {
        self.oracle().violation(text);
    }

    /// Topics that nobody asked to delete, in the order of their names.
    pub(crate) fn topics(&self) -> Vec<(Uuid, TopicFacts)> {
        let mut topics = self.oracle().topics_alive();
        topics.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        topics
    }
}

/// A client program: one address, one connection at a time, its own draws.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) stage: Rc<Stage>,
    pub(crate) network: SimNetwork,
    pub(crate) rng: SimRng,
    pub(crate) rpc: Option<Rpc>,
}

/// A partition as clients need to name it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) key: PartitionKey,
    pub(crate) name: String,
}

impl Client {
    /// The address of some client of the run.
    pub(crate) fn any_client_ip(&mut self) -> IpAddr {
        let last = u64::from(self.stage.next_ip.get()).saturating_sub(1).max(1);
        let number = u8::try_from(self.rng.between(1, last)).unwrap_or(1);
        IpAddr::V4(Ipv4Addr::new(10, 1, 0, number))
    }

    /// Whether a bug is planted.
    pub(crate) fn has(&self, bug: Planted) -> bool {
        self.stage.options.planted == Some(bug)
    }

    pub(crate) fn draining(&self) -> bool {
        self.stage.draining.get()
    }

    /// Waits a drawn while.
    pub(crate) async fn pause(&mut self, ms_max: u64) {
        sleep(Duration::from_millis(self.rng.between(1, ms_max))).await;
    }

    /// A partition of a topic that is alive, if there is one.
    pub(crate) fn target(&mut self) -> Option<Target> {
        let topics = self.stage.topics();
        if topics.is_empty() {
            return None;
        }
        let (topic, facts) = &topics[self.rng.index(topics.len())];
        let count = u64::try_from(facts.partitions).unwrap_or(1);
        let partition = i32::try_from(self.rng.below(count)).unwrap_or(0);
        let key = PartitionKey { topic: *topic, partition };
        Some(Target { key, name: facts.name.clone() })
    }

    /// Whether somebody asked to delete a topic.
    pub(crate) fn is_deleting(&self, topic: Uuid) -> bool {
        let oracle = self.stage.oracle();
        oracle.topic(topic).is_none_or(|facts| facts.deleting)
    }

    /// A version of a request, drawn from those that the node offers, not below `lowest`.
    pub(crate) fn version<R: Request>(&mut self, lowest: i16) -> i16 {
        let offered = self.stage.offered.borrow().get(&(R::KEY as i16)).copied();
        let (low, high) = offered.unwrap_or((R::MIN_VERSION, R::MAX_VERSION));
        let low = low.max(R::MIN_VERSION).max(lowest);
        let span = u64::from(high.min(R::MAX_VERSION).abs_diff(low));
        low + i16::try_from(self.rng.between(0, span)).unwrap_or(0)
    }

    /// The lowest version of Produce and Fetch to draw: with topic ids if a name may come to mean another topic.
    pub(crate) fn lowest_with_ids(&self) -> i16 {
        if self.stage.options.reuse_names {
            13
        } else {
            0
        }
    }

    /// The connection, opened if there is none; `None` if that fails this time.
    pub(crate) async fn connected(&mut self) -> Option<&mut Rpc> {
        if self.rpc.is_none() {
            match Rpc::connect(&self.network, self.stage.address).await {
                Ok(rpc) => self.rpc = Some(rpc),
                Err(_) => {
                    self.pause(200).await;
                    return None;
                }
            }
        }
        self.rpc.as_mut()
    }

    /// One attempt of a call; after a failure the connection is gone, and a while has passed.
    pub(crate) async fn attempt<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Option<R::Response> {
        let rpc = self.connected().await?;
        match rpc.call(request, version).await {
            Ok(response) => Some(response),
            Err(error) => {
                self.fail(error).await;
                None
            }
        }
    }

    /// Gives the connection up after an error.
    pub(crate) async fn fail(&mut self, error: RpcError) {
        self.rpc = None;
        if let RpcError::Garbled(text) = error {
            self.stage.violation(text);
        }
        self.pause(200).await;
    }

    /// Repeats a call until it is answered.
    pub(crate) async fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let start = Instant::now();
        loop {
            if let Some(response) = self.attempt(request, version).await {
                return response;
            }
            // Faults never last that long: an ordinary run would have got through.
            if start.elapsed() > Duration::from_secs(3_600) {
                self.stage
                    .violation(format!("{:?} was never answered", R::KEY));
                std::future::pending::<()>().await;
            }
        }
    }
}
