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

/// What the tracker of a batch knows.
#[derive(Debug, Clone)]
enum Fate {
    Known(Outcome),
    /// The batch was too large and became two: the first records, up to `at`, and the others.
    Split {
        at: i32,
        first: Tracker,
        second: Tracker,
    },
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
    fate: Arc<watch::Sender<Option<Fate>>>,
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self { fate: Arc::new(watch::Sender::new(None)) }
    }

    /// Tells everybody. The first word counts.
    pub(super) fn finish(&self, outcome: Outcome) {
        self.decide(Fate::Known(outcome));
    }

    /// The records from `at` on are in another batch now.
    pub(super) fn split(&self, at: i32, first: Self, second: Self) {
        self.decide(Fate::Split { at, first, second });
    }

    fn decide(&self, fate: Fate) {
        self.fate.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert(fate);
            is_first
        });
    }

    /// Waits until the fate of all records is known.
    pub(super) async fn wait(&self) {
        let mut left = vec![self.clone()];
        while let Some(tracker) = left.pop() {
            if let Fate::Split { first, second, .. } = tracker.fate().await {
                left.extend([first, second]);
            }
        }
    }

    /// Waits for the fate of the batch that holds a record now, and gives the record's place there.
    async fn wait_for(&self, mut index: i32) -> (Outcome, i32) {
        let mut tracker = self.clone();
        loop {
            match tracker.fate().await {
                Fate::Known(outcome) => return (outcome, index),
                Fate::Split { at, first, .. } if index < at => tracker = first,
                Fate::Split { at, second, .. } => {
                    index -= at;
                    tracker = second;
                }
            }
        }
    }

    async fn fate(&self) -> Fate {
        let mut receiver = self.fate.subscribe();
        let fate = receiver.wait_for(Option::is_some).await;
        fate.ok()
            .and_then(|fate| fate.clone())
            .unwrap_or(Fate::Known(Err(ClientError::Closed)))
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
        let (outcome, index) = self.tracker.wait_for(self.index).await;
        let acknowledged = outcome?;
        Ok(Delivered {
            topic: self.topic,
            partition: self.partition,
            offset: acknowledged.base_offset.map(|base| base + i64::from(index)),
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
