//! Which records of transactions count, seen in the order of offsets.
//!
//! Records of an aborted transaction go at once. Its marker stays as long as any batch of the transaction was still met
//! in this pass, and so does its entry in the transaction index: readers of the old files may need both. A marker whose
//! records are all gone may go too, after the delete horizon.

use crate::txn_index::AbortedTxn;
use klamm_records::{BatchHeader, EndTransaction, EndTransactionMarker};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The transactions around the place of a walk over the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transactions {
    /// Aborted ones that the walk has not reached, by first offset.
    ahead: VecDeque<AbortedTxn>,
    /// Aborted ones without their marker so far, by producer; `true` once a batch of it was met.
    aborted: BTreeMap<i64, (AbortedTxn, bool)>,
    /// Producers with batches of a committed transaction since their last marker.
    committed: BTreeSet<i64>,
}

/// What a marker means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// No record of its transaction is left: nothing needs it.
    pub(crate) is_spent: bool,
    /// The entry that the transaction index keeps.
    pub(crate) index: Option<AbortedTxn>,
}

impl Transactions {
    /// Begins a walk. `aborted` are those with records or markers in its range.
    pub(crate) fn new(mut aborted: Vec<AbortedTxn>) -> Self {
        aborted.sort_by_key(|txn| txn.first_offset);
        Self { ahead: aborted.into(), ..Self::default() }
    }

    /// Takes a batch of records in. Whether its records do not count.
    pub(crate) fn batch(&mut self, header: &BatchHeader) -> bool {
        let last = header.last_offset().0;
        self.reach(last);
        if !header.is_transactional() {
            return false;
        }
        let producer = header.producer_id.0;
        match self.aborted.get_mut(&producer) {
            Some((txn, met)) if txn.last_offset >= last => {
                *met = true;
                true
            }
            _ => {
                self.committed.insert(producer);
                false
            }
        }
    }

    /// Takes a marker in; `None` for one that compaction emptied before.
    pub(crate) fn marker(
        &mut self,
        header: &BatchHeader,
        marker: Option<EndTransactionMarker>,
    ) -> Ended {
        self.reach(header.last_offset().0);
        let producer = header.producer_id.0;
        match marker.map(|marker| marker.end) {
            None => Ended { is_spent: true, index: None },
            Some(EndTransaction::Commit) => {
                Ended { is_spent: !self.committed.remove(&producer), index: None }
            }
            Some(EndTransaction::Abort) => {
                let met = self.aborted.remove(&producer).filter(|(_, met)| *met);
                Ended { is_spent: met.is_none(), index: met.map(|(txn, _)| txn) }
            }
        }
    }

    fn reach(&mut self, offset: i64) {
        while let Some(txn) = self.ahead.front().filter(|txn| txn.first_offset <= offset) {
            let txn = *txn;
            self.ahead.pop_front();
            // Two of one producer never overlap: an older one here has lost its marker.
            self.aborted.insert(txn.producer_id, (txn, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_model::{Offset, ProducerId};
    use klamm_records::{Attributes, BatchFields, BatchView};

    fn header(producer: i64, offset: i64, transactional: bool) -> BatchHeader {
        let fields = BatchFields::default();
        let bytes = klamm_records::BatchBuilder::new()
            .build(
                &fields,
                klamm_records::Codec::default(),
                &mut klamm_records::Deflater::new(),
            )
            .unwrap();
        BatchHeader {
            base_offset: Offset(offset),
            producer_id: ProducerId(producer),
            attributes: Attributes::default().with_transactional(transactional),
            ..*BatchView::parse(&bytes).unwrap().header()
        }
    }

    fn end(end: EndTransaction) -> Option<EndTransactionMarker> {
        Some(EndTransactionMarker { end, coordinator_epoch: 0 })
    }

    fn aborted(producer_id: i64, first_offset: i64, last_offset: i64) -> AbortedTxn {
        AbortedTxn {
            producer_id,
            first_offset,
            last_offset,
            last_stable_offset: last_offset + 1,
        }
    }

    #[test]
    fn aborted_records_do_not_count_and_their_marker_waits_a_pass() {
        let txn = aborted(1, 5, 8);
        let mut walk = Transactions::new(vec![txn]);
        assert!(!walk.batch(&header(1, 4, false)));
        assert!(walk.batch(&header(1, 5, true)));
        assert!(!walk.batch(&header(2, 6, true)), "another producer's");
        assert!(!walk.batch(&header(1, 7, false)), "outside of transactions");
        let ended = walk.marker(&header(1, 8, true), end(EndTransaction::Abort));
        assert_eq!(ended, Ended { is_spent: false, index: Some(txn) });
        // The next transaction of the same producer is committed.
        assert!(!walk.batch(&header(1, 9, true)));
        let mut later = Transactions::new(vec![txn]);
        let ended = later.marker(&header(1, 8, true), end(EndTransaction::Abort));
        assert_eq!(ended, Ended { is_spent: true, index: None });
    }

    #[test]
    fn a_commit_marker_is_spent_once_its_records_are_gone() {
        let mut walk = Transactions::default();
        walk.batch(&header(1, 0, true));
        let commit = end(EndTransaction::Commit);
        assert!(!walk.marker(&header(1, 1, true), commit).is_spent);
        assert!(walk.marker(&header(1, 2, true), commit).is_spent);
        assert!(walk.marker(&header(1, 3, true), None).is_spent);
    }

    #[test]
    fn an_aborted_transaction_whose_marker_is_gone_does_not_reach_past_it() {
        let mut walk = Transactions::new(vec![aborted(1, 5, 8), aborted(1, 20, 25)]);
        assert!(!walk.batch(&header(1, 10, true)), "behind the marker");
        assert!(walk.batch(&header(1, 21, true)));
    }
}
