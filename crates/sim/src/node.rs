//! A broker on a simulated machine.

use crate::Options;
use crate::audit::STATE_PARTITIONS;
use crate::groups::OFFSETS_PARTITIONS;
use klamm_broker::Broker;
use klamm_host::Host;
use klamm_host_sim::{CrashPolicy, SimNode};
use klamm_settings::Settings;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

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
    /// What the seed draws of them.
    options: Options,
    broker: Option<Broker>,
}

/// Where a log directory is; the first one holds the metadata log as well.
pub(crate) fn log_dir(index: usize) -> String {
    format!("/data/klamm{index}")
}

impl BrokerNode {
    pub(crate) fn new(machine: SimNode, kind: Kind, options: &Options) -> Self {
        Self { machine, kind, options: options.clone(), broker: None }
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.machine.ip
    }

    /// Boots the machine and starts the broker.
    pub(crate) async fn start(&mut self) -> Result<(), String> {
        let host = self.machine.boot();
        match self.kind {
            Kind::Real => {
                let settings = settings(self.ip(), &self.options)?;
                self.broker = Some(start(host, settings).await?);
                Ok(())
            }
            #[cfg(test)]
            Kind::Paper(bug) => crate::paper::start(host, PORT, bug).await,
        }
    }

    /// Stops the broker in an orderly way.
    pub(crate) async fn stop(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.shutdown().await;
        }
    }

    /// Whether the broker says that it can't go on: its program would end.
    pub(crate) async fn has_halted(&self) -> bool {
        match &self.broker {
            Some(broker) => timeout(Duration::from_millis(1), broker.halted())
                .await
                .is_ok(),
            None => false,
        }
    }

    /// Ends the boot at once.
    pub(crate) fn crash(&mut self, policy: CrashPolicy) {
        self.machine.crash(policy);
        self.broker = None;
    }
}

async fn start(host: Host, settings: Settings) -> Result<Broker, String> {
    // A large future: boxed, so that it does not grow those of its callers.
    Box::pin(Broker::start(host, settings))
        .await
        .map_err(|error| error.to_string())
}

fn settings(ip: IpAddr, options: &Options) -> Result<Settings, String> {
    let dirs: Vec<_> = (0..options.log_dirs).map(log_dir).collect();
    let overrides = [
        ("listeners", format!("PLAINTEXT://{ip}:{PORT}")),
        ("log.dirs", dirs.join(",")),
        ("auto.create.topics.enable", "false".to_owned()),
        // Small: a pass seldom knows all keys.
        ("log.cleaner.dedupe.buffer.size", "1000".to_owned()),
        ("log.cleaner.backoff.ms", "700".to_owned()),
        (
            "offsets.topic.num.partitions",
            OFFSETS_PARTITIONS.to_string(),
        ),
        (
            "transaction.state.log.num.partitions",
            STATE_PARTITIONS.to_string(),
        ),
        (
            "group.coordinator.append.linger.ms",
            options.group_linger_ms.to_string(),
        ),
        (
            "max.incremental.fetch.session.cache.slots",
            options.fetch_sessions_max.to_string(),
        ),
        // As long as the classic protocol's least.
        ("group.consumer.session.timeout.ms", "6000".to_owned()),
        ("group.consumer.min.session.timeout.ms", "1000".to_owned()),
        ("group.consumer.heartbeat.interval.ms", "1000".to_owned()),
        (
            "group.consumer.min.heartbeat.interval.ms",
            "1000".to_owned(),
        ),
        (
            "transaction.abort.timed.out.transaction.cleanup.interval.ms",
            "1000".to_owned(),
        ),
    ];
    let expiry = [
        ("offsets.retention.minutes", "1".to_owned()),
        ("offsets.retention.check.interval.ms", "1000".to_owned()),
    ];
    let expiry = expiry.into_iter().filter(|_| options.offsets_expire);
    let overrides = overrides.into_iter().chain(expiry);
    let overrides: Vec<_> = overrides
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    match Settings::load("", &overrides) {
        Ok(loaded) => Ok(loaded.settings),
        Err(refused) => Err(format!("{refused:?}")),
    }
}
