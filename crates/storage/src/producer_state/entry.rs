//! What a log remembers of one producer, and what it accepts next.

use klamm_records::{BatchHeader, EndTransaction, EndTransactionMarker};

/// Batches that are remembered for duplicate detection; a producer has at most as many in flight.
pub const BATCHES_MAX: usize = 5;

/// A batch that a producer appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RememberedBatch {
    /// Sequence number of its last record.
    pub last_sequence: i32,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Last offset minus first offset.
    pub offset_delta: i32,
    /// Its largest timestamp.
    pub timestamp_ms: i64,
}

/// One producer's state in one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerEntry {
    /// The producer.
    pub producer_id: i64,
    /// Its newest epoch, -1 if nothing is known.
    pub epoch: i16,
    /// The epoch of the coordinator that wrote the last marker, -1 for none.
    pub coordinator_epoch: i32,
    /// Timestamp of its last batch or marker.
    pub last_timestamp_ms: i64,
    /// First offset of its open transaction.
    pub txn_first_offset: Option<i64>,
    batches: [RememberedBatch; BATCHES_MAX],
    len: u8,
}

/// Why a producer's batch is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProducerError {
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER`: records before this batch are missing, or it is an old duplicate.
    #[error("producer {producer_id}: sequence {sequence} does not follow {last}")]
    OutOfOrderSequence {
        /// The producer.
        producer_id: i64,
        /// The batch's first sequence number.
        sequence: i32,
        /// The last one in the log, -1 for none.
        last: i32,
    },
    /// `INVALID_PRODUCER_EPOCH`: a newer instance of the producer wrote already.
    #[error("producer {producer_id}: epoch {epoch} is older than {current}")]
    InvalidProducerEpoch {
        /// The producer.
        producer_id: i64,
        /// The batch's epoch.
        epoch: i16,
        /// The newest epoch.
        current: i16,
    },
    /// `INVALID_TXN_STATE`: a batch outside of the producer's open transaction.
    #[error("producer {producer_id} has an open transaction and sent a batch outside of it")]
    InvalidTxnState {
        /// The producer.
        producer_id: i64,
    },
    /// `INVALID_TXN_STATE`: the coordinator does not know of a transaction of the producer in this partition.
    #[error("producer {producer_id} has no verified transaction in this partition")]
    Unverified {
        /// The producer.
        producer_id: i64,
    },
    /// `TRANSACTION_COORDINATOR_FENCED`: a marker of a coordinator that lost its office.
    #[error("producer {producer_id}: marker of coordinator epoch {epoch}, newest is {current}")]
    CoordinatorFenced {
        /// The producer.
        producer_id: i64,
        /// The marker's coordinator epoch.
        epoch: i32,
        /// The newest.
        current: i32,
    },
}

/// A transaction that a marker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedTxn {
    /// The producer.
    pub(crate) producer_id: i64,
    /// Its first record.
    pub(crate) first_offset: i64,
    /// The marker.
    pub(crate) last_offset: i64,
    /// Its records do not count.
    pub(crate) aborted: bool,
}

/// How much of a producer's batch is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checks {
    /// Epoch and sequence: a client wrote it.
    Full,
    /// The epoch only: a coordinator wrote it, without sequence numbers.
    EpochOnly,
    /// None: another log checked it, or this log before a restart.
    None,
}

impl RememberedBatch {
    /// Sequence number of the first record.
    #[must_use]
    pub const fn first_sequence(&self) -> i32 {
        self.last_sequence.wrapping_sub(self.offset_delta) & i32::MAX
    }

    /// Offset of the first record.
    #[must_use]
    pub const fn first_offset(&self) -> i64 {
        self.last_offset - self.offset_delta as i64
    }
}

impl ProducerEntry {
    pub(crate) fn new(producer_id: i64) -> Self {
        Self {
            producer_id,
            epoch: -1,
            coordinator_epoch: -1,
            last_timestamp_ms: -1,
            txn_first_offset: None,
            batches: [RememberedBatch::default(); BATCHES_MAX],
            len: 0,
        }
    }

    /// The remembered batches, oldest first.
    #[must_use]
    pub fn batches(&self) -> &[RememberedBatch] {
        self.batches
            .get(..usize::from(self.len))
            .unwrap_or_default()
    }

    /// The newest batch of the current epoch.
    #[must_use]
    pub fn last_batch(&self) -> Option<&RememberedBatch> {
        self.batches().last()
    }

    /// The last sequence number, -1 for none.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        self.last_batch().map_or(-1, |b| b.last_sequence)
    }

    /// Takes in what the log shows of the newest batches, oldest first, if it ends with the one that is known.
    pub(crate) fn recall(&mut self, found: &[RememberedBatch]) {
        let same = |a: &RememberedBatch, b: &RememberedBatch| {
            (a.last_offset, a.last_sequence) == (b.last_offset, b.last_sequence)
        };
        let known = self.last_batch().copied();
        if known.is_some_and(|known| found.last().is_some_and(|last| same(last, &known))) {
            self.len = 0;
            let from = found.len().saturating_sub(BATCHES_MAX);
            for batch in found.get(from..).unwrap_or_default() {
                self.push(*batch);
            }
        }
    }

    pub(crate) fn push(&mut self, batch: RememberedBatch) {
        let len = usize::from(self.len);
        if len == BATCHES_MAX {
            self.batches.rotate_left(1);
        } else {
            self.len += 1;
        }
        if let Some(place) = self.batches.get_mut(len.min(BATCHES_MAX - 1)) {
            *place = batch;
        }
    }

    /// The remembered batch with the same epoch and sequence numbers.
    pub(crate) fn duplicate_of(&self, header: &BatchHeader) -> Option<&RememberedBatch> {
        if header.producer_epoch != self.epoch || header.base_sequence < 0 {
            return None;
        }
        let (first, last) = (header.base_sequence, header.last_sequence());
        self.batches()
            .iter()
            .find(|b| b.first_sequence() == first && b.last_sequence == last)
    }

    /// Takes a batch of records in. `base` is its first offset.
    pub(crate) fn append(
        &mut self,
        header: &BatchHeader,
        base: i64,
        checks: Checks,
    ) -> Result<(), ProducerError> {
        self.check_epoch(header.producer_epoch, checks)?;
        if checks == Checks::Full {
            self.check_sequence(header)?;
        }
        let transactional = header.is_transactional();
        if self.txn_first_offset.is_some() && !transactional && checks != Checks::None {
            return Err(ProducerError::InvalidTxnState { producer_id: self.producer_id });
        }
        self.enter_epoch(header.producer_epoch);
        self.push(RememberedBatch {
            last_sequence: header.last_sequence(),
            last_offset: base.saturating_add(header.last_offset_delta.into()),
            offset_delta: header.last_offset_delta,
            timestamp_ms: header.max_timestamp_ms,
        });
        self.last_timestamp_ms = header.max_timestamp_ms;
        if transactional && self.txn_first_offset.is_none() {
            self.txn_first_offset = Some(base);
        }
        Ok(())
    }

    /// Takes a transaction marker in. `strict` is the rule of transactions version 2 (KIP-890): the marker's epoch is
    /// above the producer's, or equal when no transaction is open (a retry), or when there is none above.
    pub(crate) fn end_txn(
        &mut self,
        marker: EndTransactionMarker,
        header: &BatchHeader,
        base: i64,
        (checks, strict): (Checks, bool),
    ) -> Result<Option<EndedTxn>, ProducerError> {
        let (epoch, current) = (header.producer_epoch, self.epoch);
        let may_be_equal = self.txn_first_offset.is_none() || epoch == i16::MAX;
        let is_above = epoch > current || epoch == current && may_be_equal;
        if checks != Checks::None && strict && !is_above {
            let producer_id = self.producer_id;
            return Err(ProducerError::InvalidProducerEpoch { producer_id, epoch, current });
        }
        self.check_epoch(epoch, checks)?;
        if checks != Checks::None && self.coordinator_epoch > marker.coordinator_epoch {
            return Err(ProducerError::CoordinatorFenced {
                producer_id: self.producer_id,
                epoch: marker.coordinator_epoch,
                current: self.coordinator_epoch,
            });
        }
        self.enter_epoch(epoch);
        self.coordinator_epoch = marker.coordinator_epoch;
        self.last_timestamp_ms = header.max_timestamp_ms;
        Ok(self.txn_first_offset.take().map(|first_offset| EndedTxn {
            producer_id: self.producer_id,
            first_offset,
            last_offset: base,
            aborted: marker.end == EndTransaction::Abort,
        }))
    }

    fn check_epoch(&self, epoch: i16, checks: Checks) -> Result<(), ProducerError> {
        if epoch < self.epoch && checks != Checks::None {
            let (producer_id, current) = (self.producer_id, self.epoch);
            return Err(ProducerError::InvalidProducerEpoch { producer_id, epoch, current });
        }
        Ok(())
    }

    fn check_sequence(&self, header: &BatchHeader) -> Result<(), ProducerError> {
        let sequence = header.base_sequence;
        let last = self.last_sequence();
        let fits = if self.epoch < 0 {
            // Nothing is known, maybe because the records were deleted: any beginning is good.
            true
        } else if header.producer_epoch != self.epoch {
            sequence == 0
        } else {
            // From 2^31 - 1 the numbers go on at 0; -1 is followed by 0 as well.
            sequence == last.wrapping_add(1) & i32::MAX
        };
        if fits {
            return Ok(());
        }
        let producer_id = self.producer_id;
        Err(ProducerError::OutOfOrderSequence { producer_id, sequence, last })
    }

    fn enter_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.len = 0;
        }
    }
}
