//! What the group changes, carried out by whoever polls.

use super::{ClientError, GroupConsumer, PartitionKey};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;
use tracing::warn;

/// What the membership task wants to happen.
#[derive(Debug)]
pub(super) enum Change {
    /// Give these away, in order.
    Revoke {
        partitions: BTreeSet<PartitionKey>,
        done: oneshot::Sender<()>,
    },
    /// These are gone.
    Lose {
        partitions: BTreeSet<PartitionKey>,
        done: oneshot::Sender<()>,
    },
    /// Read exactly these.
    Assign {
        partitions: BTreeSet<PartitionKey>,
        done: oneshot::Sender<()>,
    },
    /// The membership cannot go on.
    Fail(ClientError),
}

impl GroupConsumer {
    /// Carries out the pending change. It stays pending if this is dropped half way.
    pub(super) async fn carry_out(&mut self) -> Result<(), ClientError> {
        match &self.pending {
            None => return Ok(()),
            Some(Change::Revoke { partitions, .. }) => {
                let partitions = partitions.clone();
                self.give_away(&partitions).await;
            }
            Some(Change::Lose { partitions, .. }) => {
                let partitions = self.held(partitions);
                self.remove(&partitions);
                if let Some(listener) = self.listener.as_mut().filter(|_| !partitions.is_empty()) {
                    listener.lost(&partitions);
                }
            }
            Some(Change::Assign { partitions, .. }) => {
                let partitions = partitions.clone();
                self.take_up(&partitions).await?;
            }
            Some(Change::Fail(_)) => {}
        }
        match self.pending.take() {
            Some(Change::Fail(error)) => Err(error),
            Some(
                Change::Revoke { done, .. }
                | Change::Lose { done, .. }
                | Change::Assign { done, .. },
            ) => {
                // The task may have ended.
                let _ = done.send(());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Commits what was read of these, and stops reading them.
    async fn give_away(&mut self, partitions: &BTreeSet<PartitionKey>) {
        let held = self.held(partitions);
        if held.is_empty() {
            return;
        }
        // Begun once, and goes on while polls come and go: a short poll must not begin it anew each time.
        if self.committing.is_none() {
            let mut offsets = BTreeMap::new();
            if self.config.enable_auto_commit {
                let positions = self.positions().into_iter();
                offsets.extend(positions.filter(|(key, _)| held.contains(key)));
            }
            if let Some(listener) = &mut self.listener {
                offsets.extend(listener.revoked(&held));
            }
            self.committing = Some(self.commits.begin_commit(offsets));
        }
        let committed = match &mut self.committing {
            Some(committing) => committing.await.unwrap_or(Err(ClientError::Closed)),
            None => Ok(()),
        };
        self.committing = None;
        if let Err(error) = committed {
            warn!(group = %self.config.group_id, %error, "what was read of partitions that go is not committed");
        }
        self.remove(&held);
    }

    /// The same with all partitions, when the consumer closes.
    pub(super) async fn give_all_away(&mut self) -> Result<(), ClientError> {
        let all: BTreeSet<PartitionKey> = self.consumer.assignment().cloned().collect();
        let mut offsets = if self.config.enable_auto_commit {
            self.positions()
        } else {
            Default::default()
        };
        if let Some(listener) = self.listener.as_mut().filter(|_| !all.is_empty()) {
            let held: Vec<PartitionKey> = all.iter().cloned().collect();
            offsets.extend(listener.revoked(&held));
        }
        let committed = self.commits.commit(&offsets).await;
        self.consumer.assign([]);
        committed
    }

    /// Reads exactly these; new ones from where the group has come.
    async fn take_up(&mut self, partitions: &BTreeSet<PartitionKey>) -> Result<(), ClientError> {
        let current: BTreeSet<PartitionKey> = self.consumer.assignment().cloned().collect();
        let added: Vec<PartitionKey> = partitions.difference(&current).cloned().collect();
        let fetching = match &mut self.fetching {
            Some(fetching) => fetching,
            none => none.insert(self.commits.begin_fetch(added.clone())),
        };
        let fetched = fetching.await.unwrap_or(Err(ClientError::Closed));
        self.fetching = None;
        let committed = fetched?;
        self.consumer.assign(partitions.iter().cloned());
        for (key, offset) in &committed {
            self.consumer
                .seek_behind(key, offset.offset, offset.leader_epoch)?;
        }
        if let Some(listener) = self.listener.as_mut().filter(|_| !added.is_empty()) {
            listener.assigned(&added);
        }
        Ok(())
    }

    /// Those that are read.
    fn held(&self, partitions: &BTreeSet<PartitionKey>) -> Vec<PartitionKey> {
        self.consumer
            .assignment()
            .filter(|key| partitions.contains(*key))
            .cloned()
            .collect()
    }

    fn remove(&mut self, gone: &[PartitionKey]) {
        let left: Vec<PartitionKey> = self
            .consumer
            .assignment()
            .filter(|key| !gone.contains(key))
            .cloned()
            .collect();
        self.consumer.assign(left);
    }
}
