//! Membership of the classic protocol: join, sync, heartbeats, and again when the coordinator says so.
//!
//! With eager assignors a member gives everything away before it joins. If all are cooperative, it joins with what it
//! has, gives away what the assignment takes, and joins once more so that others can have it (KIP-429).

mod assignors;
mod leader;
mod requests;
mod topics;

pub(super) use topics::check_pattern;

use super::Subscription;
use super::member::{Heart, Member, NO_GENERATION, assign, lose_all, revoke};
use crate::config::ClientAssignor;
use crate::error::ClientError;
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::{info, warn};

/// Runs until the consumer closes.
pub(super) async fn run(member: Member) {
    let mut classic = Classic::new(member);
    let mut attempt = 0;
    while classic.member.wait_until_wanted().await {
        match classic.round().await {
            Ok(()) => attempt = 0,
            Err(error) if error.is_retriable() => {
                info!(group = %classic.member.config.group_id, %error, "the join did not succeed");
                let pause = classic.member.client().retry_pause(attempt);
                attempt = attempt.saturating_add(1);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = classic.member.closing() => {}
                }
            }
            Err(error) => {
                classic.reset(true);
                lose_all(&mut classic).await;
                classic.member.fail(error).await;
            }
        }
    }
    classic.leave("the consumer closes").await;
    classic.member.has_left();
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It belongs to the current generation.
    Member,
    /// A new round has begun, or should.
    Rejoin,
    /// The group went on without it.
    Lost,
    /// It left because nobody polled.
    Overdue,
}

struct Classic {
    member: Member,
    member_id: String,
    generation: i32,
    protocol: Option<ClientAssignor>,
    standing: Standing,
    next_beat: Instant,
    /// The topics of the last join, and when a pattern was last looked up.
    topics: BTreeSet<String>,
    resolved_at: Instant,
    /// The partition counts that this leader assigned by, and when it looked.
    assigned_by: Option<(BTreeMap<Arc<str>, usize>, Instant)>,
    /// What ended the membership for good, if a heartbeat said so.
    error: Option<ClientError>,
}

impl Classic {
    fn new(member: Member) -> Self {
        Self {
            member,
            member_id: String::new(),
            generation: NO_GENERATION,
            protocol: None,
            standing: Standing::Rejoin,
            next_beat: Instant::now(),
            topics: BTreeSet::new(),
            resolved_at: Instant::now(),
            assigned_by: None,
            error: None,
        }
    }

    fn is_cooperative(&self) -> bool {
        let assignors = &self.member.config.assignors;
        assignors
            .iter()
            .all(|assignor| *assignor == ClientAssignor::CooperativeSticky)
    }

    /// No member any more; `forget_id`: not even known.
    fn reset(&mut self, forget_id: bool) {
        self.generation = NO_GENERATION;
        if forget_id {
            self.member_id.clear();
        }
        self.member
            .shared
            .set_identity(&self.member_id, NO_GENERATION);
    }

    /// One round: join, take over the assignment, and stay until the next one begins.
    async fn round(&mut self) -> Result<(), ClientError> {
        let Some((subscription, version)) = self.member.shared.subscription() else {
            return Ok(());
        };
        if !self.is_cooperative() && !revoke(self, self.member.owned.clone()).await {
            return Ok(());
        }
        self.standing = Standing::Rejoin;
        let shared = Arc::clone(&self.member.shared);
        let join = async {
            let topics = topics::resolve(self, &subscription).await?;
            requests::join(self, &topics).await
        };
        let joined = tokio::select! {
            biased;
            joined = join => joined,
            () = shared.closing() => return Ok(()),
        };
        let target = match joined {
            Ok(target) => target,
            Err(error) => return self.judge(error).await,
        };
        self.standing = Standing::Member;
        self.next_beat = Instant::now() + self.member.config.heartbeat_interval;
        let gone: BTreeSet<_> = self.member.owned.difference(&target).cloned().collect();
        let has_to_rejoin = self.is_cooperative() && !gone.is_empty();
        if !revoke(self, gone).await || !assign(self, target).await {
            return Ok(());
        }
        if !has_to_rejoin {
            self.stay(version).await;
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        match self.standing {
            Standing::Member | Standing::Rejoin => {}
            Standing::Lost | Standing::Overdue => drop(lose_all(self).await),
        }
        Ok(())
    }

    /// Beats until something happens.
    async fn stay(&mut self, version: u64) {
        while self.standing == Standing::Member
            && !self.member.is_leaving()
            && !self.member.has_changed_since(version)
        {
            tokio::select! {
                biased;
                () = self.member.woken() => {}
                () = tokio::time::sleep_until(self.next_beat) => self.beat().await,
            }
        }
    }

    /// What an error means. Those that pass come back, to be tried again after a pause.
    async fn judge(&mut self, error: ClientError) -> Result<(), ClientError> {
        match self.standing_after(&error) {
            Some(Standing::Lost) => {
                lose_all(self).await;
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(error),
        }
    }

    fn standing_after(&mut self, error: &ClientError) -> Option<Standing> {
        self.member.coordinator.learn(error);
        let standing = match error.code()? {
            ErrorCode::REBALANCE_IN_PROGRESS => Standing::Rejoin,
            code @ (ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::ILLEGAL_GENERATION) => {
                self.reset(code == ErrorCode::UNKNOWN_MEMBER_ID);
                Standing::Lost
            }
            _ => return None,
        };
        Some(standing)
    }

    async fn leave(&mut self, reason: &str) {
        if self.member_id.is_empty() || self.member.config.instance_id.is_some() {
            return;
        }
        if let Err(error) = requests::leave(self, reason).await {
            info!(group = %self.member.config.group_id, %error, "the group was not told that a member leaves");
        }
        self.reset(true);
    }
}

impl Heart for Classic {
    fn member(&mut self) -> &mut Member {
        &mut self.member
    }

    fn next_beat(&self) -> Instant {
        self.next_beat
    }

    async fn beat(&mut self) {
        let interval = self.member.config.heartbeat_interval;
        self.next_beat = Instant::now() + interval;
        let is_out = matches!(self.standing, Standing::Lost | Standing::Overdue);
        if is_out || self.generation == NO_GENERATION {
            return;
        }
        if self.member.is_overdue() {
            warn!(
                group = %self.member.config.group_id,
                "nobody polled for max.poll.interval.ms: the member leaves until somebody does"
            );
            self.leave("nobody polled for max.poll.interval.ms").await;
            self.standing = Standing::Overdue;
            return;
        }
        match requests::heartbeat(self).await {
            Ok(()) => {}
            Err(error) => match self.standing_after(&error) {
                Some(standing) => self.standing = standing,
                None if error.is_retriable() => {
                    self.next_beat =
                        Instant::now() + self.member.client().retry_pause(0).min(interval);
                }
                None => {
                    self.standing = Standing::Lost;
                    self.reset(true);
                    self.error = Some(error);
                }
            },
        }
        if self.standing == Standing::Member
            && (topics::changed(self).await || leader::topics_changed(self).await)
        {
            self.standing = Standing::Rejoin;
        }
    }
}
