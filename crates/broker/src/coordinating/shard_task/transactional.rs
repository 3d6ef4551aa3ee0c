//! What transactions write into a coordinator's log: records of their own, which the log may refuse, and markers.
//!
//! Each is appended by itself, after what was decided before it, and becomes part of the state once it is written. So a
//! producer that is too late is refused alone, and leaves no trace.

use super::{Alone, ShardTask, Work, moment, monotonic_ms};
use crate::coordinating::shards::Kind;
use crate::partitions::{AppendFailure, Marker, Partition};
use klamm_coordinator::shard::{OpenTransaction, Output, Record, Shard};
use klamm_model::{LeaderEpoch, Offset, ProducerId};
use klamm_records::{BatchFields, EndTransaction};
use klamm_storage::VerificationGuard;
use klamm_wire::ErrorCode;
use std::sync::Arc;

impl<K: Kind> ShardTask<K> {
    /// Writes what is written by itself. The disk may have taken its time.
    pub(super) async fn write_alone(&mut self, alone: Alone<K::Shard>, work: &mut Work<K::Shard>) {
        match alone {
            Alone::Open { output, producer, guard } => {
                self.write_open(output, producer, guard, work).await;
            }
            Alone::Marker(marker, answer) => {
                // The one who asked may be gone.
                let _ = answer.send(self.write_marker(marker, work).await);
            }
        }
        self.now = moment(&*self.parts.host.clock);
    }

    /// Appends the records of a producer's transaction, and replies.
    async fn write_open(
        &mut self,
        output: Output<K::Shard>,
        producer: OpenTransaction,
        guard: Option<VerificationGuard>,
        work: &mut Work<K::Shard>,
    ) {
        self.finish(work).await;
        let written = if output.spoiled.is_some() {
            Err(ErrorCode::UNKNOWN_SERVER_ERROR)
        } else {
            self.append_open(&output.records, producer, guard).await
        };
        if let (Ok(()), Some(loaded)) = (written, &mut self.loaded) {
            for record in &output.records {
                if let Err(error) = loaded.shard.replay_open(producer.producer_id, record) {
                    tracing::error!(%error, key = ?record.key, "a record that was just made can't be read");
                }
            }
        }
        for (ticket, reply) in output.replies {
            if let Some(answer) = self.waiting.remove(&ticket) {
                // The one who asked may be gone.
                let _ = answer.send(written.map(|()| reply));
            }
        }
    }

    async fn append_open(
        &mut self,
        records: &[Record],
        producer: OpenTransaction,
        guard: Option<VerificationGuard>,
    ) -> Result<(), ErrorCode> {
        let Some(loaded) = &self.loaded else {
            return Err(ErrorCode::NOT_COORDINATOR);
        };
        if records.is_empty() {
            return Ok(());
        }
        if producer.producer_id < 0 || producer.producer_epoch < 0 {
            // A transaction is always somebody's.
            return Err(ErrorCode::UNKNOWN_SERVER_ERROR);
        }
        let (partition, epoch) = (Arc::clone(&loaded.partition), loaded.epoch);
        let now_ms = self.parts.host.clock.now_ms();
        let fields = BatchFields {
            base_offset: Offset(0),
            leader_epoch: LeaderEpoch(epoch),
            producer_id: ProducerId(producer.producer_id),
            producer_epoch: producer.producer_epoch,
            base_sequence: 0,
            transactional: true,
            ..BatchFields::default()
        };
        let batch = self.batch(records, &fields, now_ms)?;
        let appended = partition.append_coordinators(&batch, guard, now_ms);
        let appended = appended.map_err(|failure| code_of(&failure))?;
        self.synced(&partition, appended.sync_before_ack).await
    }

    /// Appends the marker that ends a producer's transaction in this log, and tells the shard.
    async fn write_marker(
        &mut self,
        marker: Marker,
        work: &mut Work<K::Shard>,
    ) -> Result<(), ErrorCode> {
        self.finish(work).await;
        let Some(loaded) = &self.loaded else {
            return Err(ErrorCode::NOT_COORDINATOR);
        };
        let partition = Arc::clone(&loaded.partition);
        let appended = partition.append_marker(marker, self.parts.host.clock.now_ms());
        let appended = appended.map_err(|failure| failure.error)?;
        self.synced(&partition, appended.sync_before_ack).await?;
        if let Some(loaded) = &mut self.loaded {
            let commits = marker.end.end == EndTransaction::Commit;
            loaded.shard.end_open(marker.producer_id, commits);
        }
        Ok(())
    }

    /// Waits for the disk, where the topic asks for it. If that fails, the log has what the state has not.
    async fn synced(
        &mut self,
        partition: &Arc<Partition>,
        end: Option<i64>,
    ) -> Result<(), ErrorCode> {
        let Some(end) = end else { return Ok(()) };
        let begun_ms = monotonic_ms(&*self.parts.host.clock);
        let synced = partition.wait_until_synced(end).await;
        self.note_wait(begun_ms);
        synced.map_err(|failure| {
            self.forget(ErrorCode::COORDINATOR_NOT_AVAILABLE);
            failure.error
        })
    }
}

/// What a producer is told: the log's word on its epoch and its transaction; otherwise, to ask again.
fn code_of(failure: &AppendFailure) -> ErrorCode {
    match failure.error {
        error @ (ErrorCode::INVALID_PRODUCER_EPOCH | ErrorCode::INVALID_TXN_STATE) => error,
        _ => ErrorCode::COORDINATOR_NOT_AVAILABLE,
    }
}
