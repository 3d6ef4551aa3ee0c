//! How a sent record's fate reaches the one who sent it.

use crate::error::ClientError;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// Where a record went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset, or `None` if the broker did not say: with `acks=0`, or for a duplicate of long ago.
    pub offset: Option<i64>,
    /// Milliseconds since the Unix epoch: the record's, or the broker's if it stamps.
    pub timestamp_ms: i64,
}

/// A record on its way. `.await` gives where it went; dropping this does not stop it.
#[derive(Debug)]
pub struct Delivery {
    pub(super) tracker: Tracker,
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    /// The record's place in its batch.
    pub(super) index: i32,
    pub(super) timestamp_ms: i64,
}

/// What became of a batch.
pub(super) type Outcome = Result<Acknowledged, ClientError>;

/// A broker's word on a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) base_offset: Option<i64>,
    pub(super) append_time_ms: Option<i64>,
}

/// One batch's fate, shared by all its records.
#[derive(Debug, Clone)]
pub(super) struct Tracker {
    outcome: Arc<watch::Sender<Option<Outcome>>>,
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self { outcome: Arc::new(watch::Sender::new(None)) }
    }

    /// Tells everybody. The first word counts.
    pub(super) fn finish(&self, outcome: Outcome) {
        self.outcome.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(outcome);
            is_first
        });
    }

    pub(super) async fn wait(&self) -> Outcome {
        let mut receiver = self.outcome.subscribe();
        let outcome = receiver.wait_for(Option::is_some).await;
        outcome
            .ok()
            .and_then(|outcome| outcome.clone())
            .unwrap_or(Err(ClientError::Closed))
    }
}

impl Delivery {
    /// The partition that the record goes to.
    #[must_use]
    pub const fn partition(&self) -> i32 {
        self.partition
    }

    /// Waits until the record's fate is known.
    ///
    /// # Errors
    /// The broker refused it for good, or `delivery.timeout.ms` is over.
    pub async fn wait(self) -> Result<Delivered, ClientError> {
        let acknowledged = self.tracker.wait().await?;
        Ok(Delivered {
            topic: self.topic,
            partition: self.partition,
            offset: acknowledged
                .base_offset
                .map(|base| base + i64::from(self.index)),
            timestamp_ms: acknowledged.append_time_ms.unwrap_or(self.timestamp_ms),
        })
    }
}

impl IntoFuture for Delivery {
    type Output = Result<Delivered, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}
