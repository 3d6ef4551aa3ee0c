//! What the handlers share. No behaviour: each handler takes out what it uses.

use crate::auto_create::AutoCreate;
use crate::config::BrokerConfig;
use crate::coordinating::{Groups, MarkerWriter, Transactions};
use crate::handlers::fetch::session::FetchSessions;
use crate::net::Limits;
use crate::observing::Meters;
use crate::partitions::Registry;
use crate::producer_ids::ProducerIds;
use crate::quorum::QuorumHandle;
use crate::quotas::Quotas;
use crate::telemetry::Telemetry;
use crate::upkeep::DirtyBudget;
use crate::waiting::Turns;
use klamm_host::Host;
use parking_lot::Mutex;
use std::sync::Arc;

/// The parts of a running node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) host: Host,
    pub(crate) config: BrokerConfig,
    pub(crate) quorum: QuorumHandle,
    pub(crate) partitions: Arc<Registry>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) markers: MarkerWriter,
    pub(crate) transactions: Transactions,
    pub(crate) producer_turns: Turns,
    pub(crate) fetch_sessions: Mutex<FetchSessions>,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) auto_create: AutoCreate,
    pub(crate) dirty: Arc<DirtyBudget>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) meters: Meters,
}
