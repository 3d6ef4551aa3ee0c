//! Changes one partition: elects a leader, keeps the eligible replicas, completes a reassignment.
//!
//! ```text
//! targets (isr, replicas, adding, removing) ── complete reassignment ── eligible replicas ── election ──> record
//! ```
//! Follows KIP-455 (reassignment), KIP-704 (recovery state) and KIP-966 (eligible leader replicas).

use klamm_model::Uuid;

use super::Controller;
use crate::generated::PartitionChangeRecord;
use crate::image::{Partition, PartitionState, RecoveryState, Topic};
use crate::replay::NO_LEADER_CHANGE;

/// No leader.
pub(super) const NO_LEADER: i32 = -1;

/// Whom an election may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Election {
    /// The first replica if it can, else whoever can.
    Preferred,
    /// The current leader if it can, else whoever can.
    Online,
    /// As `Online`, and anybody alive when nobody holds all records.
    Unclean,
}

/// A change in the making: the partition as it is, and as it shall be.
pub(super) struct Change<'a> {
    was: PartitionState,
    pub(super) isr: Vec<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) adding: Vec<i32>,
    pub(super) removing: Vec<i32>,
    pub(super) recovery: RecoveryState,
    pub(super) election: Election,
    /// A replica that lost its unflushed records: no longer eligible.
    pub(super) unclean_shutdown: Option<i32>,
    elr: Vec<i32>,
    place: (Uuid, i32),
    controller: Controller<'a>,
    may_lead: &'a dyn Fn(i32) -> bool,
    min_isr: usize,
}

/// Who leads, and whether acknowledged records may be lost by it.
struct Elected {
    leader: i32,
    unclean: bool,
}

impl<'a> Change<'a> {
    /// A change of nothing. `may_lead` says which brokers can lead after it.
    pub(super) fn new(
        controller: &Controller<'a>,
        topic: &Topic,
        (number, partition): (i32, &Partition),
        may_lead: &'a dyn Fn(i32) -> bool,
    ) -> Self {
        let min_isr = controller.min_isr_of(topic);
        Self::within(controller, (topic.id, number), partition, may_lead, min_isr)
    }

    /// As [`Change::new`], for callers that change many partitions of a topic and know its `min.insync.replicas`.
    pub(super) fn within(
        controller: &Controller<'a>,
        place: (Uuid, i32),
        partition: &Partition,
        may_lead: &'a dyn Fn(i32) -> bool,
        min_isr: usize,
    ) -> Self {
        let was = partition.unpack();
        Self {
            isr: was.isr.clone(),
            replicas: was.replicas.clone(),
            adding: was.adding.clone(),
            removing: was.removing.clone(),
            recovery: was.recovery,
            election: Election::Online,
            unclean_shutdown: None,
            elr: was.elr.clone(),
            place,
            controller: *controller,
            may_lead,
            min_isr,
            was,
        }
    }

    /// The record of the change; `None` when nothing changes.
    pub(super) fn record(mut self) -> Option<PartitionChangeRecord> {
        let (topic_id, partition_id) = self.place;
        let mut record = PartitionChangeRecord { topic_id, partition_id, ..unchanged() };
        self.complete_reassignment();
        self.renew_elr();
        self.elect(&mut record);
        if record.leader == NO_LEADER_CHANGE
            && !self
                .was
                .replicas
                .iter()
                .all(|id| self.replicas.contains(id))
        {
            // A replica that left must not be taken for the partition's any more: the epoch says so.
            record.leader = self.was.leader;
        }
        self.write_elr(&mut record);
        let elr_enabled = self.controller.image.elr_enabled();
        if record.isr.is_none() && (elr_enabled || !self.isr.is_empty()) && self.isr != self.was.isr
        {
            record.isr = Some(self.isr.clone());
        }
        let shrunk = record
            .isr
            .as_ref()
            .is_some_and(|isr| self.was.isr.iter().any(|id| !isr.contains(id)));
        let level = self.controller.image.writing_version();
        if level.bumps_epoch_on_isr_shrink() && record.leader == NO_LEADER_CHANGE && shrunk {
            record.leader = self.was.leader;
        }
        self.write_last_known_leader(&mut record);
        self.write_assignment(&mut record);
        if self.recovery != self.was.recovery {
            record.leader_recovery_state = self.recovery.code();
        }
        let nothing = PartitionChangeRecord { topic_id, partition_id, ..unchanged() };
        (record != nothing).then_some(record)
    }

    /// A reassignment is done once the in-sync set holds what was added (and, when replicas become fewer, all that stay).
    fn complete_reassignment(&mut self) {
        if self.adding.is_empty() && self.removing.is_empty() {
            return;
        }
        let stays = |id: &i32| !self.removing.contains(id);
        let isr: Vec<i32> = self.isr.iter().copied().filter(stays).collect();
        let replicas: Vec<i32> = self.replicas.iter().copied().filter(stays).collect();
        let shrinks = self.adding.len() < self.removing.len();
        let emptied = !self.removing.is_empty() && (isr.is_empty() || replicas.is_empty());
        let waits = emptied
            || !self.adding.iter().all(|id| isr.contains(id))
            || shrinks && !replicas.iter().all(|id| isr.contains(id));
        if !waits {
            (self.isr, self.replicas) = (isr, replicas);
            self.adding.clear();
            self.removing.clear();
        }
    }

    /// Below `min.insync.replicas`, whoever leaves the in-sync set still holds every committed record.
    fn renew_elr(&mut self) {
        if !self.controller.image.elr_enabled() {
            return;
        }
        if self.isr.len() >= self.min_isr {
            self.elr.clear();
            return;
        }
        let mut eligible: Vec<i32> = self.elr.iter().chain(&self.was.isr).copied().collect();
        eligible.retain(|id| !self.isr.contains(id) && self.unclean_shutdown != Some(*id));
        eligible.sort_unstable();
        eligible.dedup();
        self.elr = eligible;
    }

    fn can_lead(&self, id: i32) -> bool {
        let holds_all = self.isr.contains(&id) || self.isr.is_empty() && self.elr.contains(&id);
        holds_all && (self.may_lead)(id)
    }

    fn choose(&self) -> Elected {
        let clean = |leader| Elected { leader, unclean: false };
        let first = self
            .replicas
            .first()
            .copied()
            .filter(|id| self.can_lead(*id));
        if let (Election::Preferred, Some(preferred)) = (self.election, first) {
            return clean(preferred);
        }
        if self.can_lead(self.was.leader) {
            return clean(self.was.leader);
        }
        if let Some(id) = self.replicas.iter().copied().find(|id| self.can_lead(*id)) {
            return clean(id);
        }
        // The last leader of a partition that lost everybody knows the most.
        if let Some(id) = self.last_known_leader() {
            return Elected { leader: id, unclean: true };
        }
        let alive = self
            .replicas
            .iter()
            .copied()
            .find(|id| (self.may_lead)(*id));
        match alive.filter(|_| self.election == Election::Unclean) {
            Some(id) => Elected { leader: id, unclean: true },
            None => clean(NO_LEADER),
        }
    }

    fn last_known_leader(&self) -> Option<i32> {
        let nobody = self.elr.is_empty() && self.isr.is_empty();
        match *self.was.last_known_elr {
            [id] if nobody && self.controller.image.elr_enabled() && (self.may_lead)(id) => {
                Some(id)
            }
            _ => None,
        }
    }

    fn elect(&mut self, record: &mut PartitionChangeRecord) {
        let elected = self.choose();
        if elected.leader == self.was.leader {
            return;
        }
        if self.elr.contains(&elected.leader) {
            self.isr = vec![elected.leader];
            self.elr.retain(|id| *id != elected.leader);
        }
        record.leader = elected.leader;
        if elected.unclean {
            // The new leader's log is the truth now; the others have to follow it, whatever they hold.
            record.isr = Some(vec![elected.leader]);
            if self.was.recovery != RecoveryState::Recovering {
                record.leader_recovery_state = RecoveryState::Recovering.code();
            }
        }
    }

    fn write_elr(&mut self, record: &mut PartitionChangeRecord) {
        let unclean = record.isr.is_some();
        if unclean || !self.controller.image.elr_enabled() {
            self.elr.clear();
        }
        if self.elr != self.was.elr {
            record.eligible_leader_replicas = Some(self.elr.clone());
        }
    }

    fn write_last_known_leader(&self, record: &mut PartitionChangeRecord) {
        if !self.controller.image.elr_enabled() {
            return;
        }
        let known = !self.was.last_known_elr.is_empty();
        if record.leader == NO_LEADER && !known {
            record.last_known_elr = Some(vec![self.was.leader]);
        } else if record.leader >= 0 && known {
            record.last_known_elr = Some(Vec::new());
        }
    }

    fn write_assignment(&self, record: &mut PartitionChangeRecord) {
        if !self.replicas.is_empty() {
            let level = self.controller.image.writing_version();
            if level.has_directories() {
                let directories: Vec<Uuid> = self
                    .replicas
                    .iter()
                    .map(|id| self.directory_of(*id))
                    .collect();
                if directories != self.was.directories {
                    record.directories = Some(directories);
                }
            }
            if self.replicas != self.was.replicas {
                record.replicas = Some(self.replicas.clone());
            }
        }
        if self.removing != self.was.removing {
            record.removing_replicas = Some(self.removing.clone());
        }
        if self.adding != self.was.adding {
            record.adding_replicas = Some(self.adding.clone());
        }
    }

    fn directory_of(&self, broker: i32) -> Uuid {
        let slot = self.was.replicas.iter().position(|id| *id == broker);
        let known = slot
            .and_then(|slot| self.was.directories.get(slot))
            .copied();
        known.unwrap_or_else(|| self.controller.image.cluster().default_directory(broker))
    }
}

/// A change record that says nothing.
pub(super) fn unchanged() -> PartitionChangeRecord {
    PartitionChangeRecord {
        leader: NO_LEADER_CHANGE,
        leader_recovery_state: -1,
        ..PartitionChangeRecord::default()
    }
}
