//! What must hold at all times, whatever the network and the disks do.

use bytes::Bytes;
use klamm_model::{LeaderEpoch, NodeId, Offset};
use klamm_raft::{ElectionState, ReplicaKey, VoterHistory, VoterSet};
use std::collections::BTreeMap;

use crate::disk::SimDisk;

#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// The log that was ever committed, by offset.
    pub(crate) committed: Vec<(LeaderEpoch, Bytes)>,
    leaders: BTreeMap<LeaderEpoch, NodeId>,
    votes: BTreeMap<(NodeId, LeaderEpoch), ReplicaKey>,
    epochs: BTreeMap<NodeId, LeaderEpoch>,
}

impl Oracle {
    /// Invariant 21: one leader per epoch; it holds everything that was committed.
    pub(crate) fn leads(&mut self, node: NodeId, epoch: LeaderEpoch, disk: &SimDisk) {
        let leader = *self.leaders.entry(epoch).or_insert(node);
        assert_eq!(leader, node, "two leaders in epoch {epoch}");
        self.holds_committed(disk, disk.end());
        assert!(
            disk.end().0 >= self.committed.len() as i64,
            "leader {node} lacks committed records"
        );
    }

    /// Invariant 21: a vote is durable before it is told, and given once an epoch.
    pub(crate) fn votes(
        &mut self,
        voter: NodeId,
        (candidate, epoch): (ReplicaKey, LeaderEpoch),
        durable: ElectionState,
    ) {
        assert_eq!(
            (durable.epoch, durable.voted),
            (epoch, Some(candidate)),
            "a vote was told before durable"
        );
        let given = *self.votes.entry((voter, epoch)).or_insert(candidate);
        assert_eq!(given, candidate, "{voter} voted twice in epoch {epoch}");
    }

    /// Invariant 21: the epoch never falls, crash or not.
    pub(crate) fn in_epoch(&mut self, node: NodeId, epoch: LeaderEpoch) {
        let last = self.epochs.entry(node).or_insert(epoch);
        assert!(
            *last <= epoch,
            "the epoch of {node} fell from {last} to {epoch}"
        );
        *last = epoch;
    }

    /// Invariant 22: what one replica takes for committed, all do, and it never changes.
    pub(crate) fn commits(&mut self, node: NodeId, high_watermark: Offset, disk: &SimDisk) {
        assert!(
            high_watermark <= disk.end(),
            "{node} commits beyond its log"
        );
        self.holds_committed(disk, high_watermark);
        for offset in self.committed.len() as i64..high_watermark.0 {
            let record = disk
                .record(Offset(offset))
                .expect("a committed record is in the log");
            self.committed.push(record);
        }
    }

    /// Invariant 24: one voter at a time, and only on top of a committed set.
    pub(crate) fn changes_voters(&self, history: &VoterHistory, to: &VoterSet) {
        let from = history.voters();
        let settled = history
            .last_change()
            .is_none_or(|offset| offset.0 < self.committed.len() as i64);
        assert!(
            settled,
            "the voters change before the last change is committed"
        );
        let gone = from.ids().filter(|id| to.voter(*id).is_none()).count();
        let new = to.ids().filter(|id| from.voter(*id).is_none()).count();
        assert!(gone + new <= 1 && !to.is_empty(), "from {from:?} to {to:?}");
    }

    fn holds_committed(&self, disk: &SimDisk, until: Offset) {
        let until = until.0.min(self.committed.len() as i64);
        for offset in disk.start().0..until {
            let held = disk.record(Offset(offset));
            assert_eq!(
                held.as_ref(),
                self.committed.get(offset as usize),
                "committed record {offset} changed"
            );
        }
    }

    /// Invariant 22: a majority holds it durably.
    pub(crate) fn is_durable(&self, high_watermark: Offset, disks: &[&SimDisk]) {
        let last = high_watermark.plus(-1);
        let holds = |disk: &&&SimDisk| {
            if last < disk.start() {
                return true;
            }
            let held = disk.record(last).filter(|_| disk.flushed >= high_watermark);
            held.as_ref() == self.committed.get(last.0 as usize)
        };
        let count = disks.iter().filter(holds).count();
        assert!(
            count > disks.len() / 2,
            "only {count} of {} durably hold {last}",
            disks.len()
        );
    }

    /// The state after applying everything below an offset: a digest.
    pub(crate) fn state_at(&self, end: Offset) -> Bytes {
        let mut digest = 0xcbf2_9ce4_8422_2325u64;
        for (epoch, bytes) in self.committed.iter().take(end.0 as usize) {
            for byte in epoch.0.to_be_bytes().iter().chain(bytes) {
                digest = (digest ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        Bytes::copy_from_slice(&digest.to_be_bytes())
    }
}
