//! What transactions were promised: all of their records or none, and what the client was told.

use std::collections::{BTreeMap, BTreeSet};

/// A transaction as the oracle numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionKey(pub u64);

/// What the client knows of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nobody asked for a commit: none of it may be read.
    Nothing,
    /// A commit was sent, and not answered: all or none.
    Asked,
    Committed,
    Aborted,
}

#[derive(Debug)]
struct Transaction {
    told: Told,
    /// Acknowledged: partition and number of the record within the transaction.
    written: BTreeSet<(i32, u32)>,
}

/// The memory of transactions.
#[derive(Debug, Default)]
pub struct Transactions {
    all: Vec<Transaction>,
}

impl Transactions {
    /// A transaction begins.
    pub fn begin(&mut self) -> TransactionKey {
        self.all
            .push(Transaction { told: Told::Nothing, written: BTreeSet::new() });
        TransactionKey(self.all.len() as u64 - 1)
    }

    fn get(&mut self, key: TransactionKey) -> Option<&mut Transaction> {
        self.all.get_mut(usize::try_from(key.0).ok()?)
    }

    /// A record of it was acknowledged.
    pub fn wrote(&mut self, key: TransactionKey, partition: i32, record: u32) {
        if let Some(known) = self.get(key) {
            known.written.insert((partition, record));
        }
    }

    /// A commit is sent.
    pub fn committing(&mut self, key: TransactionKey) {
        if let Some(known) = self.get(key) {
            known.told = Told::Asked;
        }
    }

    /// The end was acknowledged.
    pub fn ended(&mut self, key: TransactionKey, commit: bool) {
        if let Some(known) = self.get(key) {
            known.told = if commit {
                Told::Committed
            } else {
                Told::Aborted
            };
        }
    }

    /// How many were committed, as far as their clients know.
    #[must_use]
    pub fn committed(&self) -> usize {
        let committed = self.all.iter().filter(|t| t.told == Told::Committed);
        committed.count()
    }

    /// All committed records were read: transaction, partition and number of each. What is wrong with that.
    #[must_use]
    pub fn audited(&self, read: &[(TransactionKey, i32, u32)]) -> Vec<String> {
        let mut broken = Vec::new();
        let mut seen: BTreeMap<TransactionKey, BTreeSet<(i32, u32)>> = BTreeMap::new();
        for (key, partition, record) in read {
            if !seen.entry(*key).or_default().insert((*partition, *record)) {
                broken.push(format!(
                    "{key:?}: record {record} is twice in partition {partition}"
                ));
            }
        }
        let nothing = BTreeSet::new();
        for (key, known) in (0_u64..).map(TransactionKey).zip(&self.all) {
            let seen = seen.get(&key).unwrap_or(&nothing);
            let whole = known.written.is_subset(seen);
            let fine = match known.told {
                Told::Nothing | Told::Aborted => seen.is_empty(),
                Told::Committed => whole,
                Told::Asked => whole || seen.is_empty(),
            };
            if !fine {
                let (told, written) = (known.told, known.written.len());
                broken.push(format!(
                    "{key:?}: {told:?}, {written} records written and {} read",
                    seen.len()
                ));
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_records() -> (Transactions, TransactionKey) {
        let mut transactions = Transactions::default();
        let key = transactions.begin();
        transactions.wrote(key, 0, 0);
        transactions.wrote(key, 1, 1);
        (transactions, key)
    }

    #[test]
    fn a_commit_is_whole_and_an_abort_is_nothing() {
        let (mut transactions, key) = two_records();
        let (all, half) = ([(key, 0, 0), (key, 1, 1)], [(key, 0, 0)]);
        assert!(transactions.audited(&[]).is_empty());
        assert_eq!(
            transactions.audited(&half).len(),
            1,
            "nobody asked for a commit"
        );
        transactions.committing(key);
        assert!(transactions.audited(&[]).is_empty());
        assert!(transactions.audited(&all).is_empty());
        assert_eq!(transactions.audited(&half).len(), 1, "torn");
        transactions.ended(key, true);
        assert!(transactions.audited(&all).is_empty());
        assert_eq!(transactions.audited(&[]).len(), 1, "lost");
        let double = [all[0], all[1], all[0]];
        assert_eq!(transactions.audited(&double).len(), 1, "double");
        assert_eq!(transactions.committed(), 1);
        transactions.ended(key, false);
        assert_eq!(transactions.audited(&half).len(), 1, "aborted and read");
    }
}
