//! The group coordinator of this node: shards of groups over `__consumer_offsets`.

use super::LogTopic;
use super::shards::{Kind, Log, Office, Seen, Shards, answered};
use super::view::View;
use crate::observing::{Counter, PauseMeters};
use crate::partitions::{Marker, Registry};
use crate::quorum::QuorumHandle;
use klamm_codec::Str;
use klamm_coordinator::groups::assign::Assignor;
use klamm_coordinator::groups::{
    Command, ConsumerConfig, Departure, Effect, Gone, GroupConfig, GroupShard, MigrationPolicy,
    Observation, Reply, WaitCounts, shard_of,
};
use klamm_host::{BoxFuture, Host};
use klamm_metadata::level::GROUP_VERSION;
use klamm_settings::{Settings, broker};
use klamm_storage::VerificationGuard;
use klamm_wire::ErrorCode;
use std::sync::Arc;
use std::time::Duration;

/// The group coordinator of this node.
#[derive(Debug)]
pub(crate) struct Groups {
    shards: Shards<OfGroups>,
    topic: LogTopic,
    seen: Arc<GroupMeters>,
    /// Whether this broker's settings, which are read once, switch the consumer protocol on.
    wants_consumer_protocol: bool,
}

/// What is special about shards of groups.
#[derive(Debug)]
struct OfGroups {
    config: GroupConfig,
    seen: Arc<GroupMeters>,
}

/// What members of groups went through.
#[derive(Debug, Default)]
pub(crate) struct GroupMeters {
    /// How long their assignments moved.
    pub(crate) pauses: PauseMeters,
    /// How many are gone, by [`Departure::index`].
    pub(crate) gone: [Counter; Departure::ALL.len()],
}

/// An empty group begins its first round once nobody has joined for this long.
const INITIAL_QUIET_MS: i64 = 300;
/// A scrape does not wait longer than this for shards that are being loaded.
const WAITS_WITHIN: Duration = Duration::from_secs(1);

impl Kind for OfGroups {
    type Shard = GroupShard;

    fn empty(&self) -> GroupShard {
        GroupShard::new(self.config.clone())
    }

    fn look_around(&self, shard: &mut GroupShard, seen: &Seen) {
        shard.look_around(Arc::new(View::new(seen)));
    }

    fn observe(&self, observation: Observation) {
        match observation {
            Observation::Pause(pause) => {
                let took = Duration::from_millis(u64::try_from(pause.ms).unwrap_or_default());
                self.seen.pauses.of(pause.kind).record(took);
            }
            Observation::Gone(gone) => {
                log(&gone);
                if let Some(count) = self.seen.gone.get(gone.why.index()) {
                    count.add(1);
                }
            }
        }
    }

    fn carry_out(
        self: Arc<Self>,
        effect: Effect,
        _: Office,
    ) -> BoxFuture<'static, Option<Command>> {
        match effect {}
    }
}

/// Operators look for this first when a group's partitions change hands.
fn log(gone: &Gone) {
    let Gone { group, kind, member, why } = gone;
    let text = match why {
        Departure::Left => "a member left its group",
        Departure::Session => "a member is removed: no heartbeat within its session timeout",
        Departure::Join => "a member is removed: it did not join the rebalance in time",
        Departure::Sync => "a member is removed: it did not ask for its assignment in time",
        Departure::Revocation => "a member is removed: it did not give its partitions back in time",
        Departure::NoRoom => "a member is removed: the group is full",
    };
    // As strings, which the log escapes: clients choose them.
    tracing::info!(group = &**group, protocol = ?kind, member = &**member, "{text}");
}

impl Groups {
    pub(crate) fn new(
        host: &Host,
        settings: &Settings,
        quorum: &QuorumHandle,
        partitions: &Arc<Registry>,
    ) -> Self {
        let codec = settings.get(&broker::OFFSETS_TOPIC_COMPRESSION_CODEC);
        let codec = u8::try_from(codec).ok();
        let load_bytes = settings.get(&broker::OFFSETS_LOAD_BUFFER_SIZE);
        let linger_ms = settings.get(&broker::GROUP_COORDINATOR_APPEND_LINGER_MS);
        let log = Log {
            topic: LogTopic::OFFSETS,
            compression: codec
                .and_then(klamm_records::Compression::from_id)
                .unwrap_or_default(),
            load_bytes: usize::try_from(load_bytes).unwrap_or(1),
            linger: u64::try_from(linger_ms).ok().map(Duration::from_millis),
        };
        let seen = Arc::new(GroupMeters::default());
        let kind = OfGroups { config: group_config(settings), seen: Arc::clone(&seen) };
        Self {
            shards: Shards::new(host, quorum, partitions, log, kind),
            topic: LogTopic::offsets(settings),
            seen,
            wants_consumer_protocol: wants_consumer_protocol(settings),
        }
    }

    /// Whether this broker and, at the moment, the cluster (`group.version`, KIP-848) have switched the consumer
    /// protocol on.
    pub(crate) fn serves_consumer_protocol(&self) -> bool {
        let image = || self.shards.quorum().image();
        self.wants_consumer_protocol && image().feature(GROUP_VERSION) >= 1
    }

    /// What members went through.
    pub(crate) fn seen(&self) -> &GroupMeters {
        &self.seen
    }

    /// What members wait for at the moment; nothing if a shard does not answer soon.
    pub(crate) async fn waits(&self) -> Option<WaitCounts> {
        let seen = tokio::time::timeout(WAITS_WITHIN, self.waits_here());
        seen.await.ok()
    }

    /// Shards that are not here have no members here.
    async fn waits_here(&self) -> WaitCounts {
        let mut sum = WaitCounts::default();
        for partition in 0..self.shards.count() {
            let seen = self.shards.look(partition, GroupShard::waits).await;
            for (sum, count) in sum.iter_mut().zip(seen.unwrap_or_default()) {
                *sum += count;
            }
        }
        sum
    }

    /// Requests that wait in the queues of the shards.
    pub(crate) fn queued(&self) -> usize {
        self.shards.queued()
    }

    /// The partition that coordinates a group; creates the topic if there is none.
    ///
    /// # Errors
    /// The topic can't be created now.
    pub(crate) async fn partition_of(&self, group: &str) -> Result<i32, ErrorCode> {
        if self.shards.count() == 0 {
            self.topic.create(self.shards.quorum()).await?;
        }
        match self.shards.count() {
            0 => Err(ErrorCode::COORDINATOR_NOT_AVAILABLE),
            count => Ok(shard_of(group, count)),
        }
    }

    /// Carries a command out, and waits for its answer: until a round ends, if need be.
    ///
    /// # Errors
    /// The group is not coordinated here, or not at the moment.
    pub(crate) fn ask(
        &self,
        group: &str,
        command: Command,
    ) -> impl Future<Output = Result<Reply, ErrorCode>> + use<> {
        let place = self.place(group);
        answered(place.and_then(|place| self.shards.ask(place, command, None)))
    }

    /// Commits offsets in a transaction: `guard` is that of the verification of the group's partition.
    ///
    /// # Errors
    /// The group is not coordinated here, or not at the moment; or its log refuses the producer.
    pub(crate) async fn commit_open(
        &self,
        group: &str,
        command: Command,
        guard: Option<VerificationGuard>,
    ) -> Result<Reply, ErrorCode> {
        let partition = self.place(group)?;
        answered(self.shards.ask(partition, command, guard)).await
    }

    /// Ends a producer's transaction in a partition of `__consumer_offsets`.
    ///
    /// # Errors
    /// The partition is not here, or not at the moment; or its log refuses the marker.
    pub(crate) async fn end_transaction(
        &self,
        partition: i32,
        marker: Marker,
    ) -> Result<(), ErrorCode> {
        self.shards.end_transaction(partition, marker).await
    }

    /// Looks at a group's shard.
    ///
    /// # Errors
    /// The group is not coordinated here, or not at the moment.
    pub(crate) async fn read<R, F>(&self, group: &str, look: F) -> Result<R, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&GroupShard) -> R + Send + 'static,
    {
        self.shards.look(self.place(group)?, look).await
    }

    /// Looks at every shard.
    ///
    /// # Errors
    /// A shard is not here, or not at the moment.
    pub(crate) async fn read_all<R, F>(&self, look: F) -> Result<Vec<R>, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&GroupShard) -> R + Clone + Send + 'static,
    {
        self.shards.look_at_all(look).await
    }

    /// Begins to load every shard, so that sessions and expiry run without a request.
    pub(crate) fn load_all(&self) {
        self.shards.load_all();
    }

    /// Forgets what groups have committed for topics that are gone.
    pub(super) fn forget_topics(&self, topics: Vec<Str>) {
        self.shards.tell_all(&Command::ForgetTopics { topics });
    }

    /// Ends every shard after what its queue holds; what waits for a round is refused.
    pub(crate) fn stop(&self) {
        self.shards.stop();
    }

    /// Waits for the end of all shards.
    pub(crate) async fn stopped(&self) {
        self.shards.stopped().await;
    }

    /// The partition that coordinates a group.
    ///
    /// # Errors
    /// There is none yet.
    pub(crate) fn place(&self, group: &str) -> Result<i32, ErrorCode> {
        match self.shards.count() {
            0 => Err(ErrorCode::NOT_COORDINATOR),
            count => Ok(shard_of(group, count)),
        }
    }
}

fn wants_consumer_protocol(settings: &Settings) -> bool {
    let protocols: Vec<String> = settings.get(&broker::GROUP_COORDINATOR_REBALANCE_PROTOCOLS);
    let mut protocols = protocols.iter();
    protocols.any(|protocol| protocol.eq_ignore_ascii_case("consumer"))
}

fn group_config(settings: &Settings) -> GroupConfig {
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let minutes = i64::from(settings.get(&broker::OFFSETS_RETENTION_MINUTES));
    GroupConfig {
        session_timeout_min_ms: settings.get(&broker::GROUP_MIN_SESSION_TIMEOUT_MS),
        session_timeout_max_ms: settings.get(&broker::GROUP_MAX_SESSION_TIMEOUT_MS),
        initial_delay_max_ms: i64::from(settings.get(&broker::GROUP_INITIAL_REBALANCE_DELAY_MS)),
        initial_quiet_ms: INITIAL_QUIET_MS,
        members_max: count(settings.get(&broker::GROUP_MAX_SIZE)),
        offset_metadata_bytes_max: count(settings.get(&broker::OFFSET_METADATA_MAX_BYTES)),
        offsets_retention_ms: minutes.saturating_mul(60_000),
        offsets_check_interval_ms: settings.get(&broker::OFFSETS_RETENTION_CHECK_INTERVAL_MS),
        consumer: consumer_config(settings),
    }
}

fn consumer_config(settings: &Settings) -> ConsumerConfig {
    let names: Vec<String> = settings.get(&broker::GROUP_CONSUMER_ASSIGNORS);
    let (known, unknown): (Vec<String>, Vec<String>) = names
        .into_iter()
        .partition(|name| Assignor::from_name(name).is_some());
    if !unknown.is_empty() {
        tracing::warn!(?unknown, "these assignors of consumer groups are not there");
    }
    let policy: String = settings.get(&broker::GROUP_CONSUMER_MIGRATION_POLICY);
    let size = settings.get(&broker::GROUP_CONSUMER_MAX_SIZE);
    let defaults = ConsumerConfig::default();
    let assignors: Vec<Assignor> = known
        .iter()
        .filter_map(|name| Assignor::from_name(name))
        .collect();
    ConsumerConfig {
        members_max: usize::try_from(size).unwrap_or(0),
        assignors: if assignors.is_empty() {
            defaults.assignors
        } else {
            assignors
        },
        migration: match policy.to_ascii_lowercase().as_str() {
            "disabled" => MigrationPolicy::Disabled,
            "downgrade" => MigrationPolicy::Downgrade,
            "upgrade" => MigrationPolicy::Upgrade,
            _ => MigrationPolicy::Bidirectional,
        },
        quiet_ms: defaults.quiet_ms,
    }
}
