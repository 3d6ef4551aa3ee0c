//! Transactions that are being verified with their coordinator (KIP-890).
//!
//! A transactional batch begins a transaction in this log only if the coordinator knows of it: otherwise no marker would
//! ever end it. Between the question and the append the transaction may end and another one begin, so each question has
//! a guard, and a marker or an append makes it worthless.

use super::ProducerError;
use klamm_records::BatchHeader;
use std::collections::BTreeMap;

/// Names one verification. Worthless once the producer wrote here, or its transaction ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerificationGuard(u64);

/// What speaks for a transactional batch whose producer has no open transaction in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The coordinator was asked under this guard; `None`: it was not asked.
    Guarded(Option<VerificationGuard>),
    /// Nothing is needed: verification is off, or another log has done it.
    Free,
}

/// A first batch that waits for the coordinator's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstBatch {
    /// Who writes.
    pub producer_id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The batch's first sequence number.
    pub sequence: i32,
    /// Its client follows transactions version 2: each transaction has an epoch of its own.
    pub bumps_epoch: bool,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    guard: VerificationGuard,
    since_ms: i64,
    epoch: i16,
    /// No batch with a higher sequence may overtake this one.
    lowest_sequence: i32,
    bumps_epoch: bool,
}

/// Verifications under way, by producer. Never on disk: after a restart nobody waits for one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verifications {
    made: u64,
    pending: BTreeMap<i64, Pending>,
}

impl Verifications {
    pub(super) const fn new() -> Self {
        Self { made: 0, pending: BTreeMap::new() }
    }

    /// The guard of the producer's verification: a new one, or that of the one under way.
    pub(crate) fn begin(&mut self, first: FirstBatch, now_ms: i64) -> VerificationGuard {
        let made = &mut self.made;
        let pending = self.pending.entry(first.producer_id).or_insert_with(|| {
            *made += 1;
            Pending {
                guard: VerificationGuard(*made),
                since_ms: now_ms,
                epoch: first.epoch,
                lowest_sequence: first.sequence,
                bumps_epoch: first.bumps_epoch,
            }
        });
        if first.epoch > pending.epoch {
            pending.epoch = first.epoch;
            pending.lowest_sequence = first.sequence;
        } else if first.epoch == pending.epoch {
            pending.lowest_sequence = pending.lowest_sequence.min(first.sequence);
        }
        pending.guard
    }

    /// Whether `guard` is that of the producer's verification.
    pub(crate) fn is_current(&self, producer_id: i64, guard: Option<VerificationGuard>) -> bool {
        let pending = self.pending.get(&producer_id);
        pending.is_some_and(|pending| Some(pending.guard) == guard)
    }

    /// Refuses a batch that would overtake a lower one under verification, or begin in the middle.
    pub(crate) fn check_sequence(
        &self,
        header: &BatchHeader,
        has_batches: bool,
    ) -> Result<(), ProducerError> {
        let producer_id = header.producer_id.0;
        let Some(pending) = self.pending.get(&producer_id) else {
            return Ok(());
        };
        let sequence = header.base_sequence;
        let begins_late = pending.bumps_epoch && sequence != 0 && !has_batches;
        if begins_late || sequence > pending.lowest_sequence {
            let last = if begins_late {
                -1
            } else {
                pending.lowest_sequence
            };
            return Err(ProducerError::OutOfOrderSequence { producer_id, sequence, last });
        }
        Ok(())
    }

    /// The producer wrote, or its transaction ended.
    pub(crate) fn end(&mut self, producer_id: i64) {
        self.pending.remove(&producer_id);
    }

    /// Forgets verifications that nobody finished.
    pub(crate) fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        self.pending
            .retain(|_, pending| now_ms.saturating_sub(pending.since_ms) < expiration_ms);
    }
}
