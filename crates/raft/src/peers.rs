//! Which requests are under way: at most one to a peer, each with a time limit, failures backed off.

use klamm_model::NodeId;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    peers: BTreeMap<NodeId, Peer>,
    last_correlation: u64,
}

#[derive(Debug, Clone, Copy)]
struct Peer {
    /// Correlation and time limit of the request under way.
    waiting: Option<(u64, i64)>,
    /// Nothing is sent before.
    retry_at: i64,
}

impl Peers {
    /// Whether a request may go out now.
    pub(crate) fn is_ready(&self, id: NodeId, now_ms: i64) -> bool {
        self.peers
            .get(&id)
            .is_none_or(|peer| peer.waiting.is_none() && peer.retry_at <= now_ms)
    }

    /// Notes a request; returns its correlation.
    pub(crate) fn sent(&mut self, id: NodeId, deadline_ms: i64) -> u64 {
        self.last_correlation += 1;
        let waiting = Some((self.last_correlation, deadline_ms));
        self.peers.insert(id, Peer { waiting, retry_at: i64::MIN });
        self.last_correlation
    }

    /// Notes an answer; false if it answers nothing that is awaited.
    pub(crate) fn answered(&mut self, id: NodeId, correlation: u64) -> bool {
        match self.peers.get_mut(&id) {
            Some(peer)
                if peer
                    .waiting
                    .is_some_and(|(waiting, _)| waiting == correlation) =>
            {
                peer.waiting = None;
                true
            }
            _ => false,
        }
    }

    /// Sends nothing to a peer before a time.
    pub(crate) fn pause(&mut self, id: NodeId, until_ms: i64) {
        let peer = self
            .peers
            .entry(id)
            .or_insert(Peer { waiting: None, retry_at: i64::MIN });
        peer.retry_at = until_ms;
    }

    /// Gives up on requests that took too long.
    pub(crate) fn expire(&mut self, now_ms: i64, backoff_ms: i64) {
        for peer in self.peers.values_mut() {
            if peer.waiting.is_some_and(|(_, deadline)| deadline <= now_ms) {
                *peer = Peer { waiting: None, retry_at: now_ms.saturating_add(backoff_ms) };
            }
        }
    }

    /// Forgets everything under way: the role has changed, old answers mean nothing any more.
    pub(crate) fn reset(&mut self) {
        self.peers.clear();
    }

    /// When something is to be done about a peer.
    pub(crate) fn deadline(&self, id: NodeId) -> i64 {
        self.peers.get(&id).map_or(i64::MIN, |peer| {
            peer.waiting.map_or(peer.retry_at, |(_, deadline)| deadline)
        })
    }
}
