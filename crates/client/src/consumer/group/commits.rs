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
        let ask = |member_id: String, epoch| async move {
            let is_member = self.shared.is_modern() && epoch != NO_GENERATION;
            let query = OffsetQuery {
                group_id: &self.group_id,
                member: is_member.then_some((member_id.as_str(), epoch)),
                partitions: Some(partitions),
                stable: true,
            };
            query.ask(&self.coordinator).await
        };
        as_member(&self.shared, ask).await
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

/// Asks in the name of the member, and once more if it was asked under an epoch that has passed meanwhile.
async fn as_member<T, A>(shared: &Shared, ask: impl Fn(String, i32) -> A) -> Result<T, ClientError>
where
    A: Future<Output = Result<T, ClientError>>,
{
    loop {
        let (member_id, epoch) = shared.identity();
        match ask(member_id.clone(), epoch).await {
            Err(error) if is_behind(&error) && shared.identity() != (member_id, epoch) => {}
            result => return result,
        }
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

#[cfg(test)]
mod tests {
    use super::{ClientError, ErrorCode, Shared, as_member};
    use std::sync::Mutex;

    /// What a member is answered, and who it is from then on.
    type Script = Vec<(Result<i64, ErrorCode>, (&'static str, i32))>;

    /// Asks as `a` in epoch 1. Gives the answer, and as whom was asked.
    async fn ask(script: Script) -> (Result<i64, Option<ErrorCode>>, Vec<(String, i32)>) {
        let shared = Shared::new();
        shared.set_identity("a", 1);
        let (script, asked) = (Mutex::new(script.into_iter()), Mutex::new(Vec::new()));
        let answer = as_member(&shared, |member_id, epoch| {
            asked.lock().unwrap().push((member_id, epoch));
            let (answer, (member_id, epoch)) = script.lock().unwrap().next().unwrap();
            // The membership's task hears of a new epoch while the request is on its way.
            shared.set_identity(member_id, epoch);
            let server = |code| ClientError::Server { code, message: None };
            async move { answer.map_err(server) }
        });
        let answer = answer.await.map_err(|error| error.code());
        assert_eq!(script.into_inner().unwrap().len(), 0, "all was asked");
        (answer, asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_look_under_an_epoch_that_has_passed_is_repeated_under_the_next() {
        for code in [
            ErrorCode::STALE_MEMBER_EPOCH,
            ErrorCode::ILLEGAL_GENERATION,
            ErrorCode::UNKNOWN_MEMBER_ID,
        ] {
            let script = vec![
                (Err(code), ("a", 2)),
                (Err(code), ("b", 2)),
                (Ok(7), ("b", 2)),
            ];
            let (answer, asked) = ask(script).await;
            assert_eq!(answer, Ok(7));
            assert_eq!(asked, [("a".into(), 1), ("a".into(), 2), ("b".into(), 2)]);
        }
    }

    #[tokio::test]
    async fn a_look_that_is_refused_to_the_member_as_it_is_fails() {
        let stale = ErrorCode::STALE_MEMBER_EPOCH;
        let (answer, asked) = ask(vec![(Err(stale), ("a", 1))]).await;
        assert_eq!((answer, asked.len()), (Err(Some(stale)), 1));
    }

    #[tokio::test]
    async fn another_error_is_no_reason_to_repeat_a_look() {
        let denied = ErrorCode::GROUP_AUTHORIZATION_FAILED;
        let (answer, asked) = ask(vec![(Err(denied), ("a", 2))]).await;
        assert_eq!((answer, asked.len()), (Err(Some(denied)), 1));
    }
}
