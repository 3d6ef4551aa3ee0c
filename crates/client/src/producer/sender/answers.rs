//! What becomes of batches: done, sent again, split, or given up.

use super::super::accumulator::{Batch, Key};
use super::super::delivery::{Acknowledged, Outcome};
use super::super::transactions::Word;
use super::{Answer, Sender};
use crate::config::Acks;
use crate::error::ClientError;
use klamm_wire::ErrorCode;
use klamm_wire::messages::produce::{PartitionProduceResponse, ProduceResponse};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The pause before a batch is sent again whose partition is still busy with the transaction before, in milliseconds.
const BUSY_PAUSE_MS: u64 = 20;

impl Sender {
    /// Takes an answer, batch by batch.
    pub(super) fn answered(&mut self, answer: Answer) {
        if let Some(node) = self.nodes.get_mut(&answer.node) {
            node.in_flight = node.in_flight.saturating_sub(1);
        }
        let acks = self.shared.config.acks;
        for (key, batch) in answer.batches {
            {
                let mut state = self.shared.state.lock();
                state.accumulator.answered(&key, &batch);
                state.under_way.remove(&batch.number());
            }
            match &answer.result {
                Err(error) => self.lost(key, batch, error),
                Ok(_) if acks == Acks::None => {
                    let nothing = Acknowledged { base_offset: None, append_time_ms: None };
                    self.finish(batch, Ok(nothing));
                }
                Ok(response) => match find(response, &key) {
                    Some(partition) => self.decide(key, batch, partition),
                    None => {
                        let error =
                            ClientError::BadAnswer(format!("no word of {}-{}", key.0, key.1));
                        self.lost(key, batch, &error);
                    }
                },
            }
        }
    }

    /// A request without an answer: its batches may be in the log.
    fn lost(&mut self, key: Key, batch: Batch, error: &ClientError) {
        if error.is_retriable() {
            self.shared.client.mark_stale(&key.0);
            self.refresh(BTreeSet::from([Arc::clone(&key.0)]));
            self.retry(key, batch, error);
        } else {
            self.break_sequences(&key);
            self.finish(batch, Err(error.clone()));
        }
    }

    /// A broker's word on one batch.
    fn decide(&mut self, key: Key, batch: Batch, answer: &PartitionProduceResponse) {
        let code = ErrorCode(answer.error_code);
        let known = |number: i64| Some(number).filter(|number| *number >= 0);
        if code.is_none() || code == ErrorCode::DUPLICATE_SEQUENCE_NUMBER {
            let acknowledged = Acknowledged {
                base_offset: known(answer.base_offset),
                append_time_ms: known(answer.log_append_time_ms),
            };
            return self.finish(batch, Ok(acknowledged));
        }
        let message = answer.error_message.as_ref().map(ToString::to_string);
        let error = ClientError::Server { code, message };
        let hint = &answer.current_leader;
        if hint.leader_id >= 0 {
            self.shared
                .client
                .set_leader(&key.0, key.1, hint.leader_id, hint.leader_epoch);
        } else if is_about_leaders(code) {
            self.shared.client.mark_stale(&key.0);
            self.refresh(BTreeSet::from([Arc::clone(&key.0)]));
        }
        let is_idempotent = batch.stamp.is_some();
        let is_transactional = self.shared.transactions.is_some();
        match code {
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if is_idempotent => {
                // Behind a batch that did not arrive, this is expected: both go again, in order.
                let has_older = self.shared.state.lock().accumulator.has_older(&key, &batch);
                if !has_older && is_transactional {
                    return self.finish(batch, Err(error));
                }
                if !has_older {
                    self.break_sequences(&key);
                }
                self.retry(key, batch, &error);
            }
            // The broker forgot us, or knows a later epoch: begin anew.
            ErrorCode::UNKNOWN_PRODUCER_ID | ErrorCode::INVALID_PRODUCER_EPOCH
                if is_idempotent && !is_transactional =>
            {
                self.break_sequences(&key);
                self.retry(key, batch, &error);
            }
            _ if code.is_retriable() => self.retry(key, batch, &error),
            _ => {
                let taken_back = self
                    .shared
                    .state
                    .lock()
                    .accumulator
                    .take_back_sequence(&key, &batch);
                if !taken_back {
                    self.break_sequences(&key);
                }
                let is_split = is_too_large(code)
                    && self
                        .shared
                        .state
                        .lock()
                        .accumulator
                        .put_back_split(&key, &batch);
                if !is_split {
                    self.finish(batch, Err(error));
                }
            }
        }
    }

    /// Puts a batch back, unless its attempts or its time are over.
    fn retry(&mut self, key: Key, batch: Batch, error: &ClientError) {
        let word = self
            .shared
            .transactions
            .as_ref()
            .map(|transactions| transactions.word());
        if let Some(Word::Drop(reason)) = word {
            return self.finish(batch, Err(reason));
        }
        let config = &self.shared.config;
        let now = Instant::now();
        let is_over = batch.attempts > config.retries
            || batch.is_expired(config.delivery_timeout, now)
            || config.acks == Acks::None;
        if is_over {
            if batch.stamp.is_some() {
                self.break_sequences(&key);
            }
            let last = Some(Box::new(error.clone()));
            return self.finish(batch, Err(ClientError::Timeout { what: "delivery", last }));
        }
        let mut pause = self
            .shared
            .client
            .retry_pause(batch.attempts.saturating_sub(1));
        if error.code() == Some(ErrorCode::CONCURRENT_TRANSACTIONS) {
            pause = pause.min(Duration::from_millis(BUSY_PAUSE_MS));
        }
        let retry_at = now + pause;
        self.shared
            .state
            .lock()
            .accumulator
            .put_back(&key, batch, retry_at);
    }

    /// Ends a batch and frees its memory.
    pub(super) fn finish(&self, batch: Batch, outcome: Outcome) {
        if let (Err(error), Some(transactions)) = (&outcome, &self.shared.transactions) {
            transactions.batch_lost(error);
        }
        let memory = batch.finish(outcome);
        self.shared.memory.add_permits(memory);
    }

    pub(super) fn fail_all(&self, error: &ClientError) {
        let batches = self.shared.state.lock().accumulator.take_all();
        for (_, batch) in batches {
            self.finish(batch, Err(error.clone()));
        }
    }
}

fn find<'a>(response: &'a ProduceResponse, key: &Key) -> Option<&'a PartitionProduceResponse> {
    let topic = response
        .responses
        .iter()
        .find(|topic| topic.name.as_str() == key.0.as_ref())?;
    topic
        .partition_responses
        .iter()
        .find(|partition| partition.index == key.1)
}

/// Errors that smaller batches do not have.
fn is_too_large(code: ErrorCode) -> bool {
    code == ErrorCode::MESSAGE_TOO_LARGE || code == ErrorCode::RECORD_LIST_TOO_LARGE
}

/// Errors that say that the leader is elsewhere.
fn is_about_leaders(code: ErrorCode) -> bool {
    const ELSEWHERE: [ErrorCode; 7] = [
        ErrorCode::NOT_LEADER_OR_FOLLOWER,
        ErrorCode::LEADER_NOT_AVAILABLE,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode::UNKNOWN_TOPIC_ID,
        ErrorCode::KAFKA_STORAGE_ERROR,
        ErrorCode::FENCED_LEADER_EPOCH,
        ErrorCode::REPLICA_NOT_AVAILABLE,
    ];
    ELSEWHERE.contains(&code)
}
