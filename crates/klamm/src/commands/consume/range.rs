//! What is read of each partition: from one offset up to another.

use super::position::Position;
use crate::commands::offsets::{offsets, select};
use crate::connect::{Session, explain};
use crate::failure::Failure;
use klamm_client::{Consumer, OffsetSpec, Topic};
use std::sync::Arc;

/// A part of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) partition: i32,
    /// The first offset to read.
    pub(crate) from: i64,
    /// The first offset not to read; `None` goes on for ever.
    pub(crate) until: Option<i64>,
}

impl Range {
    /// Offsets in it, if it ends.
    pub(crate) fn len(&self) -> Option<u64> {
        self.until
            .map(|until| u64::try_from(until.saturating_sub(self.from)).unwrap_or(0))
    }

    pub(crate) fn contains(&self, offset: i64) -> bool {
        offset >= self.from && self.until.is_none_or(|until| offset < until)
    }
}

/// Finds the offsets behind two places in a topic's partitions; all of them if none are named.
pub(crate) async fn find(
    session: &Session,
    topic: &str,
    partitions: &[i32],
    from: Position,
    until: Option<Position>,
) -> Result<Vec<Range>, Failure> {
    let topic = session.topic(topic).await?;
    let partitions = select(&topic, partitions)?;
    let starts = resolve(session, &topic, &partitions, from).await?;
    let ends = match until {
        Some(until) => Some(resolve(session, &topic, &partitions, until).await?),
        None => None,
    };
    let ranges = partitions.iter().enumerate().map(|(i, partition)| Range {
        partition: *partition,
        from: starts.get(i).copied().unwrap_or_default(),
        until: ends
            .as_ref()
            .map(|ends| ends.get(i).copied().unwrap_or_default()),
    });
    Ok(ranges.collect())
}

/// The offset of a place in each partition.
async fn resolve(
    session: &Session,
    topic: &Topic,
    partitions: &[i32],
    place: Position,
) -> Result<Vec<i64>, Failure> {
    let list = async |spec| {
        let found = offsets(session, topic, partitions, spec).await?;
        Ok::<_, Failure>(
            found
                .into_iter()
                .map(|found| found.offset)
                .collect::<Vec<_>>(),
        )
    };
    let earliest = async || list(OffsetSpec::Earliest).await;
    let latest = async || list(OffsetSpec::Latest).await;
    let found: Vec<Option<i64>> = match place {
        Position::Beginning => earliest().await?,
        Position::End => latest().await?,
        // An offset before the first record that is there would be out of range.
        Position::Offset(offset) => earliest()
            .await?
            .into_iter()
            .map(|start| start.map(|start| offset.max(start)))
            .collect(),
        Position::BeforeEnd(count) => {
            let pairs = earliest().await?.into_iter().zip(latest().await?);
            let back = |(start, end): (Option<i64>, Option<i64>)| {
                Some(end?.saturating_sub(count).max(start?))
            };
            pairs.map(back).collect()
        }
        // No record is that young: what comes begins at the end.
        Position::Time(ms) => {
            let pairs = list(OffsetSpec::Timestamp(ms))
                .await?
                .into_iter()
                .zip(latest().await?);
            pairs.map(|(at, end)| at.or(end)).collect()
        }
    };
    Ok(found.into_iter().map(Option::unwrap_or_default).collect())
}

/// Lets a consumer read exactly these ranges, from their first offset.
pub(crate) fn assign(
    consumer: &mut Consumer,
    topic: &str,
    ranges: &[Range],
) -> Result<(), Failure> {
    let name: Arc<str> = topic.into();
    consumer.assign(
        ranges
            .iter()
            .map(|range| (Arc::clone(&name), range.partition)),
    );
    for range in ranges {
        consumer
            .seek(topic, range.partition, range.from)
            .map_err(explain)?;
    }
    Ok(())
}

/// Takes ranges out that were read to their end.
pub(crate) async fn drop_finished(
    consumer: &mut Consumer,
    topic: &str,
    ranges: &mut Vec<Range>,
) -> Result<(), Failure> {
    let mut open = Vec::with_capacity(ranges.len());
    for range in ranges.drain(..) {
        let Some(until) = range.until else {
            open.push(range);
            continue;
        };
        // Not the last record's offset: compaction and markers of transactions leave holes.
        let position = match range.from >= until {
            true => range.from,
            false => consumer
                .position(topic, range.partition)
                .await
                .map_err(explain)?,
        };
        if position < until {
            open.push(range);
        } else {
            consumer.pause(topic, range.partition).map_err(explain)?;
        }
    }
    *ranges = open;
    Ok(())
}
