//! Membership where the coordinator assigns (KIP-848): one request, the heartbeat, says everything both ways.
//!
//! A heartbeat carries only what changed. The coordinator answers with an assignment; the member gives away what is not
//! in it, takes up the rest, and says what it has: then others get what it gave away. Nothing stops that does not move.

use super::member::{Heart, Member, assign, lose_all, revoke};
use super::{PartitionKey, Subscription};
use crate::client::Target;
use crate::error::ClientError;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
    RequestTopicPartitions,
};
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{info, warn};

/// The epoch of a member that joins.
const JOINING: i32 = 0;
/// The epoch of a member that leaves for good.
const LEAVING: i32 = -1;
/// The epoch of a static member that may come back.
const LEAVING_FOR_NOW: i32 = -2;
/// How often to show life until the coordinator says how often.
const FIRST_INTERVAL: Duration = Duration::from_secs(5);

/// Runs until the consumer closes.
pub(super) async fn run(member: Member) {
    let mut modern = Modern::new(member);
    while modern.member.wait_until_wanted().await {
        modern.stay().await;
        if let Some(error) = modern.error.take() {
            modern.reset();
            lose_all(&mut modern).await;
            modern.member.fail(error).await;
        } else if modern.is_out && !modern.member.is_leaving() {
            lose_all(&mut modern).await;
        }
    }
    modern.leave().await;
    modern.member.has_left();
}

struct Modern {
    member: Member,
    /// Chosen by the member, once.
    member_id: String,
    epoch: i32,
    interval: Duration,
    next_beat: Instant,
    attempt: u32,
    /// The next heartbeat says everything: after a join or a lost answer nobody knows what was heard.
    says_all: bool,
    /// What the last heartbeat that was answered said of subscription and partitions.
    said_version: Option<u64>,
    said_pattern: bool,
    said_owned: Option<BTreeSet<PartitionKey>>,
    /// What the coordinator assigned last, by topic id.
    target: Option<BTreeMap<Uuid, Vec<i32>>>,
    /// Names of topics by id.
    names: BTreeMap<Uuid, Arc<str>>,
    /// Not before this, names are asked for again.
    look_at: Instant,
    /// No member: fenced, or left because nobody polled.
    is_out: bool,
    error: Option<ClientError>,
}

impl Modern {
    fn new(member: Member) -> Self {
        let entropy = Arc::clone(&member.client().host().entropy);
        let bits = u128::from(entropy.next_u64()) << 64 | u128::from(entropy.next_u64());
        Self {
            member_id: Uuid::from_random(bits).to_string(),
            member,
            epoch: JOINING,
            interval: FIRST_INTERVAL,
            next_beat: Instant::now(),
            attempt: 0,
            says_all: true,
            said_version: None,
            said_pattern: false,
            said_owned: None,
            target: None,
            names: BTreeMap::new(),
            look_at: Instant::now(),
            is_out: false,
            error: None,
        }
    }

    fn reset(&mut self) {
        self.epoch = JOINING;
        self.says_all = true;
        self.said_version = None;
        self.said_pattern = false;
        self.said_owned = None;
        self.target = None;
        self.member
            .shared
            .set_identity(&self.member_id, super::member::NO_GENERATION);
    }

    /// Joins and stays until the membership ends, for whatever reason.
    async fn stay(&mut self) {
        self.is_out = false;
        self.reset();
        self.next_beat = Instant::now();
        while !self.is_out && self.error.is_none() && !self.member.is_leaving() {
            if let Some(target) = self.new_target().await {
                if !self.reconcile(target).await {
                    return;
                }
                // Others wait for what was given away.
                self.next_beat = self.next_beat.min(Instant::now());
                continue;
            }
            if self
                .said_version
                .is_some_and(|version| self.member.has_changed_since(version))
            {
                self.next_beat = self.next_beat.min(Instant::now());
            }
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.next_beat) => self.beat().await,
                () = self.member.woken() => {}
            }
        }
    }

    /// The assignment with names, if it is not what is read. What has no name yet is left out, and looked up again later.
    async fn new_target(&mut self) -> Option<BTreeSet<PartitionKey>> {
        let target = self.target.clone()?;
        let is_unknown = target.keys().any(|id| !self.names.contains_key(id));
        if is_unknown && self.look_at <= Instant::now() {
            self.look_at = Instant::now() + self.member.client().config().retry_backoff_max;
            if let Err(error) = self.find_names().await {
                info!(group = %self.member.config.group_id, %error, "assigned topics have no name yet");
            }
        }
        let mut keys = BTreeSet::new();
        for (id, partitions) in &target {
            let named = self.names.get(id).into_iter();
            keys.extend(named.flat_map(|name| partitions.iter().map(|p| (Arc::clone(name), *p))));
        }
        if keys.len() == target.values().map(Vec::len).sum::<usize>() {
            self.target = None;
        }
        (keys != self.member.owned).then_some(keys)
    }

    async fn find_names(&mut self) -> Result<(), ClientError> {
        let topics = self
            .target
            .iter()
            .flatten()
            .map(|(id, _)| MetadataRequestTopic { topic_id: *id, name: None });
        let request = MetadataRequest { topics: Some(topics.collect()), ..Default::default() };
        let answer = self.member.client().ask_metadata(&request).await?;
        for topic in &answer.topics {
            if let Some(name) = topic.name.as_deref().filter(|_| topic.error_code == 0) {
                self.names.insert(topic.topic_id, Arc::from(name));
            }
        }
        Ok(())
    }

    /// Reads what is assigned. `false`: the consumer closes.
    async fn reconcile(&mut self, target: BTreeSet<PartitionKey>) -> bool {
        let gone: BTreeSet<_> = self.member.owned.difference(&target).cloned().collect();
        if !gone.is_empty() {
            if !revoke(self, gone).await {
                return false;
            }
            // Others wait for it, so the group hears of it before anything else.
            self.beat().await;
            // The membership may have ended; or the coordinator has given what was not taken up yet to another.
            if self.is_out || self.error.is_some() || self.target.is_some() {
                return true;
            }
        }
        assign(self, target).await
    }

    fn request(&self) -> ConsumerGroupHeartbeatRequest {
        let config = &self.member.config;
        let joins = self.epoch == JOINING;
        let (subscription, version) = self.member.shared.subscription().unzip();
        let mut request = ConsumerGroupHeartbeatRequest {
            group_id: config.group_id.as_str().into(),
            member_id: self.member_id.as_str().into(),
            member_epoch: self.epoch,
            instance_id: config.instance_id.as_deref().map(Into::into),
            rebalance_timeout_ms: -1,
            ..Default::default()
        };
        if self.says_all {
            request.rack_id = self.member.rack.as_deref().map(Into::into);
            request.server_assignor = config.remote_assignor.as_deref().map(Into::into);
            let timeout = config.poll_interval_max.as_millis();
            request.rebalance_timeout_ms = i32::try_from(timeout).unwrap_or(i32::MAX);
        }
        if self.says_all || self.said_version != version {
            match subscription {
                Some(Subscription::Topics(topics)) => {
                    let names = topics.iter().map(|topic| topic.as_str().into());
                    request.subscribed_topic_names = Some(names.collect());
                    request.subscribed_topic_regex = self.said_pattern.then(|| "".into());
                }
                Some(Subscription::Pattern(pattern)) => {
                    request.subscribed_topic_names = Some(Vec::new());
                    request.subscribed_topic_regex = Some(pattern.as_str().into());
                }
                None => {}
            }
        }
        if joins {
            request.topic_partitions = Some(Vec::new());
            if request
                .subscribed_topic_regex
                .as_ref()
                .is_some_and(|regex| regex.is_empty())
            {
                request.subscribed_topic_regex = None;
            }
        } else if self.says_all || self.said_owned.as_ref() != Some(&self.member.owned) {
            request.topic_partitions = Some(self.owned_by_id());
        }
        request
    }

    fn owned_by_id(&self) -> Vec<RequestTopicPartitions> {
        let ids: BTreeMap<&Arc<str>, Uuid> =
            self.names.iter().map(|(id, name)| (name, *id)).collect();
        let mut topics: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in &self.member.owned {
            if let Some(id) = ids.get(topic) {
                topics.entry(*id).or_default().push(*partition);
            }
        }
        let topics = topics.into_iter();
        topics
            .map(|(topic_id, partitions)| RequestTopicPartitions { topic_id, partitions })
            .collect()
    }

    fn heard(&mut self, answer: ConsumerGroupHeartbeatResponse, version: Option<u64>) {
        self.attempt = 0;
        if let Some(member_id) = answer.member_id.as_deref().filter(|id| !id.is_empty()) {
            self.member_id = member_id.to_owned();
        }
        self.epoch = answer.member_epoch;
        self.member.shared.set_identity(&self.member_id, self.epoch);
        let interval = u64::try_from(answer.heartbeat_interval_ms)
            .unwrap_or(0)
            .max(1);
        self.interval = Duration::from_millis(interval);
        self.next_beat = Instant::now() + self.interval;
        self.says_all = false;
        self.said_version = version;
        if let Some(assignment) = answer.assignment {
            let Assignment { topic_partitions, .. } = *assignment;
            let topics = topic_partitions
                .into_iter()
                .map(|t| (t.topic_id, t.partitions));
            self.target = Some(topics.collect());
        }
    }

    fn failed(&mut self, error: ClientError) {
        // What the coordinator heard of it is not known.
        self.says_all = true;
        self.member.coordinator.learn(&error);
        match error.code() {
            Some(ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::FENCED_MEMBER_EPOCH) => {
                info!(group = %self.member.config.group_id, %error, "the member joins anew");
                self.is_out = true;
            }
            _ if error.is_retriable() => {
                self.next_beat = Instant::now() + self.member.client().retry_pause(self.attempt);
                self.attempt = self.attempt.saturating_add(1);
            }
            _ => self.error = Some(error),
        }
    }

    /// Leaves; a static member may come back to what it had.
    async fn leave(&mut self) {
        if self.epoch == JOINING {
            return;
        }
        let config = &self.member.config;
        let epoch = if config.instance_id.is_some() {
            LEAVING_FOR_NOW
        } else {
            LEAVING
        };
        let request = ConsumerGroupHeartbeatRequest {
            group_id: config.group_id.as_str().into(),
            member_id: self.member_id.as_str().into(),
            member_epoch: epoch,
            instance_id: config.instance_id.as_deref().map(Into::into),
            rebalance_timeout_ms: -1,
            ..Default::default()
        };
        let node = self.member.exit.node().await;
        let client = self.member.exit.client();
        let result = match node {
            Ok(node) => client.request(Target::Node(node), &request, None).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            info!(group = %config.group_id, %error, "the group was not told that a member leaves");
        }
        self.reset();
    }
}

impl Heart for Modern {
    fn member(&mut self) -> &mut Member {
        &mut self.member
    }

    fn next_beat(&self) -> Instant {
        self.next_beat
    }

    async fn beat(&mut self) {
        self.next_beat = Instant::now() + self.interval;
        if self.is_out || self.error.is_some() {
            return;
        }
        if self.member.is_overdue() {
            warn!(
                group = %self.member.config.group_id,
                "nobody polled for max.poll.interval.ms: the member leaves until somebody does"
            );
            self.leave().await;
            self.is_out = true;
            return;
        }
        let version = self
            .member
            .shared
            .subscription()
            .map(|(_, version)| version);
        let request = self.request();
        let owned = request
            .topic_partitions
            .as_ref()
            .map(|_| self.member.owned.clone());
        let answer = self
            .member
            .coordinator
            .ask(&request, i16::MAX, Duration::ZERO)
            .await;
        let answer = answer.and_then(|answer| {
            ClientError::check_with(answer.error_code, answer.error_message.as_deref())?;
            Ok(answer)
        });
        match answer {
            Ok(answer) => {
                self.heard(answer, version);
                if owned.is_some() {
                    self.said_owned = owned;
                }
                if let Some(regex) = &request.subscribed_topic_regex {
                    self.said_pattern = !regex.is_empty();
                }
            }
            Err(error) => self.failed(error),
        }
    }
}
