//! A consumer in a group: the group says what it reads, and it commits how far it came.
//!
//! ```text
//! membership task (classic/ or modern) ── Change: revoke, lose, assign ──> poll ── done ──> back to the task
//!        joins, heartbeats, leaves                 commits, calls the listener, moves the inner consumer
//! ```
//! *Invariant:* a partition leaves the inner consumer before the task tells the group that it is free, and its position
//! is committed before that, if commits are automatic.

mod changes;
mod classic;
mod commits;
mod member;
mod modern;

use super::{Consumer, ConsumerRecord};
use crate::client::Client;
use crate::config::{ConsumerConfig, GroupConfig, GroupProtocol};
use crate::error::ClientError;
use crate::group_offsets::GroupOffset;
use crate::offsets::{OffsetSpec, PartitionKey};
use changes::Change;
use commits::Commits;
use klamm_host::TaskHandle;
use member::{Member, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// What a member wants to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscription {
    /// These topics.
    Topics(BTreeSet<String>),
    /// All topics whose whole name matches, in RE2's syntax. With `group.protocol=consumer` the broker looks. With
    /// `classic` the member does, every `metadata.max.age.ms`, and leaves Kafka's own topics out.
    Pattern(String),
}

/// Hears which partitions come and go, within `poll` and `close`.
pub trait RebalanceListener: Send {
    /// These are read from now on.
    fn assigned(&mut self, partitions: &[PartitionKey]) {
        let _ = partitions;
    }

    /// These will be another's. What this returns is committed before they are given away.
    fn revoked(&mut self, partitions: &[PartitionKey]) -> BTreeMap<PartitionKey, GroupOffset> {
        let _ = partitions;
        BTreeMap::new()
    }

    /// These may be another's already: too late to commit.
    fn lost(&mut self, partitions: &[PartitionKey]) {
        let _ = partitions;
    }
}

/// Who a consumer is in its group; a transactional producer commits offsets in its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMetadata {
    /// The group.
    pub group_id: String,
    /// The member's id; empty while it is none.
    pub member_id: String,
    /// The name of a static member.
    pub instance_id: Option<String>,
    /// The generation, or the member's epoch; -1 while it is no member.
    pub generation: i32,
}

/// Reads the partitions that its group gives it. Close it when done: dropping it leaves the group to find out.
pub struct GroupConsumer {
    consumer: Consumer,
    config: GroupConfig,
    shared: Arc<Shared>,
    commits: Commits,
    changes: mpsc::Receiver<Change>,
    pending: Option<Change>,
    /// The commit and the look-up of offsets that the pending change waits for.
    committing: Option<oneshot::Receiver<Result<(), ClientError>>>,
    fetching: Option<oneshot::Receiver<Result<BTreeMap<PartitionKey, GroupOffset>, ClientError>>>,
    listener: Option<Box<dyn RebalanceListener>>,
    next_auto_commit: Instant,
    task: TaskHandle,
}

impl std::fmt::Debug for GroupConsumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupConsumer")
            .field("group", &self.config.group_id)
            .finish_non_exhaustive()
    }
}

impl GroupConsumer {
    /// A member to be; it joins when it subscribes and polls.
    ///
    /// # Errors
    /// `group.id` is missing, or settings contradict each other.
    pub fn new(
        client: &Client,
        consumer: ConsumerConfig,
        group: GroupConfig,
    ) -> Result<Self, ClientError> {
        group.check()?;
        let shared = Arc::new(Shared::new());
        let (sender, changes) = mpsc::channel(1);
        let commits = Commits::new(client, &group, Arc::clone(&shared));
        let rack = Some(consumer.client_rack.clone()).filter(|rack| !rack.is_empty());
        let member = Member::new(client, &group, rack, Arc::clone(&shared), sender);
        let tasks = &client.host().tasks;
        let task = match group.protocol {
            GroupProtocol::Classic => tasks.spawn(Box::pin(classic::run(member))),
            GroupProtocol::Consumer => tasks.spawn(Box::pin(modern::run(member))),
        };
        Ok(Self {
            consumer: Consumer::new(client, consumer),
            next_auto_commit: Instant::now() + group.auto_commit_interval,
            config: group,
            shared,
            commits,
            changes,
            pending: None,
            committing: None,
            fetching: None,
            listener: None,
            task,
        })
    }

    /// Tells this one of partitions that come and go.
    pub fn set_listener(&mut self, listener: impl RebalanceListener + 'static) {
        self.listener = Some(Box::new(listener));
    }

    /// Reads a share of these topics from now on. Topics that do not exist yet are taken up when they do.
    ///
    /// # Errors
    /// With `group.protocol=classic`, a pattern that is none. Otherwise the next polls say so.
    pub fn subscribe(&mut self, subscription: Subscription) -> Result<(), ClientError> {
        if let Subscription::Pattern(pattern) = &subscription
            && self.config.protocol == GroupProtocol::Classic
        {
            classic::check_pattern(pattern)?;
        }
        self.shared.subscribe(subscription);
        Ok(())
    }

    /// The next records, `max.poll.records` at most. Waits for the first one up to `timeout`, and gives none then.
    /// Partitions come and go in here. Call it at least every `max.poll.interval.ms`. Dropping the future loses
    /// nothing.
    ///
    /// # Errors
    /// As [`Consumer::poll`], and what ends the membership, such as another member with the same instance id.
    pub async fn poll(&mut self, timeout: Duration) -> Result<Vec<ConsumerRecord>, ClientError> {
        let deadline = Instant::now() + timeout;
        let shared = Arc::clone(&self.shared);
        let _polling = shared.polling();
        if self.config.enable_auto_commit && Instant::now() >= self.next_auto_commit {
            self.next_auto_commit = Instant::now() + self.config.auto_commit_interval;
            self.commits.start(self.positions());
        }
        loop {
            if self.pending.is_some() {
                match tokio::time::timeout_at(deadline, self.carry_out()).await {
                    Ok(done) => done?,
                    Err(_) => return Ok(Vec::new()),
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                biased;
                Some(change) = self.changes.recv() => self.pending = Some(change),
                records = self.consumer.poll(left) => return records,
            }
        }
    }

    /// Commits how far `poll` has come, in all partitions, and waits for the answer.
    ///
    /// # Errors
    /// The partitions are another's by now, or the coordinator does not answer in time.
    pub async fn commit(&mut self) -> Result<(), ClientError> {
        let positions = self.positions();
        self.commits.commit(&positions).await
    }

    /// Commits these offsets: each the one to read next.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn commit_offsets(
        &mut self,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
    ) -> Result<(), ClientError> {
        self.commits.commit(offsets).await
    }

    /// Begins to commit how far `poll` has come, and does not wait. A failure is logged; a later commit mends it.
    pub fn commit_async(&mut self) {
        let positions = self.positions();
        self.commits.start(positions);
    }

    /// What the group committed; partitions without an offset are left out.
    ///
    /// # Errors
    /// The coordinator does not answer in time, or refuses.
    pub async fn committed(
        &self,
        partitions: &[PartitionKey],
    ) -> Result<BTreeMap<PartitionKey, GroupOffset>, ClientError> {
        self.commits.fetch(partitions).await
    }

    /// The partitions that are read now.
    pub fn assignment(&self) -> impl Iterator<Item = &PartitionKey> {
        self.consumer.assignment()
    }

    /// Who this is in the group.
    #[must_use]
    pub fn group_metadata(&self) -> GroupMetadata {
        let (member_id, generation) = self.shared.identity();
        GroupMetadata {
            group_id: self.config.group_id.clone(),
            member_id,
            instance_id: self.config.instance_id.clone(),
            generation,
        }
    }

    /// How far `poll` has come, for a commit elsewhere, such as in a transaction.
    #[must_use]
    pub fn positions(&self) -> BTreeMap<PartitionKey, GroupOffset> {
        let known = self.consumer.known_positions();
        known
            .map(|(key, offset, epoch)| (key.clone(), GroupOffset::behind(offset, epoch)))
            .collect()
    }

    /// Goes on at an offset.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn seek(&mut self, topic: &str, partition: i32, offset: i64) -> Result<(), ClientError> {
        self.consumer.seek(topic, partition, offset)
    }

    /// Goes on where the look-up says.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn seek_to(
        &mut self,
        topic: &str,
        partition: i32,
        to: OffsetSpec,
    ) -> Result<(), ClientError> {
        self.consumer.seek_to(topic, partition, to)
    }

    /// Stops giving out records of a partition until `resume`; the membership goes on.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn pause(&mut self, topic: &str, partition: i32) -> Result<(), ClientError> {
        self.consumer.pause(topic, partition)
    }

    /// Undoes `pause`.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn resume(&mut self, topic: &str, partition: i32) -> Result<(), ClientError> {
        self.consumer.resume(topic, partition)
    }

    /// The offset of the next record that a poll gives; looked up if it is unknown.
    ///
    /// # Errors
    /// The partition is not assigned, has no position, or no broker answers in time.
    pub async fn position(&mut self, topic: &str, partition: i32) -> Result<i64, ClientError> {
        self.consumer.position(topic, partition).await
    }

    /// Commits, if commits are automatic, and leaves the group at once; a static member does not leave, so that it may
    /// come back. Waits `default.api.timeout.ms` at most.
    ///
    /// # Errors
    /// The commit failed. The group is left all the same.
    pub async fn close(mut self) -> Result<(), ClientError> {
        let committed = self.give_all_away().await;
        self.shared.leave();
        let timeout = self.commits.timeout();
        // Whoever cannot be told that the member leaves finds out by the session timeout.
        let _ = tokio::time::timeout(timeout, self.shared.left()).await;
        committed
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
