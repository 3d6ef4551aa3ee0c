//! A leader proposes an in-sync set for its partition (KIP-497, KIP-841, KIP-903).

use klamm_model::{NodeId, Uuid};

use super::brokers::check_epoch;
use super::change::Change;
use super::{Controller, Decision, Refusal, RefusalKind};
use crate::image::{Partition, RecoveryState};
use crate::replay::apply;

/// A replica of a proposed in-sync set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposedReplica {
    /// The broker.
    pub broker: i32,
    /// The epoch in which the leader heard of it; -1 when the leader does not say.
    pub epoch: i64,
}

/// What a leader proposes for one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterIsr {
    /// The topic.
    pub topic: Uuid,
    /// The partition.
    pub partition: i32,
    /// The leader epoch that the leader knows.
    pub leader_epoch: i32,
    /// The partition epoch that the leader knows.
    pub partition_epoch: i32,
    /// The in-sync set.
    pub isr: Vec<ProposedReplica>,
    /// Whether the leader recovered from an unclean election.
    pub recovery: RecoveryState,
}

/// The partition after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlteredIsr {
    /// The leader.
    pub leader: i32,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// The partition's epoch.
    pub partition_epoch: i32,
    /// The in-sync set.
    pub isr: Vec<i32>,
    /// Whether the leader still recovers.
    pub recovery: RecoveryState,
}

/// The answer for each partition, in the order of the request.
type Results = Vec<Result<AlteredIsr, Refusal>>;

/// Decides on proposals of one leader.
///
/// # Errors
/// STALE_BROKER_EPOCH: the leader has to register again.
pub fn alter_partition(
    controller: &Controller<'_>,
    (leader, epoch): (NodeId, i64),
    proposals: &[AlterIsr],
) -> Result<Decision<Results>, Refusal> {
    check_epoch(controller, leader.0, epoch)?;
    let mut records = Vec::new();
    let mut reply = Results::with_capacity(proposals.len());
    for proposal in proposals {
        reply.push(alter(controller, leader, proposal, &mut records));
    }
    Ok(Decision { records, reply })
}

fn alter(
    controller: &Controller<'_>,
    leader: NodeId,
    proposal: &AlterIsr,
    records: &mut Vec<crate::MetadataRecord>,
) -> Result<AlteredIsr, Refusal> {
    let topic = controller.image.topics().by_id(proposal.topic);
    let topic = topic.ok_or(Refusal::bare(RefusalKind::UnknownTopicId))?;
    let number = proposal.partition;
    let partition = topic.partitions.get(number);
    let partition = partition.ok_or(Refusal::bare(RefusalKind::UnknownTopicOrPartition))?;
    check(controller, leader, partition, proposal)?;
    let may_lead = |id| controller.image.cluster().is_active(id);
    let mut change = Change::new(controller, topic, (number, partition), &may_lead);
    change.isr = proposal.isr.iter().map(|replica| replica.broker).collect();
    change.recovery = proposal.recovery;
    let mut state = partition.unpack();
    if let Some(record) = change.record() {
        let refuse = |_| Refusal::bare(RefusalKind::UnknownServerError);
        state = apply(state, &record).map_err(refuse)?;
        let leads_on = state.leader == leader.0;
        records.push(record.into());
        if !leads_on {
            // The set completes a reassignment that moves the leadership: written, and refused all the same, so
            // that the leader reads the news before it tries again.
            return Err(Refusal::bare(RefusalKind::NewLeaderElected));
        }
    }
    Ok(AlteredIsr {
        leader: state.leader,
        leader_epoch: state.leader_epoch,
        partition_epoch: state.partition_epoch,
        isr: state.isr,
        recovery: state.recovery,
    })
}

fn check(
    controller: &Controller<'_>,
    leader: NodeId,
    partition: &Partition,
    proposal: &AlterIsr,
) -> Result<(), Refusal> {
    let refuse = |kind| Err(Refusal::bare(kind));
    let leader_epoch = partition.leader_epoch().0;
    let ahead = proposal.leader_epoch > leader_epoch
        || proposal.partition_epoch > partition.partition_epoch();
    if ahead {
        // The leader knows more than we do: we are not the controller any more.
        return refuse(RefusalKind::NotController);
    }
    if proposal.leader_epoch < leader_epoch {
        return refuse(RefusalKind::FencedLeaderEpoch);
    }
    if partition.leader() != Some(leader) {
        return refuse(RefusalKind::InvalidRequest);
    }
    if proposal.partition_epoch < partition.partition_epoch() {
        return refuse(RefusalKind::InvalidUpdateVersion);
    }
    let mut ids: Vec<i32> = proposal.isr.iter().map(|replica| replica.broker).collect();
    let all_hold_it = ids.iter().all(|id| partition.replicas().contains(id));
    let leads_itself = ids.contains(&leader.0);
    ids.sort_unstable();
    let has_twins = ids.windows(2).any(|pair| pair.first() == pair.last());
    let recovering = proposal.recovery == RecoveryState::Recovering;
    let back_to_recovery = recovering && partition.recovery() == RecoveryState::Recovered;
    if !all_hold_it || !leads_itself || has_twins || recovering && ids.len() > 1 || back_to_recovery
    {
        return refuse(RefusalKind::InvalidRequest);
    }
    let cluster = controller.image.cluster();
    let is_eligible = |replica: &ProposedReplica| {
        let broker = cluster.broker(NodeId(replica.broker));
        broker.is_some_and(|broker| {
            broker.is_active() && (replica.epoch == -1 || replica.epoch == broker.epoch)
        })
    };
    if proposal.isr.iter().all(is_eligible) {
        Ok(())
    } else {
        refuse(RefusalKind::IneligibleReplica)
    }
}
