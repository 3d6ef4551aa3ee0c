//! Starts and stops a node: builds the parts in order, and takes them down in the opposite one.

use crate::auto_create::AutoCreate;
use crate::config::{self, BrokerConfig};
use crate::coordinating::{Deletions, Groups, LogTopic, MarkerWriter, Transactions};
use crate::format::{FormatDirsError, directories, format_all};
use crate::handlers::fetch::session::FetchSessions;
use crate::net::{self, BoundListener, Limits};
use crate::node::Node;
use crate::observing::{self, Meters, Readiness};
use crate::partitions::{Directory, Registry, Shared};
use crate::producer_ids::ProducerIds;
use crate::quorum::{self, QuorumConfig, QuorumHandle, QuorumStartError};
use crate::quotas::Quotas;
use crate::registration;
use crate::request::RequestRouter;
use crate::telemetry::Telemetry;
use crate::upkeep::{self, Cleaner, DirtyBudget, Moves, Removals};
use crate::waiting::Turns;
use klamm_host::{Host, TaskHandle};
use klamm_model::NodeId;
use klamm_settings::{Endpoint, Layers, Protocol, Settings, broker};
use klamm_storage::{ExpectedIdentity, HandleCache, LogDir, OpenDirError, StorageError};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::{Notify, watch};

/// A node that serves.
#[derive(Debug)]
pub struct Broker {
    node: Arc<Node>,
    broker_epoch: i64,
    listeners: Vec<(Endpoint, SocketAddr)>,
    metrics: Option<SocketAddr>,
    readiness: Arc<Readiness>,
    stop: watch::Sender<bool>,
    halted: Arc<Halt>,
    serving: Vec<TaskHandle>,
    upkeep: Vec<TaskHandle>,
    cleaning: Option<TaskHandle>,
    flushing: Option<TaskHandle>,
}

/// Set when the node can't go on.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    cause: Mutex<Option<String>>,
    told: Notify,
}

impl Halt {
    /// The node can't go on; the first cause stays.
    pub(crate) fn tell(&self, cause: &str) {
        self.cause.lock().get_or_insert_with(|| cause.to_owned());
        self.told.notify_one();
    }
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A data directory.
    #[error(transparent)]
    Format(#[from] FormatDirsError),
    /// A data directory.
    #[error(transparent)]
    Directory(#[from] OpenDirError),
    /// The disk failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An address can't be listened on.
    #[error("listening on {address}: {source}")]
    Listen {
        /// As configured.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A listener asks for something that is not there yet.
    #[error("listener {0} asks for {1:?}, which is not supported yet: only PLAINTEXT is")]
    Protocol(String, Protocol),
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
    /// The metadata log.
    #[error("{0}")]
    Quorum(String),
    /// The node is stopping already.
    #[error("the runtime is shutting down")]
    Stopping,
}

impl From<QuorumStartError> for StartError {
    fn from(error: QuorumStartError) -> Self {
        Self::Quorum(error.to_string())
    }
}

impl Broker {
    /// Starts a node and returns once it serves. Call inside the runtime of `host`.
    ///
    /// # Errors
    /// See [`StartError`]; whatever was started is stopped.
    pub async fn start(host: Host, settings: Settings) -> Result<Self, StartError> {
        let bound = bind_all(&host, &settings).await?;
        let metrics = bind_metrics(&host, &settings).await?;
        let opened = {
            let (host, settings) = (host.clone(), settings.clone());
            let tasks = Arc::clone(&host.tasks);
            let open = move || open_directories(&host, &settings);
            klamm_host::run_blocking(&*tasks, open)
                .await
                .map_err(|_| StartError::Stopping)??
        };
        let metadata = opened.opened.first().ok_or(StartError::Stopping)?;
        let quorum_config = QuorumConfig {
            node: NodeId(settings.get(&broker::NODE_ID)),
            dir: Arc::clone(&metadata.dir),
            last_run: metadata.last.clone(),
            settings: settings.clone(),
        };
        let cluster_id = metadata.dir.meta().cluster_id.clone();
        let was_clean = opened.opened.iter().all(|directory| directory.last.clean);
        let halted = Arc::new(Halt::default());
        let shared = shared(&host, &settings);
        let partitions = Arc::new(registry(&settings, opened, shared, Arc::clone(&halted)));
        let quotas = Arc::new(Quotas::new(&settings, &host.clock));
        let telemetry = Arc::new(Telemetry::new(&settings, &host.clock));
        let deletions = Arc::new(Deletions::default());
        let listeners: Vec<Arc<dyn quorum::MetadataListener>> = vec![
            Arc::clone(&partitions) as _,
            Arc::clone(&deletions) as _,
            Arc::clone(&quotas) as _,
            Arc::clone(&telemetry) as _,
        ];
        let quorum = quorum::start(host.clone(), quorum_config, Arc::new(listeners)).await?;
        let addresses: Vec<_> = bound
            .iter()
            .map(|(endpoint, _, address)| (endpoint.clone(), *address))
            .collect();
        let directory_ids = partitions
            .directories()
            .map(|dir| dir.directory_id())
            .collect();
        let broker_epoch = registration::register(
            &quorum,
            &host,
            &settings,
            registration::SelfPortrait { addresses: &addresses, directory_ids, was_clean },
        )
        .await
        .map_err(StartError::Quorum)?;
        let rooms = Rooms { quorum, partitions, quotas, telemetry };
        let node = Arc::new(node(host, &settings, cluster_id, rooms, broker_epoch));
        deletions.tell(&node.groups);
        let mut this = Self::assemble(node, broker_epoch, addresses, halted);
        this.begin(bound, metrics);
        Ok(this)
    }

    fn assemble(
        node: Arc<Node>,
        broker_epoch: i64,
        listeners: Vec<(Endpoint, SocketAddr)>,
        halted: Arc<Halt>,
    ) -> Self {
        Self {
            node,
            broker_epoch,
            listeners,
            metrics: None,
            readiness: Arc::default(),
            stop: watch::Sender::new(false),
            halted,
            serving: Vec::new(),
            upkeep: Vec::new(),
            cleaning: None,
            flushing: None,
        }
    }

    fn begin(
        &mut self,
        bound: Vec<(Endpoint, BoundListener, SocketAddr)>,
        metrics: Option<(Box<dyn klamm_host::Listener>, SocketAddr)>,
    ) {
        let node = &self.node;
        let host = &node.host;
        let strays = Arc::clone(&node.partitions);
        let set_aside = move || strays.set_strays_aside();
        self.upkeep.push(
            host.tasks
                .spawn(Box::pin(run_once(host.clone(), set_aside))),
        );
        let dirty = Arc::clone(&node.dirty);
        let flusher = upkeep::run_flusher(dirty, host.clone(), node.config.flush_interval);
        self.flushing = Some(host.tasks.spawn(Box::pin(flusher)));
        let idle_files = upkeep::run_idle_files(node.partitions.handles(), host.clone());
        self.upkeep.push(host.tasks.spawn(Box::pin(idle_files)));
        let retention =
            upkeep::run_retention(Arc::clone(&node.partitions), host.clone(), node.config.pace);
        let moves = upkeep::run_moves(
            node.partitions.moves(),
            Arc::clone(&node.partitions),
            node.quorum.clone(),
            host.clone(),
            node.config.node_id,
        );
        self.upkeep.push(host.tasks.spawn(Box::pin(moves)));
        let shortage = upkeep::run_shortage(
            node.partitions.shortage(),
            Arc::clone(&node.partitions),
            host.clone(),
        );
        self.upkeep.push(host.tasks.spawn(Box::pin(shortage)));
        let removals = upkeep::run_removals(node.partitions.removals(), host.clone());
        self.upkeep.push(host.tasks.spawn(Box::pin(retention)));
        self.upkeep.push(host.tasks.spawn(Box::pin(removals)));
        let cleaner = node.partitions.cleaner();
        let cleaning = upkeep::run_cleaner(cleaner, Arc::clone(&node.partitions), host.clone());
        self.cleaning = Some(host.tasks.spawn(Box::pin(cleaning)));
        let router = RequestRouter::new(Arc::clone(node));
        for (_, listener, _) in bound {
            let serve = net::serve(
                listener,
                Arc::clone(&router),
                Arc::clone(&node.limits),
                host.clone(),
                self.stop.subscribe(),
            );
            self.serving.push(host.tasks.spawn(Box::pin(serve)));
        }
        if let Some((listener, address)) = metrics {
            self.metrics = Some(address);
            let (node, readiness) = (Arc::clone(node), Arc::clone(&self.readiness));
            let serve = observing::serve(listener, node, readiness, host.clone());
            self.upkeep.push(host.tasks.spawn(Box::pin(serve)));
        }
        node.groups.load_all();
        node.transactions.load_all();
        self.readiness.set(true);
    }

    /// The listeners with their real addresses, in the order of the settings.
    #[must_use]
    pub fn listeners(&self) -> &[(Endpoint, SocketAddr)] {
        &self.listeners
    }

    /// Where metrics are, if they are offered.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The cluster's id.
    #[must_use]
    pub fn cluster_id(&self) -> &str {
        &self.node.config.cluster_id
    }

    /// Resolves if the node can't go on, with the cause. The process should then stop.
    pub async fn halted(&self) -> String {
        loop {
            self.halted.told.notified().await;
            if let Some(cause) = self.halted.cause.lock().clone() {
                return cause;
            }
        }
    }

    /// Stops in order: no new requests, requests under way end, logs are synced and closed, the clean marker is left.
    pub async fn shutdown(self) {
        self.readiness.set(false);
        let node = &self.node;
        self.stop.send_replace(true);
        // Members that wait for a round are told to look elsewhere; otherwise their connections would not end.
        node.groups.stop();
        node.transactions.stop();
        let wait = node.config.shutdown_wait;
        for listener in self.serving {
            // A connection that hangs must not hold the node up.
            if tokio::time::timeout(wait, listener.join()).await.is_err() {
                tracing::warn!("connections were cut after {wait:?}");
            }
        }
        for task in &self.upkeep {
            task.abort();
        }
        // A swap of segments ends before the logs are closed.
        node.partitions.cleaner().stop();
        if let Some(cleaning) = self.cleaning {
            cleaning.join().await;
        }
        // As does a sync, so that the last one of each log has something to add to.
        node.dirty.stop();
        if let Some(flushing) = self.flushing {
            flushing.join().await;
        }
        node.transactions.stopped().await;
        node.groups.stopped().await;
        registration::rest(&node.quorum, node.config.node_id, self.broker_epoch).await;
        node.quorum.shutdown().await;
        node.partitions.until_no_sync().await;
        let (partitions, epoch) = (Arc::clone(&node.partitions), self.broker_epoch);
        let closed = move || partitions.close(epoch);
        if klamm_host::run_blocking(&*node.host.tasks, closed)
            .await
            .is_err()
        {
            tracing::error!("the logs could not be closed");
        }
    }
}

async fn run_once(host: Host, work: impl FnOnce() + Send + 'static) {
    let _ = klamm_host::run_blocking(&*host.tasks, work).await;
}

async fn bind_all(
    host: &Host,
    settings: &Settings,
) -> Result<Vec<(Endpoint, BoundListener, SocketAddr)>, StartError> {
    let mut bound = Vec::new();
    let send_buffer = settings.get(&broker::SOCKET_SEND_BUFFER_BYTES);
    let send_buffer_bytes = usize::try_from(send_buffer).ok().filter(|bytes| *bytes > 0);
    for endpoint in settings.client_listeners().map_err(StartError::Settings)? {
        if endpoint.protocol != Protocol::Plaintext {
            return Err(StartError::Protocol(endpoint.listener, endpoint.protocol));
        }
        let failed = |source| StartError::Listen {
            address: format!("{}:{}", endpoint.host, endpoint.port),
            source,
        };
        let addresses = net::addresses(host, &endpoint.host, endpoint.port).await;
        let listener = net::bind(
            host,
            &endpoint.listener,
            &addresses.map_err(failed)?,
            send_buffer_bytes,
        )
        .await
        .map_err(failed)?;
        let real = listener.socket.local_address().map_err(failed)?;
        bound.push((endpoint, listener, real));
    }
    Ok(bound)
}

async fn bind_metrics(
    host: &Host,
    settings: &Settings,
) -> Result<Option<(Box<dyn klamm_host::Listener>, SocketAddr)>, StartError> {
    let Some(text) = settings.get(&broker::KLAMM_METRICS_LISTENER) else {
        return Ok(None);
    };
    let failed = |source| StartError::Listen { address: text.clone(), source };
    let bad = || failed(std::io::Error::other("klamm.metrics.listener is host:port"));
    let (name, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port.parse().map_err(|_| bad())?;
    let name = name.trim_matches(['[', ']']);
    let addresses = net::addresses(host, name, port).await.map_err(failed)?;
    let listener = net::listen(host, &addresses).await.map_err(failed)?;
    let real = listener.local_address().map_err(failed)?;
    Ok(Some((listener, real)))
}

/// The node's directories at its start.
struct OpenDirectories {
    /// The metadata log's comes first.
    opened: Vec<Directory>,
    /// The disk refused them: what lies there is offline until the next start.
    failed: Vec<PathBuf>,
}

/// Formats what is empty, then locks and reads every directory. The metadata log's must open; of the others the node
/// does without those that the disk refuses.
fn open_directories(host: &Host, settings: &Settings) -> Result<OpenDirectories, StartError> {
    let disk = &host.disk;
    let (mut usable, mut failed) = (Vec::new(), Vec::new());
    for path in directories(settings) {
        let is_needed = usable.is_empty();
        let found = klamm_storage::read_meta(&**disk, &path);
        if found.is_err_and(|error| !is_needed && does_without(&path, &error)) {
            failed.push(path);
        } else {
            usable.push(path);
        }
    }
    if settings.get(&broker::KLAMM_FORMAT_AUTO) {
        format_all(host, settings, None, &usable)?;
    }
    let mut opened: Vec<Directory> = Vec::new();
    for path in usable {
        let first = opened.first();
        let expected = ExpectedIdentity {
            cluster_id: first.map(|first| first.dir.meta().cluster_id.clone()),
            node_id: NodeId(settings.get(&broker::NODE_ID)),
        };
        match LogDir::open(Arc::clone(disk), &path, &expected) {
            Ok((dir, last)) => match Directory::new(dir, last) {
                Ok(directory) => opened.push(directory),
                // It was reported, and is offline.
                Err(_) if first.is_some() => failed.push(path),
                Err(error) => return Err(error.into()),
            },
            Err(error) if first.is_some() && does_without(&path, &error) => failed.push(path),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(OpenDirectories { opened, failed })
}

/// Whether the node may start without a directory: the disk failed, and nobody else has a claim to it.
fn does_without(path: &Path, error: &OpenDirError) -> bool {
    let is_disk = matches!(error, OpenDirError::Io { .. });
    if is_disk {
        tracing::error!(dir = %path.display(), %error, "log directory is offline from the start");
    }
    is_disk
}

fn dirty_budget(host: &Host, settings: &Settings) -> DirtyBudget {
    let bytes = |value: i64| u64::try_from(value).unwrap_or(0);
    let begin = bytes(settings.get(&broker::KLAMM_FLUSH_DIRTY_BYTES));
    let stop = match bytes(settings.get(&broker::KLAMM_FLUSH_DIRTY_MAX_BYTES)) {
        0 => upkeep::stop_bytes_by(host.disk.memory_bytes()),
        bytes => bytes,
    };
    DirtyBudget::new(begin, stop)
}

pub(crate) fn shared(host: &Host, settings: &Settings) -> Shared {
    Shared {
        host: host.clone(),
        dirty: Arc::new(dirty_budget(host, settings)),
        removals: Arc::new(Removals::default()),
        cleaner: Arc::new(Cleaner::new(config::cleaner_settings(&Layers::new(
            settings.clone(),
        )))),
        shortage: Arc::default(),
        moves: Arc::new(Moves::default()),
        flush_interval_ms: settings.get(&broker::KLAMM_FLUSH_DIRTY_MS),
        limits: Limits::new(config::limit_settings(settings)),
        // What recovery finds is not in them.
        checkpoints_due: AtomicBool::new(true),
    }
}

fn registry(
    settings: &Settings,
    directories: OpenDirectories,
    shared: Shared,
    halted: Arc<Halt>,
) -> Registry {
    let open_files = usize::try_from(settings.get(&broker::KLAMM_OPEN_FILES_MAX)).unwrap_or(16);
    Registry::new(
        NodeId(settings.get(&broker::NODE_ID)),
        (directories.opened, directories.failed),
        HandleCache::new(open_files),
        shared,
        Layers::new(settings.clone()),
        halted,
    )
}

/// What was there before the node.
struct Rooms {
    quorum: QuorumHandle,
    partitions: Arc<Registry>,
    quotas: Arc<Quotas>,
    telemetry: Arc<Telemetry>,
}

fn node(
    host: Host,
    settings: &Settings,
    cluster_id: String,
    rooms: Rooms,
    broker_epoch: i64,
) -> Node {
    let Rooms { quorum, partitions, quotas, telemetry } = rooms;
    let slots = settings.get(&broker::MAX_INCREMENTAL_FETCH_SESSION_CACHE_SLOTS);
    let node_id = NodeId(settings.get(&broker::NODE_ID));
    let groups = Arc::new(Groups::new(&host, settings, &quorum, &partitions));
    let markers = MarkerWriter::new(&host, &quorum, &partitions, &groups);
    Node {
        config: BrokerConfig::new(settings, cluster_id),
        limits: partitions.limits(),
        fetch_sessions: Mutex::new(FetchSessions::new(usize::try_from(slots).unwrap_or(0))),
        producer_ids: ProducerIds::new(node_id, broker_epoch),
        auto_create: AutoCreate::new(
            settings.get(&broker::AUTO_CREATE_TOPICS_ENABLE),
            LogTopic::all(settings),
        ),
        groups,
        transactions: Transactions::new(&host, settings, &quorum, &partitions, markers.clone()),
        markers,
        producer_turns: Turns::default(),
        dirty: partitions.dirty(),
        meters: Meters::default(),
        quotas,
        telemetry,
        quorum,
        partitions,
        host,
    }
}
