//! The groups of one `__consumer_offsets` partition.

use super::classic::{ClassicGroup, GroupState, Step};
use super::command::{
    Command, CommitOffsets, CommittedOffset, DescribedGroup, DescribedMember, Effect, GroupConfig,
    GroupError, Join, JoinRefused, Leave, ListedGroup, NewOffset, Output, Reply,
};
use super::consumer::ConsumerSnapshot;
use super::departure::Observation;
use super::group::{Group, Rule};
use super::record::{self, Meaning};
use super::surroundings::{Nowhere, Surroundings};
use super::timers::{Due, Timers};
use crate::records::{GroupMetadataValue, OffsetCommitValue};
use crate::shard::{Moment, Record, RecordError, Replayed, Shard, Ticket};
use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The groups of one partition of `__consumer_offsets`: loaded from it, and then the only ones who write to it.
#[derive(Debug)]
pub struct GroupShard {
    pub(super) config: GroupConfig,
    pub(super) groups: BTreeMap<Str, Group>,
    /// Open transactions that have committed: the groups, by producer id.
    pub(super) open: BTreeMap<i64, BTreeSet<Str>>,
    pub(super) timers: Timers,
    pub(super) around: Arc<dyn Surroundings>,
}

/// Topic, partition and what was committed there.
pub type Committed = (Str, i32, CommittedOffset);

/// All that a shard's log keeps of its state, to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// By group: the metadata, and topic, partition and offset of each commit.
    pub groups: BTreeMap<Str, (KeptGroup, Vec<Committed>)>,
}

/// What a log keeps of a group, but for its offsets.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptGroup {
    /// Of the classic protocol.
    Classic(GroupMetadataValue),
    /// Of the consumer protocol.
    Consumer(Box<ConsumerSnapshot>),
}

/// The partition of `__consumer_offsets` that holds a group: Java's `String.hashCode` without its sign, modulo the count.
#[must_use]
pub fn shard_of(group: &str, partitions: i32) -> i32 {
    let hash = group.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    hash.checked_abs()
        .unwrap_or(0)
        .checked_rem(partitions)
        .unwrap_or(0)
}

/// Strings in records have lengths of 16 bits.
pub(super) const TEXT_BYTES_MAX: usize = i16::MAX as usize;

impl Shard for GroupShard {
    type Command = Command;
    type Reply = Reply;
    type Effect = Effect;
    type Observation = Observation;

    fn replay(&mut self, record: &Record) -> Result<Replayed, RecordError> {
        match record::read(record)? {
            Meaning::Group(group, Some(value)) => {
                let classic = ClassicGroup::from_value(group.detached(), &value);
                self.group(&group).rule = Rule::Classic(Box::new(classic));
            }
            Meaning::Group(group, None) => {
                if let Some(known) = self.groups.get_mut(&*group)
                    && let Rule::Classic(classic) = &mut known.rule
                {
                    **classic = ClassicGroup::new(classic.id.clone());
                    self.drop_if_untouched(&group);
                }
            }
            Meaning::Consumer(group, change) => self.replay_consumer(&group, *change),
            Meaning::Offset(key, Some(value)) => {
                let committed = committed_of(&value);
                self.group(&key.group)
                    .offsets
                    .put(&key.topic, key.partition, committed);
            }
            Meaning::Offset(key, None) => {
                if let Some(known) = self.groups.get_mut(&*key.group) {
                    known.offsets.remove(&key.topic, key.partition);
                    self.drop_if_untouched(&key.group);
                }
            }
            Meaning::Other(id) => return Ok(Replayed::Ignored(id)),
        }
        Ok(Replayed::Applied)
    }

    fn replay_open(&mut self, producer_id: i64, record: &Record) -> Result<Replayed, RecordError> {
        self.take_open(producer_id, record)
    }

    fn end_open(&mut self, producer_id: i64, commits: bool) {
        self.settle(producer_id, commits);
    }

    fn loaded(&mut self, now: Moment) -> Output {
        let mut out = Output::default();
        for group in self.groups.values_mut() {
            let (config, timers) = (&self.config, &mut self.timers);
            let around = &*self.around;
            let mut step = Step { now, config, timers, around, out: &mut out };
            match &mut group.rule {
                Rule::Classic(group) => group.loaded(&mut step),
                Rule::Consumer(group) => group.loaded(&mut step),
            }
        }
        self.look_for_expired_later(now);
        out
    }

    fn apply(&mut self, command: &Command, ticket: Ticket, now: Moment) -> Output {
        let mut out = Output::default();
        match command {
            Command::Join(join) => self.join(join, ticket, now, &mut out),
            Command::Sync(sync) => match self.existing(&sync.group) {
                Ok(()) => self.with(&sync.group, now, &mut out, |group, step| {
                    match &mut group.rule {
                        Rule::Classic(group) => group.sync(sync, ticket, step),
                        Rule::Consumer(group) => {
                            let synced = group.sync(sync, step);
                            step.reply(ticket, Reply::Sync(synced.map(Box::new)));
                        }
                    }
                }),
                Err(error) => out.replies.push((ticket, Reply::Sync(Err(error)))),
            },
            Command::Heartbeat(heartbeat) => {
                let result = self.existing(&heartbeat.group).and_then(|()| {
                    self.with(
                        &heartbeat.group,
                        now,
                        &mut out,
                        |group, step| match &mut group.rule {
                            Rule::Classic(group) => group.heartbeat(heartbeat, step),
                            Rule::Consumer(group) => group.heartbeat_of_classic(heartbeat, step),
                        },
                    )
                });
                out.replies.push((ticket, Reply::Done(result)));
            }
            Command::Leave(leave) => {
                let result = match self.existing(&leave.group) {
                    Ok(()) => Ok(self.leave(leave, now, &mut out)),
                    Err(GroupError::UnknownMemberId) => {
                        Ok(vec![Err(GroupError::UnknownMemberId); leave.members.len()])
                    }
                    Err(error) => Err(error),
                };
                out.replies.push((ticket, Reply::Each(result)));
            }
            Command::ConsumerHeartbeat(heartbeat) => {
                let result = self.consumer_heartbeat(heartbeat, now, &mut out);
                out.replies.push((ticket, Reply::ConsumerHeartbeat(result)));
            }
            Command::CommitOffsets(commit) => {
                out.is_divisible = true;
                let result = self.commit(commit, now, &mut out);
                out.replies.push((ticket, Reply::Each(result)));
            }
            Command::CommitOpen { commit, producer } => {
                let result = self.commit_open(commit, *producer, now, &mut out);
                out.replies.push((ticket, Reply::Each(result)));
            }
            Command::DeleteOffsets { group, partitions } => {
                out.is_divisible = true;
                let result = self.delete_offsets(group, partitions, now, &mut out);
                out.replies.push((ticket, Reply::Each(result)));
            }
            Command::ForgetTopics { topics } => {
                out.is_divisible = true;
                self.forget_topics(topics, now, &mut out);
                out.replies.push((ticket, Reply::Done(Ok(()))));
            }
            Command::DeleteGroup { group } => {
                out.is_divisible = true;
                let result = self.delete_group(group, now, &mut out);
                out.replies.push((ticket, Reply::Done(result)));
            }
        }
        out
    }

    fn next_deadline(&self) -> Option<i64> {
        self.timers.next()
    }

    fn on_time(&mut self, now: Moment) -> Output {
        let mut out = Output::default();
        while let Some(due) = self.timers.take_due(now.monotonic) {
            match due {
                Due::Session { group, member } if self.groups.contains_key(&*group) => {
                    self.with(&group, now, &mut out, |group, step| {
                        let became = match &mut group.rule {
                            Rule::Classic(group) => return group.session_is_over(&member, step),
                            Rule::Consumer(group) => group.time_is_up(&member, step),
                        };
                        group.becomes(became);
                    });
                    self.drop_if_untouched(&group);
                }
                Due::Round { group } if self.groups.contains_key(&*group) => {
                    self.with(&group, now, &mut out, |group, step| {
                        if let Rule::Classic(group) = &mut group.rule {
                            group.round_is_over(step);
                        }
                    });
                }
                Due::Target { group } if self.groups.contains_key(&*group) => {
                    self.with(&group, now, &mut out, |group, step| {
                        if let Rule::Consumer(group) = &mut group.rule {
                            group.target_is_due(step);
                        }
                    });
                }
                Due::Session { .. } | Due::Round { .. } | Due::Target { .. } => {}
                Due::Expiry if !out.records.is_empty() => {
                    // By itself: it may make any number of records.
                    self.timers.at(now.monotonic, Due::Expiry);
                    break;
                }
                Due::Expiry => {
                    self.expire(now, &mut out);
                    out.is_divisible = true;
                    self.look_for_expired_later(now);
                    break;
                }
            }
        }
        out
    }
}

impl GroupShard {
    /// An empty shard. Give it all records of its partition, then call [`Shard::loaded`].
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            groups: BTreeMap::new(),
            open: BTreeMap::new(),
            timers: Timers::default(),
            around: Arc::new(Nowhere),
        }
    }

    /// The interval may be longer than time lasts.
    fn look_for_expired_later(&mut self, now: Moment) {
        let interval = self.config.offsets_check_interval_ms.max(1);
        self.timers
            .at(now.monotonic.saturating_add(interval), Due::Expiry);
    }

    /// A committed offset. `None` if there is none, or no such group.
    #[must_use]
    pub fn offset(&self, group: &str, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.groups.get(group)?.offsets.get(topic, partition)
    }

    /// All offsets of a group, by topic and partition.
    pub fn offsets(&self, group: &str) -> impl Iterator<Item = (&Str, i32, &CommittedOffset)> {
        let group = self.groups.get(group);
        group.into_iter().flat_map(|group| group.offsets.iter())
    }

    /// The groups, by id.
    pub fn list(&self) -> impl Iterator<Item = ListedGroup> {
        self.groups.values().map(Group::listed)
    }

    /// A classic group in detail, as of now; `None` if there is none of this id.
    #[must_use]
    pub fn describe(&self, group: &str, now: Moment) -> Option<DescribedGroup> {
        let Rule::Classic(classic) = &self.groups.get(group)?.rule else {
            return None;
        };
        let is_stable = classic.state() == GroupState::Stable;
        let members = classic
            .members()
            .iter()
            .map(|(id, member)| DescribedMember {
                member_id: id.clone(),
                instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                metadata: if is_stable {
                    classic.metadata(member)
                } else {
                    bytes::Bytes::new()
                },
                assignment: member.assignment.clone(),
                standing: classic.standing(id, member, now),
            });
        let protocol = classic.protocol().filter(|_| is_stable);
        Some(DescribedGroup {
            state: classic.state(),
            protocol_type: classic.protocol_type().cloned().unwrap_or_default(),
            protocol_name: protocol.cloned().unwrap_or_default(),
            members: members.collect(),
        })
    }

    /// What the log keeps. A group whose round is not finished shows what its record would be now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let groups = self.groups.iter().map(|(id, group)| {
            let offsets = group.offsets.iter();
            let offsets = offsets.map(|(t, p, committed)| (t.clone(), p, committed.clone()));
            let kept = match &group.rule {
                Rule::Classic(group) => KeptGroup::Classic(group.to_value()),
                Rule::Consumer(group) => KeptGroup::Consumer(Box::new(group.snapshot())),
            };
            (id.clone(), (kept, offsets.collect()))
        });
        Snapshot { groups: groups.collect() }
    }

    pub(super) fn group(&mut self, id: &Str) -> &mut Group {
        group_in(&mut self.groups, id)
    }

    pub(super) fn with<R>(
        &mut self,
        id: &Str,
        now: Moment,
        out: &mut Output,
        act: impl FnOnce(&mut Group, &mut Step<'_>) -> R,
    ) -> R {
        let group = group_in(&mut self.groups, id);
        let (config, timers) = (&self.config, &mut self.timers);
        let around = &*self.around;
        act(group, &mut Step { now, config, timers, around, out })
    }

    fn existing(&self, group: &Str) -> Result<(), GroupError> {
        if group.is_empty() {
            Err(GroupError::InvalidGroupId)
        } else if self.groups.contains_key(group) {
            Ok(())
        } else {
            Err(GroupError::UnknownMemberId)
        }
    }

    pub(super) fn drop_if_untouched(&mut self, group: &Str) {
        if self.groups.get(group).is_some_and(Group::is_untouched) {
            self.groups.remove(group);
        }
    }

    fn join(&mut self, join: &Join, ticket: Ticket, now: Moment, out: &mut Output) {
        let timeouts = self.config.session_timeout_min_ms..=self.config.session_timeout_max_ms;
        let error = if join.group.is_empty() || !fits_records(join) {
            Some(GroupError::InvalidGroupId)
        } else if !timeouts.contains(&join.session_timeout_ms) {
            Some(GroupError::InvalidSessionTimeout)
        } else if !join.member_id.is_empty() && !self.groups.contains_key(&*join.group) {
            Some(GroupError::UnknownMemberId)
        } else {
            None
        };
        if let Some(error) = error {
            let refused = JoinRefused { error, member_id: join.member_id.clone() };
            out.replies.push((ticket, Reply::Join(Err(refused))));
            return;
        }
        self.join_either(join, ticket, now, out);
        self.drop_if_untouched(&join.group);
    }

    fn leave(
        &mut self,
        leave: &Leave,
        now: Moment,
        out: &mut Output,
    ) -> Vec<Result<(), GroupError>> {
        self.with(&leave.group, now, out, |group, step| {
            let (results, became) = match &mut group.rule {
                Rule::Classic(group) => return group.leave(leave, step),
                Rule::Consumer(group) => group.leave_classic(leave, step),
            };
            group.becomes(became);
            results
        })
    }

    fn commit(
        &mut self,
        commit: &CommitOffsets,
        now: Moment,
        out: &mut Output,
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        match self.groups.get(&commit.group) {
            _ if commit.group.len() > TEXT_BYTES_MAX => return Err(GroupError::InvalidGroupId),
            Some(group) => group.check_commit(commit, &*self.around)?,
            None if commit.generation < 0 => {}
            // As in Kafka: older clients do not know the other one here.
            None if commit.knows_member_epochs => return Err(GroupError::GroupIdNotFound),
            None => return Err(GroupError::IllegalGeneration),
        }
        let metadata_max = self.config.offset_metadata_bytes_max.min(TEXT_BYTES_MAX);
        let results = self.with(&commit.group, now, out, |group, step| {
            group.has_committed(&commit.member_id, step);
            let one = |new: &NewOffset| {
                if new.metadata.len() > metadata_max {
                    return Err(GroupError::OffsetMetadataTooLarge);
                }
                let committed = new_offset(new, commit.retention_ms, step.now.wall);
                step.record(record::offset(
                    &commit.group,
                    &new.topic,
                    new.partition,
                    Some(&committed),
                ));
                group.offsets.put(&new.topic, new.partition, committed);
                Ok(())
            };
            commit.offsets.iter().map(one).collect()
        });
        self.drop_if_untouched(&commit.group);
        Ok(results)
    }

    fn delete_offsets(
        &mut self,
        group: &Str,
        partitions: &[(Str, i32)],
        now: Moment,
        out: &mut Output,
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        let known = self
            .groups
            .get(&**group)
            .ok_or(GroupError::GroupIdNotFound)?;
        if !known.is_empty() && !known.knows_its_topics() {
            return Err(GroupError::NonEmptyGroup);
        }
        let results = self.with(group, now, out, |group, step| {
            let mut forget = |(topic, partition): &(Str, i32)| {
                if group.is_subscribed(topic) {
                    return Err(GroupError::GroupSubscribedToTopic);
                }
                if group.offsets.remove(topic, *partition) {
                    step.record(record::offset(group.id(), topic, *partition, None));
                }
                Ok(())
            };
            partitions.iter().map(&mut forget).collect()
        });
        self.drop_if_untouched(group);
        Ok(results)
    }

    /// Of members, too: whoever reads the topic learns from its metadata that it is gone.
    fn forget_topics(&mut self, topics: &[Str], now: Moment, out: &mut Output) {
        let (config, timers) = (&self.config, &mut self.timers);
        let around = &*self.around;
        let mut step = Step { now, config, timers, around, out };
        self.groups.retain(|id, group| {
            let mut has_forgotten = false;
            for topic in topics {
                for partition in group.offsets.partitions_of(topic) {
                    group.offsets.remove(topic, partition);
                    step.record(record::offset(id, topic, partition, None));
                    has_forgotten = true;
                }
            }
            !(has_forgotten && group.is_untouched())
        });
    }

    fn delete_group(
        &mut self,
        group: &Str,
        now: Moment,
        out: &mut Output,
    ) -> Result<(), GroupError> {
        let known = self
            .groups
            .get(&**group)
            .ok_or(GroupError::GroupIdNotFound)?;
        if !known.is_empty() {
            return Err(GroupError::NonEmptyGroup);
        }
        self.with(group, now, out, Group::end);
        self.groups.remove(&**group);
        Ok(())
    }

    /// Drops old offsets that nobody reads, and groups without members that have none left.
    fn expire(&mut self, now: Moment, out: &mut Output) {
        let (config, timers) = (&self.config, &mut self.timers);
        let around = &*self.around;
        let mut step = Step { now, config, timers, around, out };
        self.groups.retain(|id, group| {
            let since = group.ages_since_ms();
            let is_old = |committed: &CommittedOffset| match committed.expires_ms {
                -1 => now.wall - committed.committed_ms.max(since) >= config.offsets_retention_ms,
                expires => now.wall >= expires,
            };
            let old = group.offsets.iter();
            let old = old.filter(|(_, _, committed)| is_old(committed));
            let old = old.filter(|(topic, partition, _)| {
                group.may_expire(topic) && !group.offsets.is_pending(topic, *partition)
            });
            let old: Vec<(Str, i32)> = old.map(|(t, p, _)| (t.clone(), p)).collect();
            for (topic, partition) in old {
                group.offsets.remove(&topic, partition);
                step.record(record::offset(id, &topic, partition, None));
            }
            let keeps = !group.offsets.is_empty() || !group.is_empty() || group.is_expected();
            if !keeps {
                group.end(&mut step);
            }
            keeps
        });
    }
}

/// A group, made if there is none. It outlives the request that names it first.
fn group_in<'g>(groups: &'g mut BTreeMap<Str, Group>, id: &Str) -> &'g mut Group {
    let key = match groups.contains_key(id) {
        true => id.clone(),
        false => id.detached(),
    };
    groups
        .entry(key)
        .or_insert_with_key(|id| Group::new(id.clone()))
}

fn fits_records(join: &Join) -> bool {
    let instance = join.instance_id.as_deref().unwrap_or_default();
    let texts = [
        &*join.group,
        &join.member_id,
        instance,
        &join.client_id,
        &join.protocol_type,
    ];
    let names = join.protocols.iter().map(|(name, _)| &**name);
    // A new member's id is longer than the client's by a dash and a UUID.
    texts
        .into_iter()
        .chain(names)
        .all(|text| text.len() + 37 <= TEXT_BYTES_MAX)
}

pub(super) fn new_offset(new: &NewOffset, retention_ms: i64, wall: i64) -> CommittedOffset {
    let expires = retention_ms >= 0;
    CommittedOffset {
        offset: new.offset,
        // The record with a time to expire has no place for it.
        leader_epoch: if expires { -1 } else { new.leader_epoch },
        metadata: new.metadata.detached(),
        committed_ms: wall,
        expires_ms: if expires {
            wall.saturating_add(retention_ms)
        } else {
            -1
        },
    }
}

pub(super) fn committed_of(value: &OffsetCommitValue) -> CommittedOffset {
    CommittedOffset {
        offset: value.offset,
        leader_epoch: value.leader_epoch,
        metadata: value.metadata.detached(),
        committed_ms: value.commit_timestamp,
        expires_ms: value.expire_timestamp,
    }
}
