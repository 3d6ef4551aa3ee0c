//! Writes the markers that end a transaction into its partitions, for as long as it takes.
//!
//! Only the shard of a partition of `__consumer_offsets` writes there: it gets the marker as a request.

use super::{Groups, LogTopic};
use crate::partitions::{Marker, Partition, Registry};
use crate::quorum::QuorumHandle;
use crate::request::error_code;
use crate::upkeep::DirtyBudget;
use klamm_codec::Str;
use klamm_host::Host;
use klamm_wire::ErrorCode;
use std::sync::Arc;
use std::time::Duration;

/// Writes markers.
#[derive(Debug, Clone)]
pub(crate) struct MarkerWriter {
    host: Host,
    quorum: QuorumHandle,
    partitions: Arc<Registry>,
    groups: Arc<Groups>,
    dirty: Arc<DirtyBudget>,
}

/// A marker that must be on the disk before it counts as written.
struct Unsynced {
    partition: Arc<Partition>,
    end: i64,
}

/// A partition that can't be written to now is tried again after this long.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

impl MarkerWriter {
    pub(crate) fn new(
        host: &Host,
        quorum: &QuorumHandle,
        partitions: &Arc<Registry>,
        groups: &Arc<Groups>,
    ) -> Self {
        Self {
            host: host.clone(),
            quorum: quorum.clone(),
            partitions: Arc::clone(partitions),
            groups: Arc::clone(groups),
            dirty: partitions.dirty(),
        }
    }

    /// Writes a marker into all partitions; those that are gone need none. `false` if a partition has seen a newer
    /// producer or coordinator: then the marker's transaction is not this coordinator's to end.
    pub(super) async fn write_all(&self, marker: Marker, topics: &[(Str, Vec<i32>)]) -> bool {
        let all = topics.iter();
        let mut left: Vec<(&Str, i32)> = all
            .flat_map(|(topic, indexes)| indexes.iter().map(move |index| (topic, *index)))
            .collect();
        loop {
            let mut again = Vec::new();
            for (place, written) in self.write_each(marker, &left).await {
                match written {
                    Ok(()) => {}
                    Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) if self.is_gone(place) => {}
                    Err(
                        error @ (ErrorCode::INVALID_PRODUCER_EPOCH
                        | ErrorCode::TRANSACTION_COORDINATOR_FENCED),
                    ) => {
                        let (topic, partition) = place;
                        tracing::error!(%topic, partition, ?error, ?marker, "a marker is refused");
                        return false;
                    }
                    Err(error) => {
                        let (topic, partition) = place;
                        tracing::debug!(%topic, partition, ?error, "a marker is tried again");
                        again.push(place);
                    }
                }
            }
            if again.is_empty() {
                return true;
            }
            left = again;
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Tries each partition once. Syncs, where topics ask for them, run side by side.
    pub(crate) async fn write_each<'a>(
        &self,
        marker: Marker,
        places: &[(&'a Str, i32)],
    ) -> Vec<((&'a Str, i32), Result<(), ErrorCode>)> {
        let mut written = Vec::with_capacity(places.len());
        for place @ (topic, index) in places {
            let result = if **topic == *LogTopic::OFFSETS {
                let ended = self.groups.end_transaction(*index, marker).await;
                ended.map(|()| None)
            } else {
                self.write(marker, topic, *index)
            };
            written.push((*place, result));
        }
        let mut results = Vec::with_capacity(places.len());
        for (place, written) in written {
            let result = match written {
                Ok(None) => Ok(()),
                Ok(Some(Unsynced { partition, end })) => {
                    let synced = partition.wait_until_synced(end).await;
                    synced.map_err(|failure| failure.error)
                }
                Err(error) => Err(error),
            };
            results.push((place, result));
        }
        self.dirty.wait_for_room().await;
        results
    }

    fn write(
        &self,
        marker: Marker,
        topic: &str,
        index: i32,
    ) -> Result<Option<Unsynced>, ErrorCode> {
        let found = self.partitions.find_by_name(topic, index);
        let partition = found.map_err(error_code::of_find)?;
        let appended = partition.append_marker(marker, self.host.clock.now_ms());
        let appended = appended.map_err(|failure| failure.error)?;
        Ok(appended
            .sync_before_ack
            .map(|end| Unsynced { partition, end }))
    }

    fn is_gone(&self, (topic, index): (&Str, i32)) -> bool {
        let image = self.quorum.image();
        let topic = image.topics().named(topic);
        topic.is_none_or(|topic| topic.partitions.get(index).is_none())
    }
}
