//! What administrators see of transactions, and what a partition asks before it takes a write.

use super::begin::{check_id, check_producer};
use super::command::{Producer, TransactionError};
use super::shard::TransactionShard;
use super::state::TransactionState;
use klamm_codec::Str;

/// A transactional id in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedTransaction {
    /// Where it stands.
    pub state: TransactionState,
    /// Its producer.
    pub producer: Producer,
    /// In milliseconds.
    pub timeout_ms: i32,
    /// Wall time; -1 if no transaction began.
    pub started_ms: i64,
    /// Topic and partitions of the transaction under way.
    pub partitions: Vec<(Str, Vec<i32>)>,
}

/// A transactional id in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTransaction {
    /// The id.
    pub transactional_id: Str,
    /// Its producer id.
    pub producer_id: i64,
    /// Where it stands.
    pub state: TransactionState,
}

/// Which transactional ids are listed. Nothing set lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Any of these; all if empty.
    pub producer_ids: Vec<i64>,
    /// Any of these; all if `None`.
    pub states: Option<Vec<TransactionState>>,
    /// Began longer ago than this; all if negative. An id without a transaction began when time did.
    pub longer_than_ms: i64,
}

impl TransactionShard {
    /// The ids that a filter lets pass, by id.
    pub fn list<'a>(
        &'a self,
        filter: &'a TransactionFilter,
        now_wall: i64,
    ) -> impl Iterator<Item = ListedTransaction> + 'a {
        let passes = move |transaction: &super::transaction::Transaction| {
            let id = transaction.producer_id;
            let state = &transaction.state;
            let lasted = now_wall.saturating_sub(transaction.started_ms);
            (filter.producer_ids.is_empty() || filter.producer_ids.contains(&id))
                && filter.states.as_ref().is_none_or(|any| any.contains(state))
                && (filter.longer_than_ms < 0 || lasted > filter.longer_than_ms)
        };
        let all = self.transactions.iter();
        let all = all.filter(move |(_, transaction)| passes(transaction));
        all.map(|(id, transaction)| ListedTransaction {
            transactional_id: id.clone(),
            producer_id: transaction.producer_id,
            state: transaction.state,
        })
    }

    /// An id in detail.
    ///
    /// # Errors
    /// There is no such id.
    pub fn describe(&self, id: &str) -> Result<DescribedTransaction, TransactionError> {
        check_id(id)?;
        let known = self
            .transactions
            .get(id)
            .ok_or(TransactionError::TransactionalIdNotFound)?;
        Ok(DescribedTransaction {
            state: known.state,
            producer: known.producer(),
            timeout_ms: known.timeout_ms,
            started_ms: known.started_ms,
            partitions: known.partitions().to_list(),
        })
    }

    /// Whether partitions are part of a producer's transaction (KIP-890): one result for each, in this order.
    ///
    /// # Errors
    /// The producer has no transaction there, or another has taken over.
    pub fn verify(
        &self,
        id: &str,
        producer: Producer,
        partitions: &[(Str, Vec<i32>)],
    ) -> Result<Vec<Vec<Result<(), TransactionError>>>, TransactionError> {
        check_id(id)?;
        let known = self
            .transactions
            .get(id)
            .ok_or(TransactionError::InvalidProducerIdMapping)?;
        check_producer(known, producer)?;
        if known.state.is_prepared() {
            return Err(TransactionError::ConcurrentTransactions);
        }
        let in_it = known.partitions();
        let one = |topic: &Str, partition: i32| {
            if in_it.contains(topic, partition) {
                Ok(())
            } else {
                Err(TransactionError::TransactionAbortable)
            }
        };
        let of_topic =
            |(topic, ids): &(Str, Vec<i32>)| ids.iter().map(|id| one(topic, *id)).collect();
        Ok(partitions.iter().map(of_topic).collect())
    }

    /// How many transactional ids there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there is no transactional id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }
}
