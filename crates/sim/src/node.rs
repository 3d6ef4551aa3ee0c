//! A broker on a simulated machine.

use klamm_host_sim::{CrashPolicy, SimNode};
use std::net::IpAddr;

/// Where the broker listens.
pub(crate) const PORT: u16 = 9092;

/// Which broker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one that serves outside of simulations.
    Real,
    #[cfg(test)]
    Paper(crate::paper::Bug),
}

/// A machine and the broker on it, if it is up.
#[derive(Debug)]
pub(crate) struct BrokerNode {
    pub(crate) machine: SimNode,
    kind: Kind,
}

impl BrokerNode {
    pub(crate) fn new(machine: SimNode, kind: Kind) -> Self {
        Self { machine, kind }
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.machine.ip
    }

    /// Boots the machine and starts the broker.
    pub(crate) async fn start(&mut self) -> Result<(), String> {
        let host = self.machine.boot();
        match self.kind {
            Kind::Real => {
                drop(host);
                Err("no broker yet".to_owned())
            }
            #[cfg(test)]
            Kind::Paper(bug) => crate::paper::start(host, PORT, bug).await,
        }
    }

    /// Stops the broker in an orderly way.
    pub(crate) async fn stop(&mut self) {}

    /// Ends the boot at once.
    pub(crate) fn crash(&mut self, policy: CrashPolicy) {
        self.machine.crash(policy);
    }
}
