//! The core that producers, consumers and admin calls share: connections, versions, metadata, retries.

use crate::backoff::pause;
use crate::config::{Address, ClientConfig};
use crate::connection::Connection;
use crate::error::{ClientError, ConfigError};
use crate::metadata::{Cluster, Known, MetadataCache, Topic};
use crate::pool::Pool;
use klamm_host::Host;
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use klamm_wire::{ApiKey, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A client of one cluster. Clones share connections and metadata. Producers and consumers that are made from it share
/// its metadata and have connections of their own.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    host: Host,
    config: ClientConfig,
    pool: Pool,
    metadata: Arc<MetadataCache>,
}

/// Whom a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Any broker.
    Any,
    /// The broker with this id.
    Node(i32),
    /// The broker that the metadata names as controller; any, if it names none.
    Controller,
    /// The leader of a partition.
    Leader(&'a str, i32),
    /// Whoever listens there.
    Address(&'a Address),
}

impl Client {
    /// A client. Connects when it is used.
    ///
    /// # Errors
    /// `bootstrap.servers` is empty.
    pub fn new(host: Host, config: ClientConfig) -> Result<Self, ClientError> {
        if config.bootstrap_servers.is_empty() {
            let error = ConfigError::new("bootstrap.servers", "", "one host:port at least");
            return Err(error.into());
        }
        let (pool, metadata) = (Pool::default(), Arc::default());
        Ok(Self { inner: Arc::new(Inner { host, config, pool, metadata }) })
    }

    /// The same client with connections of its own. Brokers answer in order, so whoever waits for long (a fetch for
    /// records, a write for replicas) would hold up all others on its connection.
    pub(crate) fn apart(&self) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(Inner {
                host: inner.host.clone(),
                config: inner.config.clone(),
                pool: Pool::default(),
                metadata: Arc::clone(&inner.metadata),
            }),
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// The world that this client lives in.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.inner.host
    }

    /// Sends one request once and gives the answer as it is, error codes and all. `None` takes the highest version
    /// that both sides speak.
    ///
    /// # Errors
    /// No connection, no common version, or no readable answer.
    pub async fn request<R: Request>(
        &self,
        target: Target<'_>,
        request: &R,
        version: Option<i16>,
    ) -> Result<R::Response, ClientError> {
        let connection = self.connection(target).await?;
        let version = match version {
            Some(version) => version,
            None => connection.versions().highest::<R>()?,
        };
        connection.send(request, version)?.wait().await
    }

    /// The requests that a broker speaks, with lowest and highest version.
    ///
    /// # Errors
    /// No connection.
    pub async fn versions(
        &self,
        target: Target<'_>,
    ) -> Result<Vec<(ApiKey, i16, i16)>, ClientError> {
        Ok(self.connection(target).await?.versions().all())
    }

    /// Asks for the brokers, and for the topics in use. Retries until `default.api.timeout.ms`.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn cluster(&self) -> Result<Arc<Cluster>, ClientError> {
        self.retrying("metadata", self.config().api_timeout, || self.refresh(&[]))
            .await?;
        Ok(self.known_cluster())
    }

    /// What is known of the cluster, without asking.
    #[must_use]
    pub fn known_cluster(&self) -> Arc<Cluster> {
        self.inner.metadata.cluster()
    }

    /// A topic. Asks if it is unknown or old, and retries until `default.api.timeout.ms`.
    ///
    /// # Errors
    /// The topic does not exist, or no broker answers in time.
    pub async fn topic(&self, name: &str) -> Result<Arc<Topic>, ClientError> {
        self.topic_within(name, self.config().api_timeout).await
    }

    /// A topic, if what is known of it is fresh.
    pub(crate) fn fresh_topic(&self, name: &str) -> Option<Arc<Topic>> {
        match self
            .inner
            .metadata
            .topic(name, self.config().metadata_age_max, None)
        {
            Known::Fresh(topic) => Some(topic),
            Known::Refused(_) | Known::Unknown => None,
        }
    }

    /// `request.timeout.ms` as requests carry it.
    pub(crate) fn request_timeout_ms(&self) -> i32 {
        i32::try_from(self.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }

    pub(crate) async fn topic_within(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<Arc<Topic>, ClientError> {
        let age_max = self.config().metadata_age_max;
        if let Known::Fresh(topic) = self.inner.metadata.topic(name, age_max, None) {
            return Ok(topic);
        }
        self.retrying("metadata", timeout, || async move {
            let since = self.inner.metadata.answers();
            self.refresh(&[name]).await?;
            match self.inner.metadata.topic(name, age_max, Some(since)) {
                Known::Fresh(topic) => Ok(topic),
                Known::Refused(error) => Err(error),
                Known::Unknown => Err(ClientError::BadAnswer(format!("no word of {name}"))),
            }
        })
        .await
    }

    /// A topic as a broker knows it now; one that does not exist fails at once, and is not created.
    pub(crate) async fn existing_topic(&self, name: &str) -> Result<Arc<Topic>, ClientError> {
        let timeout = self.config().api_timeout;
        let request = MetadataRequest {
            topics: Some(vec![MetadataRequestTopic {
                name: Some(name.into()),
                ..MetadataRequestTopic::default()
            }]),
            allow_auto_topic_creation: false,
            ..MetadataRequest::default()
        };
        let response = self
            .retrying("metadata", timeout, || self.ask_metadata(&request))
            .await?;
        let topic = response
            .topics
            .iter()
            .find(|topic| topic.name.as_deref() == Some(name));
        ClientError::check(topic.map_or(0, |topic| topic.error_code))?;
        self.inner.metadata.merge(&response);
        let missing = || ClientError::BadAnswer(format!("no word of {name}"));
        self.known_cluster()
            .topics
            .get(name)
            .cloned()
            .ok_or_else(missing)
    }

    /// Asks for these topics and those in use; one question at a time.
    pub(crate) async fn refresh(&self, topics: &[&str]) -> Result<(), ClientError> {
        let metadata = &self.inner.metadata;
        let since = metadata.answers();
        let _asking = metadata.asking.lock().await;
        let is_answered = |name: &&str| {
            // However young: only an answer that came since counts.
            let known = metadata.topic(name, Duration::ZERO, Some(since));
            !matches!(known, Known::Unknown)
        };
        if !topics.is_empty() && topics.iter().all(is_answered) {
            return Ok(());
        }
        let names = metadata.topics_to_ask(topics, self.config().metadata_idle_max);
        let topics = names.iter().map(|name| MetadataRequestTopic {
            name: Some(name.as_ref().into()),
            ..Default::default()
        });
        let request = MetadataRequest {
            topics: Some(topics.collect()),
            allow_auto_topic_creation: self.config().allow_auto_create_topics,
            ..Default::default()
        };
        metadata.merge(&self.ask_metadata(&request).await?);
        Ok(())
    }

    /// Asks any broker for metadata, without keeping the answer.
    pub(crate) async fn ask_metadata(
        &self,
        request: &MetadataRequest,
    ) -> Result<MetadataResponse, ClientError> {
        let connection = self.any_connection().await?;
        let version = connection.versions().highest::<MetadataRequest>()?;
        let response = connection.send(request, version)?.wait().await?;
        ClientError::check(response.error_code)?;
        Ok(response)
    }

    /// Says that a topic's leaders are not where they were.
    pub(crate) fn mark_stale(&self, topic: &str) {
        self.inner.metadata.mark_stale(topic);
    }

    /// Takes over a leader that a broker named.
    pub(crate) fn set_leader(&self, topic: &str, partition: i32, leader: i32, epoch: i32) {
        self.inner
            .metadata
            .set_leader(topic, partition, leader, epoch);
    }

    /// Runs `attempt` until it succeeds, fails for good, or the time is over.
    pub(crate) async fn retrying<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        what: &'static str,
        timeout: Duration,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, ClientError> {
        let deadline = Instant::now() + timeout;
        let mut last = None;
        for count in 0.. {
            match tokio::time::timeout_at(deadline, attempt()).await {
                Ok(Err(error)) if error.is_retriable() => last = Some(Box::new(error)),
                Ok(result) => return result,
                Err(_) => break,
            }
            let pause = self.retry_pause(count);
            if Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(ClientError::Timeout { what, last })
    }

    /// The pause before a retry, counting from 0.
    pub(crate) fn retry_pause(&self, attempt: u32) -> Duration {
        let config = self.config();
        let entropy = self.inner.host.entropy.as_ref();
        pause(
            config.retry_backoff,
            config.retry_backoff_max,
            attempt,
            entropy,
        )
    }

    /// A connection to the target.
    pub(crate) async fn connection(
        &self,
        target: Target<'_>,
    ) -> Result<Arc<Connection>, ClientError> {
        let address = match target {
            Target::Any => return self.any_connection().await,
            Target::Address(address) => address.clone(),
            Target::Node(id) => self.address_of(id).await?,
            Target::Controller => {
                if self.known_cluster().brokers.is_empty() {
                    self.refresh(&[]).await?;
                }
                let id = self.known_cluster().controller_id;
                match self.known_cluster().brokers.get(&id) {
                    Some(node) => node.address.clone(),
                    None => return self.any_connection().await,
                }
            }
            Target::Leader(topic, partition) => {
                self.topic(topic).await?;
                match self.known_cluster().leader(topic, partition) {
                    Some((node, _)) => node.address.clone(),
                    None => return Err(self.no_leader(topic, partition)),
                }
            }
        };
        self.dial(&address).await
    }

    pub(crate) async fn dial(&self, address: &Address) -> Result<Arc<Connection>, ClientError> {
        self.inner
            .pool
            .get(&self.inner.host, &self.inner.config, address)
            .await
    }

    async fn address_of(&self, id: i32) -> Result<Address, ClientError> {
        if !self.known_cluster().brokers.contains_key(&id) {
            self.refresh(&[]).await?;
        }
        let cluster = self.known_cluster();
        let node = cluster.brokers.get(&id).map(|node| node.address.clone());
        node.ok_or_else(|| ClientError::BadAnswer(format!("no broker has the id {id}")))
    }

    fn no_leader(&self, topic: &str, partition: i32) -> ClientError {
        let known = self.known_cluster();
        let exists = known
            .topics
            .get(topic)
            .is_some_and(|t| t.partition(partition).is_some());
        self.mark_stale(topic);
        if exists {
            let code = klamm_wire::ErrorCode::LEADER_NOT_AVAILABLE;
            ClientError::Server { code, message: None }
        } else {
            ClientError::NoSuchPartition { topic: topic.to_owned(), partition }
        }
    }

    /// The least busy open connection; otherwise brokers are dialled, those first that wait least.
    async fn any_connection(&self) -> Result<Arc<Connection>, ClientError> {
        let mut addresses: Vec<Address> = self
            .known_cluster()
            .brokers
            .values()
            .map(|node| node.address.clone())
            .collect();
        for bootstrap in &self.config().bootstrap_servers {
            if !addresses.contains(bootstrap) {
                addresses.push(bootstrap.clone());
            }
        }
        let pool = &self.inner.pool;
        let open = addresses.iter().filter_map(|address| pool.open(address));
        if let Some(connection) = open.min_by_key(|connection| connection.in_flight()) {
            return Ok(connection);
        }
        // A random start, so that not all clients of a fleet meet at one broker.
        let start = self.inner.host.entropy.next_u64() % addresses.len().max(1) as u64;
        addresses.rotate_left(usize::try_from(start).unwrap_or(0));
        addresses.sort_by_key(|address| pool.wait_of(address));
        let mut last = ClientError::Closed;
        for address in &addresses {
            match self.dial(address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
