//! What the membership task and the polling side share, and what both protocols need.

use super::changes::Change;
use super::{PartitionKey, Subscription};
use crate::client::Client;
use crate::config::{GroupConfig, GroupProtocol};
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

/// The state that both sides see.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// The task has something to look at.
    wake: Notify,
    /// The task has left the group, or never was in it.
    has_left: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    subscription: Option<Subscription>,
    /// Counts subscriptions.
    version: u64,
    member_id: String,
    generation: i32,
    is_modern: bool,
    is_polling: bool,
    polled_at: Option<Instant>,
    is_leaving: bool,
}

/// Says that someone polls, until it is dropped.
#[derive(Debug)]
pub(super) struct Polling<'a>(&'a Shared);

/// Generation or epoch of one that is no member.
pub(super) const NO_GENERATION: i32 = -1;

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                subscription: None,
                version: 0,
                member_id: String::new(),
                generation: NO_GENERATION,
                is_modern: false,
                is_polling: false,
                polled_at: None,
                is_leaving: false,
            }),
            wake: Notify::new(),
            has_left: watch::Sender::new(false),
        }
    }

    pub(super) fn subscribe(&self, subscription: Subscription) {
        let mut state = self.state.lock();
        if state.subscription.as_ref() != Some(&subscription) {
            state.subscription = Some(subscription);
            state.version += 1;
        }
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn subscription(&self) -> Option<(Subscription, u64)> {
        let state = self.state.lock();
        state
            .subscription
            .clone()
            .map(|subscription| (subscription, state.version))
    }

    /// Member id, and generation or epoch.
    pub(super) fn identity(&self) -> (String, i32) {
        let state = self.state.lock();
        (state.member_id.clone(), state.generation)
    }

    pub(super) fn set_identity(&self, member_id: &str, generation: i32) {
        let mut state = self.state.lock();
        member_id.clone_into(&mut state.member_id);
        state.generation = generation;
    }

    /// Whether the coordinator assigns, so that generations are member epochs.
    pub(super) fn is_modern(&self) -> bool {
        self.state.lock().is_modern
    }

    pub(super) fn polling(&self) -> Polling<'_> {
        let mut state = self.state.lock();
        state.is_polling = true;
        state.polled_at = Some(Instant::now());
        drop(state);
        self.wake.notify_one();
        Polling(self)
    }

    pub(super) fn leave(&self) {
        self.state.lock().is_leaving = true;
        self.wake.notify_one();
    }

    fn is_leaving(&self) -> bool {
        self.state.lock().is_leaving
    }

    /// Waits until the consumer closes.
    pub(super) async fn closing(&self) {
        while !self.is_leaving() {
            self.wake.notified().await;
        }
    }

    /// Waits until the task has left.
    pub(super) async fn left(&self) {
        // The sender is in `self`.
        let _ = self.has_left.subscribe().wait_for(|left| *left).await;
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.is_polling = false;
        state.polled_at = Some(Instant::now());
    }
}

/// What the membership task works with.
#[derive(Debug)]
pub(super) struct Member {
    /// Joins wait long for their answers, so the membership has connections of its own.
    pub(super) coordinator: Coordinator,
    /// For leaving, which must not wait behind a join.
    pub(super) exit: Coordinator,
    pub(super) config: GroupConfig,
    pub(super) rack: Option<String>,
    pub(super) shared: Arc<Shared>,
    /// What is read, as far as the polling side was told.
    pub(super) owned: BTreeSet<PartitionKey>,
    changes: mpsc::Sender<Change>,
}

impl Member {
    pub(super) fn new(
        client: &Client,
        config: &GroupConfig,
        rack: Option<String>,
        shared: Arc<Shared>,
        changes: mpsc::Sender<Change>,
    ) -> Self {
        let coordinator =
            |client| Coordinator::new(client, CoordinatorKind::Group, config.group_id.clone());
        shared.state.lock().is_modern = config.protocol == GroupProtocol::Consumer;
        Self {
            coordinator: coordinator(client.apart()),
            exit: coordinator(client.clone()),
            config: config.clone(),
            rack,
            shared,
            owned: BTreeSet::new(),
            changes,
        }
    }

    pub(super) fn client(&self) -> &Client {
        self.coordinator.client()
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.shared.is_leaving()
    }

    /// Whether nobody polled for longer than `max.poll.interval.ms`.
    pub(super) fn is_overdue(&self) -> bool {
        let state = self.shared.state.lock();
        let is_late = |at: Instant| at.elapsed() > self.config.poll_interval_max;
        !state.is_polling && state.polled_at.is_none_or(is_late)
    }

    /// Whether the subscription is another by now.
    pub(super) fn has_changed_since(&self, version: u64) -> bool {
        self.shared.state.lock().version != version
    }

    /// Waits until there is a reason to be a member. `false`: it is over.
    pub(super) async fn wait_until_wanted(&self) -> bool {
        loop {
            if self.is_leaving() {
                return false;
            }
            if self.shared.subscription().is_some() && !self.is_overdue() {
                return true;
            }
            self.shared.wake.notified().await;
        }
    }

    /// Waits for a word of the polling side: a new subscription, a poll, the end.
    pub(super) async fn woken(&self) {
        self.shared.wake.notified().await;
    }

    /// Waits until the consumer closes.
    pub(super) async fn closing(&self) {
        self.shared.closing().await;
    }

    /// Tells the polling side that the membership cannot go on, and waits for a new subscription or the end.
    pub(super) async fn fail(&self, error: ClientError) {
        let version = self.shared.state.lock().version;
        // Fails only when the consumer is gone.
        let _ = self.changes.send(Change::Fail(error)).await;
        while !self.is_leaving() && !self.has_changed_since(version) {
            self.shared.wake.notified().await;
        }
    }

    pub(super) fn has_left(&self) {
        self.shared.has_left.send_replace(true);
    }
}

/// A membership that has to show that it lives.
pub(super) trait Heart: Send {
    fn member(&mut self) -> &mut Member;

    /// When it is time to show it again.
    fn next_beat(&self) -> Instant;

    /// Shows it, and remembers what the coordinator said.
    fn beat(&mut self) -> impl Future<Output = ()> + Send;
}

/// Stops reading these, in order, so that they can be given away. `false`: the consumer closes.
pub(super) async fn revoke(heart: &mut impl Heart, gone: BTreeSet<PartitionKey>) -> bool {
    if gone.is_empty() {
        return true;
    }
    let (done, receiver) = oneshot::channel();
    let change = Change::Revoke { partitions: gone.clone(), done };
    let is_done = carry_out(heart, change, receiver).await;
    heart.member().owned.retain(|key| !gone.contains(key));
    is_done
}

/// Stops reading all, because it may be another's already. `false`: the consumer closes.
pub(super) async fn lose_all(heart: &mut impl Heart) -> bool {
    let partitions = std::mem::take(&mut heart.member().owned);
    if partitions.is_empty() {
        return true;
    }
    let (done, receiver) = oneshot::channel();
    carry_out(heart, Change::Lose { partitions, done }, receiver).await
}

/// Reads exactly these. `false`: the consumer closes.
pub(super) async fn assign(heart: &mut impl Heart, partitions: BTreeSet<PartitionKey>) -> bool {
    heart.member().owned.clone_from(&partitions);
    let (done, receiver) = oneshot::channel();
    carry_out(heart, Change::Assign { partitions, done }, receiver).await
}

async fn carry_out(
    heart: &mut impl Heart,
    change: Change,
    mut done: oneshot::Receiver<()>,
) -> bool {
    let changes = heart.member().changes.clone();
    if changes.send(change).await.is_err() {
        return false;
    }
    loop {
        let next_beat = heart.next_beat();
        tokio::select! {
            biased;
            result = &mut done => return result.is_ok(),
            () = heart.member().closing() => return false,
            () = tokio::time::sleep_until(next_beat) => heart.beat().await,
        }
    }
}
