//! What a log knows of its producers: duplicates, order, open transactions (KIP-98).
//!
//! Changes are staged first and applied after the write: a failed append leaves no trace.

mod entry;
pub(crate) mod snapshot;
mod verification;

#[cfg(test)]
mod tests;

pub use entry::{BATCHES_MAX, ProducerEntry, ProducerError, RememberedBatch};
pub(crate) use entry::{Checks, EndedTxn};
pub use snapshot::{DamagedSnapshot, parse as parse_snapshot};
use verification::Verifications;
pub use verification::{Admission, FirstBatch, VerificationGuard};

use crate::txn_index::AbortedTxn;
use klamm_records::{BatchHeader, EndTransactionMarker};
use std::collections::BTreeMap;

/// The producers of a log and its transactions. `None` as long as there are none: most logs have no such producers.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProducerState(Option<Box<Known>>);

#[derive(Debug, Clone)]
struct Known {
    producers: BTreeMap<i64, ProducerEntry>,
    /// First offset → producer of each transaction without a marker.
    open: BTreeMap<i64, i64>,
    /// First offset → marker's offset of transactions that ended above the high watermark.
    unreplicated: BTreeMap<i64, i64>,
    verifications: Verifications,
}

static NOTHING: Known = Known::new();

impl Known {
    const fn new() -> Self {
        Self {
            producers: BTreeMap::new(),
            open: BTreeMap::new(),
            unreplicated: BTreeMap::new(),
            verifications: Verifications::new(),
        }
    }
}

/// Changes of one append, not applied yet.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    entries: Vec<ProducerEntry>,
    ended: Vec<EndedTxn>,
}

impl ProducerState {
    /// The state in a snapshot.
    pub(crate) fn from_entries(entries: Vec<ProducerEntry>) -> Self {
        let mut state = Self::default();
        for entry in entries {
            let known = state.known_mut();
            if let Some(first) = entry.txn_first_offset {
                known.open.insert(first, entry.producer_id);
            }
            known.producers.insert(entry.producer_id, entry);
        }
        state
    }

    fn known(&self) -> &Known {
        self.0.as_deref().unwrap_or(&NOTHING)
    }

    fn known_mut(&mut self) -> &mut Known {
        self.0.get_or_insert_with(|| Box::new(Known::new()))
    }

    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = &ProducerEntry> + Clone {
        self.known().producers.values()
    }

    pub(crate) fn entry(&self, producer_id: i64) -> Option<&ProducerEntry> {
        self.known().producers.get(&producer_id)
    }

    pub(crate) fn entry_mut(&mut self, producer_id: i64) -> Option<&mut ProducerEntry> {
        self.0.as_mut()?.producers.get_mut(&producer_id)
    }

    /// The first offset that a reader of committed records must not pass.
    pub(crate) fn first_unstable(&self) -> Option<i64> {
        let first = |map: &BTreeMap<i64, i64>| map.first_key_value().map(|(offset, _)| *offset);
        let known = self.known();
        match (first(&known.open), first(&known.unreplicated)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Transactions that ended below the high watermark are stable.
    pub(crate) fn high_watermark_is(&mut self, high_watermark: i64) {
        if let Some(known) = &mut self.0 {
            known
                .unreplicated
                .retain(|_, marker| *marker >= high_watermark);
        }
    }

    /// Forgets producers that were silent for too long and have no open transaction.
    pub(crate) fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        let Some(known) = &mut self.0 else { return };
        known
            .producers
            .retain(|_, entry| !is_expired(entry, now_ms, expiration_ms));
        known.verifications.expire(now_ms, expiration_ms);
    }

    /// The guard under which the coordinator is to be asked about a first batch; `None` if the producer's transaction
    /// is open here already.
    pub(crate) fn begin_verification(
        &mut self,
        first: FirstBatch,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        let is_open = self.is_open(first.producer_id, first.epoch);
        (!is_open).then(|| self.known_mut().verifications.begin(first, now_ms))
    }

    /// Goes on with the verifications of a log that this one is a copy of, to the last record.
    pub(crate) fn take_verifications(&mut self, of: &Self) {
        if let Some(known) = &of.0 {
            self.known_mut().verifications = known.verifications.clone();
        }
    }

    /// Whether nothing happened to the producer here since the guard was given.
    pub(crate) fn is_under_verification(&self, producer_id: i64, guard: VerificationGuard) -> bool {
        let verifications = &self.known().verifications;
        verifications.is_current(producer_id, Some(guard))
    }

    /// Whether a transactional batch belongs to an open transaction, or may begin one.
    pub(crate) fn check_admission(
        &self,
        staged: &Staged,
        header: &BatchHeader,
        admission: Admission,
    ) -> Result<(), ProducerError> {
        let Admission::Guarded(guard) = admission else {
            return Ok(());
        };
        let (producer_id, epoch) = (header.producer_id.0, header.producer_epoch);
        let begun = staged
            .entries
            .iter()
            .any(|entry| entry.producer_id == producer_id && entry.txn_first_offset.is_some());
        if begun
            || self.is_open(producer_id, epoch)
            || self.known().verifications.is_current(producer_id, guard)
        {
            return Ok(());
        }
        Err(ProducerError::Unverified { producer_id })
    }

    fn is_open(&self, producer_id: i64, epoch: i16) -> bool {
        let entry = self.entry(producer_id);
        entry.is_some_and(|entry| entry.txn_first_offset.is_some() && entry.epoch == epoch)
    }

    /// Takes a batch of a producer into `staged`. `base` is its first offset. A refused one leaves no trace.
    pub(crate) fn stage(
        &self,
        staged: &mut Staged,
        header: &BatchHeader,
        base: i64,
        checks: Checks,
    ) -> Result<(), ProducerError> {
        let mut entry = self.entry_behind(staged, header.producer_id.0);
        // What is staged ends the producer's verification.
        if checks == Checks::Full && staged.entry(entry.producer_id).is_none() {
            let has_batches = entry.last_batch().is_some();
            let verifications = &self.known().verifications;
            verifications.check_sequence(header, has_batches)?;
        }
        entry.append(header, base, checks)?;
        staged.put(entry);
        Ok(())
    }

    /// Takes a marker into `staged`. A refused one leaves no trace.
    pub(crate) fn stage_marker(
        &self,
        staged: &mut Staged,
        (marker, header): (EndTransactionMarker, &BatchHeader),
        base: i64,
        checks: (Checks, bool),
    ) -> Result<(), ProducerError> {
        let mut entry = self.entry_behind(staged, header.producer_id.0);
        if let Some(ended) = entry.end_txn(marker, header, base, checks)? {
            staged.ended.push(ended);
        }
        staged.put(entry);
        Ok(())
    }

    /// The transactions that `staged` aborts, as they go into the transaction index.
    pub(crate) fn aborted_by(&self, staged: &Staged) -> Vec<AbortedTxn> {
        if staged.ended.iter().all(|ended| !ended.aborted) {
            return Vec::new();
        }
        let mut open = self.known().open.clone();
        for entry in &staged.entries {
            if let Some(first) = entry.txn_first_offset {
                open.insert(first, entry.producer_id);
            }
        }
        let mut aborted = Vec::new();
        for ended in &staged.ended {
            open.remove(&ended.first_offset);
            // The offset that becomes stable: that of the first transaction which is still open.
            let stable = open
                .first_key_value()
                .map_or(ended.last_offset + 1, |(first, _)| *first);
            if ended.aborted {
                aborted.push(AbortedTxn {
                    producer_id: ended.producer_id,
                    first_offset: ended.first_offset,
                    last_offset: ended.last_offset,
                    last_stable_offset: stable,
                });
            }
        }
        aborted
    }

    /// Applies what was staged.
    pub(crate) fn apply(&mut self, staged: Staged) {
        if staged.is_empty() && staged.ended.is_empty() {
            return;
        }
        let known = self.known_mut();
        for entry in staged.entries {
            if let Some(first) = entry.txn_first_offset {
                known.open.insert(first, entry.producer_id);
            }
            known.verifications.end(entry.producer_id);
            known.producers.insert(entry.producer_id, entry);
        }
        for ended in staged.ended {
            known.open.remove(&ended.first_offset);
            known
                .unreplicated
                .insert(ended.first_offset, ended.last_offset);
        }
    }

    /// A producer as it is after what was staged.
    fn entry_behind(&self, staged: &Staged, producer_id: i64) -> ProducerEntry {
        let known = staged
            .entry(producer_id)
            .or_else(|| self.entry(producer_id));
        known
            .copied()
            .unwrap_or_else(|| ProducerEntry::new(producer_id))
    }
}

impl Staged {
    pub(crate) fn entry(&self, producer_id: i64) -> Option<&ProducerEntry> {
        self.entries.iter().find(|e| e.producer_id == producer_id)
    }

    fn put(&mut self, entry: ProducerEntry) {
        let mut entries = self.entries.iter_mut();
        match entries.find(|e| e.producer_id == entry.producer_id) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

pub(crate) fn is_expired(entry: &ProducerEntry, now_ms: i64, expiration_ms: i64) -> bool {
    let silent_ms = now_ms.saturating_sub(entry.last_timestamp_ms);
    entry.txn_first_offset.is_none() && silent_ms >= expiration_ms
}
