//! Commits and fetches of a consumer's offsets, in the name of its membership.

use super::member::{NO_GENERATION, Shared};
use crate::client::Client;
use crate::config::GroupConfig;
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use crate::group_offsets::{
    GroupOffset, LAST_VERSION_BY_NAME, OffsetQuery, check_commit, commit_topics,
};
use crate::offsets::PartitionKey;
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_commit::OffsetCommitRequest;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::warn;

/// Commits and fetches of one group.
#[derive(Debug)]
pub(super) struct Commits {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    coordinator: Coordinator,
    group_id: String,
    instance_id: Option<String>,
    shared: Arc<Shared>,
}

impl Commits {
    pub(super) fn new(client: &Client, config: &GroupConfig, shared: Arc<Shared>) -> Self {
        let group_id = config.group_id.clone();
        let kind = CoordinatorKind::Group;
        let coordinator = Coordinator::new(client.clone(), kind, group_id.clone());
        let instance_id = config.instance_id.clone();
        Self {
            inner: Arc::new(Inner { coordinator, group_id, instance_id, shared }),
        }
    }

    /// How long a commit or a fetch may take, retries included.
    pub(super) fn timeout(&self) -> Duration {
        self.inner.coordinator.client().config().api_timeout
    }

    /// Commits, and waits.
    pub(super) async fn commit(
        &self,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
    ) -> Result<(), ClientError> {
        self.inner.commit(offsets).await
    }

    /// Commits in the background.
    pub(super) fn start(&self, offsets: BTreeMap<PartitionKey, GroupOffset>) {
        let inner = Arc::clone(&self.inner);
        self.inner.coordinator.client().host().tasks.spawn(Box::pin(async move {
            if let Err(error) = inner.commit(&offsets).await {
                warn!(group = %inner.group_id, %error, "a commit failed; the next one may mend it");
            }
        }));
    }

    /// Commits in the background, and tells when it is done.
    pub(super) fn begin_commit(
        &self,
        offsets: BTreeMap<PartitionKey, GroupOffset>,
    ) -> oneshot::Receiver<Result<(), ClientError>> {
        let inner = Arc::clone(&self.inner);
        self.begin(async move { inner.commit(&offsets).await })
    }

    /// Asks for committed offsets in the background, and tells what came.
    pub(super) fn begin_fetch(
        &self,
        partitions: Vec<PartitionKey>,
    ) -> oneshot::Receiver<Result<BTreeMap<PartitionKey, GroupOffset>, ClientError>> {
        let inner = Arc::clone(&self.inner);
        self.begin(async move { inner.fetch(&partitions).await })
    }

    fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.inner
            .coordinator
            .client()
            .host()
            .tasks
            .spawn(Box::pin(async move {
                // Whoever waited may be gone.
                let _ = sender.send(work.await);
            }));
        receiver
    }

    /// Asks for committed offsets.
    pub(super) async fn fetch(
        &self,
        partitions: &[PartitionKey],
    ) -> Result<BTreeMap<PartitionKey, GroupOffset>, ClientError> {
        self.inner.fetch(partitions).await
    }
}

impl Inner {
    /// Waits while transactions decide over the offsets.
    async fn fetch(
        &self,
        partitions: &[PartitionKey],
    ) -> Result<BTreeMap<PartitionKey, GroupOffset>, ClientError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        loop {
            let (member_id, epoch) = self.shared.identity();
            let is_member = self.shared.is_modern() && epoch != NO_GENERATION;
            let query = OffsetQuery {
                group_id: &self.group_id,
                member: is_member.then_some((member_id.as_str(), epoch)),
                partitions: Some(partitions),
                stable: true,
            };
            match query.ask(&self.coordinator).await {
                // Asked under an epoch that has passed meanwhile.
                Err(error) if is_behind(&error) && self.shared.identity() != (member_id, epoch) => {
                }
                result => return result,
            }
        }
    }

    async fn commit(
        &self,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
    ) -> Result<(), ClientError> {
        if offsets.is_empty() {
            return Ok(());
        }
        let client = self.coordinator.client();
        let attempt = || async {
            // Read anew each time: where the coordinator assigns, the epoch may have risen since.
            let (member_id, generation) = self.shared.identity();
            let is_member = generation != NO_GENERATION;
            let request = OffsetCommitRequest {
                group_id: self.group_id.as_str().into(),
                generation_id_or_member_epoch: generation,
                member_id: member_id.as_str().into(),
                group_instance_id: self
                    .instance_id
                    .as_deref()
                    .filter(|_| is_member)
                    .map(Into::into),
                retention_time_ms: -1,
                topics: commit_topics(offsets),
            };
            let answer = self
                .coordinator
                .ask(&request, LAST_VERSION_BY_NAME, Duration::ZERO)
                .await?;
            let Err(error) = check_commit(&answer) else {
                return Ok(());
            };
            self.coordinator.learn(&error);
            let is_stale = error.code() == Some(ErrorCode::STALE_MEMBER_EPOCH);
            if is_stale && self.shared.identity() != (member_id, generation) {
                // To be repeated under the new epoch.
                let code = ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
                return Err(ClientError::Server { code, message: Some(error.to_string()) });
            }
            Err(error)
        };
        client
            .retrying("commit", client.config().api_timeout, attempt)
            .await
    }
}

/// The coordinator knows the member by another epoch, or not at all.
fn is_behind(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(
            ErrorCode::STALE_MEMBER_EPOCH
                | ErrorCode::ILLEGAL_GENERATION
                | ErrorCode::UNKNOWN_MEMBER_ID
        )
    )
}
