//! How far a group is behind, in records and in time.

use crate::connect::{Session, explain};
use crate::failure::Failure;
use klamm_client::{
    Consumer, ConsumerConfig, GroupOffset, IsolationLevel, OffsetSpec, PartitionKey,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// One partition of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// Where the group goes on, if it committed.
    pub(super) committed: Option<i64>,
    /// The log's first offset.
    pub(super) start: Option<i64>,
    /// The log's end.
    pub(super) end: Option<i64>,
    /// When the first record that the group has not read was written; `None` if there is none, or nobody knows.
    pub(super) unread_since_ms: Option<i64>,
}

impl Progress {
    /// Records between the two.
    pub(super) fn lag(&self) -> Option<i64> {
        let committed = self.committed?;
        Some(self.end?.saturating_sub(committed.max(self.start?)).max(0))
    }

    /// How long the first unread record has been waiting; 0 if all is read.
    pub(super) fn lag_ms(&self, now_ms: i64) -> Option<i64> {
        match self.lag()? {
            0 => Some(0),
            _ => Some(now_ms.saturating_sub(self.unread_since_ms?).max(0)),
        }
    }
}

/// How long to look for the first unread records.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// Looks at each partition. Those of topics that are gone have no ends.
pub(super) async fn progress(
    session: &Session,
    keys: &BTreeSet<PartitionKey>,
    committed: &BTreeMap<PartitionKey, GroupOffset>,
) -> Result<BTreeMap<PartitionKey, Progress>, Failure> {
    let existing = existing(session, keys).await?;
    let starts = ends(session, &existing, OffsetSpec::Earliest).await?;
    let ends = ends(session, &existing, OffsetSpec::Latest).await?;
    let mut progress: BTreeMap<PartitionKey, Progress> = BTreeMap::new();
    for key in keys {
        let committed = committed.get(key).map(|offset| offset.offset);
        let (start, end) = (starts.get(key).copied(), ends.get(key).copied());
        let one = Progress { committed, start, end, unread_since_ms: None };
        progress.insert(key.clone(), one);
    }
    let times = first_unread(session, &progress).await?;
    for (key, time) in times {
        if let Some(one) = progress.get_mut(&key) {
            one.unread_since_ms = Some(time).filter(|time| *time >= 0);
        }
    }
    Ok(progress)
}

/// Those whose topics are there.
pub(super) async fn existing(
    session: &Session,
    keys: &BTreeSet<PartitionKey>,
) -> Result<BTreeSet<PartitionKey>, Failure> {
    let topics = session.admin.list_topics().await.map_err(explain)?;
    let counts: BTreeMap<&str, usize> = topics
        .iter()
        .map(|topic| (topic.name.as_str(), topic.partitions))
        .collect();
    let is_there = |key: &&PartitionKey| {
        let count = counts.get(key.0.as_ref()).copied().unwrap_or(0);
        usize::try_from(key.1).is_ok_and(|partition| partition < count)
    };
    Ok(keys.iter().filter(is_there).cloned().collect())
}

/// One offset of each partition that has a leader.
pub(super) async fn ends(
    session: &Session,
    keys: &BTreeSet<PartitionKey>,
    spec: OffsetSpec,
) -> Result<BTreeMap<PartitionKey, i64>, Failure> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted: Vec<_> = keys.iter().map(|key| (key.clone(), spec)).collect();
    let found = session
        .client
        .list_offsets(&wanted, IsolationLevel::ReadUncommitted)
        .await;
    let known = found.map_err(explain)?.into_iter();
    Ok(known
        .filter_map(|(key, found)| Some((key, found.ok()?.offset?)))
        .collect())
}

/// The timestamp of the first record that is not read, of each partition that has one.
async fn first_unread(
    session: &Session,
    progress: &BTreeMap<PartitionKey, Progress>,
) -> Result<BTreeMap<PartitionKey, i64>, Failure> {
    let behind = progress
        .iter()
        .filter(|(_, one)| one.lag().is_some_and(|lag| lag > 0));
    let places: BTreeMap<&PartitionKey, i64> = behind
        .filter_map(|(key, one)| Some((key, one.committed?.max(one.start?))))
        .collect();
    let mut times = BTreeMap::new();
    if places.is_empty() {
        return Ok(times);
    }
    // A fetch brings one batch of each partition, however small its limit; one record of it is enough.
    let config = ConsumerConfig {
        partition_fetch_bytes_max: 1,
        poll_records_max: 1,
        ..ConsumerConfig::default()
    };
    let mut consumer = Consumer::new(&session.client, config);
    consumer.assign(places.keys().map(|key| (*key).clone()));
    for ((topic, partition), offset) in &places {
        consumer.seek(topic, *partition, *offset).map_err(explain)?;
    }
    let deadline = Instant::now() + LOOK_MAX;
    while times.len() < places.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        // A partition that cannot be read now leaves its time unknown.
        let Ok(records) = consumer.poll(left).await else {
            break;
        };
        if records.is_empty() {
            break;
        }
        for record in records {
            consumer
                .pause(&record.topic, record.partition)
                .map_err(explain)?;
            times
                .entry((record.topic, record.partition))
                .or_insert(record.timestamp_ms);
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_from_what_is_still_there() {
        let one = |committed, start, end| Progress {
            committed,
            start: Some(start),
            end: Some(end),
            unread_since_ms: Some(5_000),
        };
        assert_eq!(one(Some(3), 0, 10).lag(), Some(7));
        assert_eq!(one(Some(3), 8, 10).lag(), Some(2));
        assert_eq!(one(Some(12), 8, 10).lag(), Some(0));
        assert_eq!(one(None, 8, 10).lag(), None);
        assert_eq!(one(Some(3), 0, 10).lag_ms(6_500), Some(1_500));
        assert_eq!(one(Some(10), 0, 10).lag_ms(6_500), Some(0));
    }
}
