//! What DescribeQuorum tells.

use super::{Quorum, Role};
use crate::message::ReplicaKey;
use klamm_model::{LeaderEpoch, NodeId, Offset};

/// The quorum as its leader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumInfo {
    /// The leader: the node that tells.
    pub leader: NodeId,
    /// Its epoch.
    pub epoch: LeaderEpoch,
    /// What is committed; `None` before the first commit of the epoch.
    pub high_watermark: Option<Offset>,
    /// The voters, the leader included, by node id.
    pub voters: Vec<ReplicaInfo>,
    /// Others that fetch.
    pub observers: Vec<ReplicaInfo>,
}

/// What the leader knows of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaInfo {
    /// Node and directory.
    pub key: ReplicaKey,
    /// Where its log ends; -1 if unknown.
    pub end_offset: Offset,
    /// When it fetched last, in milliseconds of the caller's clock; -1 if never.
    pub fetched_ms: i64,
    /// When it last held all that the leader had; -1 if never.
    pub caught_up_ms: i64,
}

impl Quorum {
    /// Voters and observers; `None` if this node does not lead.
    #[must_use]
    pub fn describe(&self, now_ms: i64) -> Option<QuorumInfo> {
        let Role::Leader(leading) = &self.role else {
            return None;
        };
        let voters = self
            .voters()
            .iter()
            .map(|voter| match leading.progress(voter.key) {
                _ if voter.key.is_same(self.local) => ReplicaInfo {
                    key: self.local,
                    end_offset: self.log.end,
                    fetched_ms: now_ms,
                    caught_up_ms: now_ms,
                },
                Some(progress) => ReplicaInfo {
                    key: voter.key,
                    end_offset: progress.end,
                    fetched_ms: progress.fetched_ms,
                    caught_up_ms: progress.caught_up_ms,
                },
                None => ReplicaInfo {
                    key: voter.key,
                    end_offset: Offset(-1),
                    fetched_ms: -1,
                    caught_up_ms: -1,
                },
            });
        let observers = leading
            .replicas
            .iter()
            .filter(|(key, _)| !self.voters().contains(**key));
        let observers = observers.map(|(key, progress)| ReplicaInfo {
            key: *key,
            end_offset: progress.end,
            fetched_ms: progress.fetched_ms,
            caught_up_ms: progress.caught_up_ms,
        });
        Some(QuorumInfo {
            leader: self.local.id,
            epoch: self.epoch,
            high_watermark: leading.ready.then_some(self.high_watermark),
            voters: voters.collect(),
            observers: observers.collect(),
        })
    }
}
