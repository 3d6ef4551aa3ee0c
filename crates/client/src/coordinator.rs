//! Who coordinates a group or a transactional id, and requests to that broker.

use crate::client::{Client, Target};
use crate::error::ClientError;
use klamm_wire::messages::find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
use klamm_wire::{ErrorCode, Request};
use parking_lot::Mutex;
use std::time::Duration;

/// What is coordinated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoordinatorKind {
    Group,
    Transaction,
}

/// The coordinator of one group or transactional id. Found when it is needed, and again when it has moved.
#[derive(Debug)]
pub(crate) struct Coordinator {
    client: Client,
    kind: CoordinatorKind,
    key: String,
    node: Mutex<Option<i32>>,
}

/// The first version that asks for several keys at once.
const BATCHED_VERSION: i16 = 4;

impl Coordinator {
    pub(crate) const fn new(client: Client, kind: CoordinatorKind, key: String) -> Self {
        Self { client, kind, key, node: Mutex::new(None) }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The broker, as it was found last or is found now.
    pub(crate) async fn node(&self) -> Result<i32, ClientError> {
        if let Some(node) = *self.node.lock() {
            return Ok(node);
        }
        let node = self.find().await?;
        *self.node.lock() = Some(node);
        Ok(node)
    }

    async fn find(&self) -> Result<i32, ClientError> {
        let connection = self.client.connection(Target::Any).await?;
        let version = connection.versions().highest::<FindCoordinatorRequest>()?;
        let mut request = FindCoordinatorRequest {
            key_type: match self.kind {
                CoordinatorKind::Group => 0,
                CoordinatorKind::Transaction => 1,
            },
            ..Default::default()
        };
        if version >= BATCHED_VERSION {
            request.coordinator_keys = vec![self.key.as_str().into()];
        } else {
            request.key = self.key.as_str().into();
        }
        let answer: FindCoordinatorResponse = connection.send(&request, version)?.wait().await?;
        let node = if version >= BATCHED_VERSION {
            let Some(found) = answer.coordinators.first() else {
                return Err(ClientError::BadAnswer(
                    "no word of the coordinator".to_owned(),
                ));
            };
            ClientError::check_with(found.error_code, found.error_message.as_deref())?;
            found.node_id
        } else {
            ClientError::check_with(answer.error_code, answer.error_message.as_deref())?;
            answer.node_id
        };
        if !self.client.known_cluster().brokers.contains_key(&node) {
            self.client.refresh(&[]).await?;
        }
        Ok(node)
    }

    /// The broker is not the coordinator, or cannot be reached.
    pub(crate) fn forget(&self) {
        *self.node.lock() = None;
    }

    /// Forgets the broker if the error says that it is the wrong one.
    pub(crate) fn learn(&self, error: &ClientError) {
        const ELSEWHERE: [ErrorCode; 2] = [
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ];
        let is_lost = matches!(error, ClientError::Disconnected { .. });
        if is_lost || error.code().is_some_and(|code| ELSEWHERE.contains(&code)) {
            self.forget();
        }
    }

    /// Sends a request once, in the highest version up to `ceiling` that both sides speak. `late`: how much later than
    /// others it may be answered.
    pub(crate) async fn ask<R: Request>(
        &self,
        request: &R,
        ceiling: i16,
        late: Duration,
    ) -> Result<R::Response, ClientError> {
        let result = async {
            let node = self.node().await?;
            let connection = self.client.connection(Target::Node(node)).await?;
            let version = connection.versions().highest_below::<R>(ceiling)?;
            let timeout = self.client.config().request_timeout + late;
            connection
                .send_within(request, version, timeout)?
                .wait()
                .await
        };
        let result = result.await;
        if let Err(error) = &result {
            self.learn(error);
        }
        result
    }

    /// Sends a request, and again on errors that pass, until `timeout`. `check` finds the error of the answer.
    pub(crate) async fn call<R: Request>(
        &self,
        what: &'static str,
        timeout: Duration,
        request: &R,
        ceiling: i16,
        check: impl Fn(&R::Response) -> Result<(), ClientError>,
    ) -> Result<R::Response, ClientError> {
        let check = &check;
        let attempt = || async move {
            let answer = self.ask(request, ceiling, Duration::ZERO).await?;
            let checked = check(&answer);
            if let Err(error) = &checked {
                self.learn(error);
            }
            checked.map(|()| answer)
        };
        self.client.retrying(what, timeout, attempt).await
    }
}
