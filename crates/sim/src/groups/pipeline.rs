//! Records that are read, written elsewhere, and committed with their offsets in one transaction (KIP-98, KIP-447).

use super::commit::{WITH_EPOCHS, request as plain_request};
use super::{Plan, Seat, expect_passing, is_behind, output_of};
use crate::Planted;
use crate::oracle::CommitKey;
use crate::stage::Client;
use crate::transactor::batch;
use klamm_codec::{Records, Str};
use klamm_wire::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use klamm_wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use klamm_wire::{ErrorCode, Request};
use std::time::Duration;
use tokio::time::Instant;

const TIMEOUT_MS: i32 = 10_000;
/// A member gives a step up after this long, so that it reports again.
const STEP_MAX: Duration = Duration::from_secs(20);

/// The transactional producer of a member.
#[derive(Debug)]
pub(super) struct Producer {
    id: Str,
    producer: (i64, i16),
    /// It leaves it to the broker to add partitions, and gets an epoch for each transaction (KIP-890).
    is_new: bool,
    sequence: i32,
}

/// What is read in one transaction: a partition, the offsets of its records, and where to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion<'a> {
    pub(super) partition: i32,
    pub(super) offsets: &'a [i64],
    pub(super) next: i64,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Committed,
    Aborted,
    /// The coordinator of the group says that the member is behind; the transaction was aborted.
    Behind,
    /// Nobody knows how, or the producer is fenced: it has to begin anew.
    Lost,
}

impl Producer {
    pub(super) fn new(client: &mut Client, id: Str) -> Self {
        let is_new = client.rng.percent(50);
        Self { id, producer: (-1, -1), is_new, sequence: 0 }
    }

    /// Aborts whatever is open, and fences whoever used the id before.
    pub(super) async fn begin_anew(&mut self, client: &mut Client) {
        let request = InitProducerIdRequest {
            transactional_id: Some(self.id.clone()),
            transaction_timeout_ms: TIMEOUT_MS,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        loop {
            let answer = client.call(&request, 5).await;
            match ErrorCode(answer.error_code) {
                ErrorCode::NONE => {
                    self.producer = (answer.producer_id, answer.producer_epoch);
                    self.sequence = 0;
                    let (id, epoch) = self.producer;
                    client.stage.oracle().producer_id(id, epoch);
                    return;
                }
                code if code.is_retriable() => client.pause(200).await,
                code => {
                    let text = format!("InitProducerId was answered with {code:?}");
                    client.stage.violation(text);
                    client.pause(1_000).await;
                }
            }
        }
    }

    /// Asks until the answer is not "later", or for long enough.
    async fn insist<R: Request>(
        client: &mut Client,
        request: &R,
        version: i16,
        code_of: impl Fn(&R::Response) -> Option<i16>,
    ) -> Option<(ErrorCode, R::Response)> {
        let start = Instant::now();
        while start.elapsed() < STEP_MAX {
            let Some(answer) = client.attempt(request, version).await else {
                continue;
            };
            let code = code_of(&answer).map_or(ErrorCode::UNKNOWN_SERVER_ERROR, ErrorCode);
            if !code.is_retriable() || is_behind(code) {
                return Some((code, answer));
            }
            client.pause(200).await;
        }
        None
    }

    /// One transaction.
    pub(super) async fn carry(
        &mut self,
        client: &mut Client,
        plan: &Plan,
        seat: &Seat,
        portion: Portion<'_>,
    ) -> Ended {
        if self.producer.0 < 0 {
            self.begin_anew(client).await;
        }
        if !self.write(client, plan, portion).await {
            return Ended::Lost;
        }
        if !client.draining() && client.rng.percent(2) {
            client
                .stage
                .reach("a member that sleeps within a transaction");
            client.pause(14_000).await;
        }
        let (code, key) = self.send_offsets(client, plan, seat, portion).await;
        match code {
            Some(ErrorCode::NONE) => {}
            Some(code) if is_behind(code) => {
                client.stage.oracle().groups.offsets.refused(key);
                client
                    .stage
                    .reach("offsets in a transaction that were refused");
                return match self.end(client, None).await {
                    Some(ErrorCode::NONE) => Ended::Behind,
                    _ => Ended::Lost,
                };
            }
            _ => return Ended::Lost,
        }
        if !client.draining() && client.rng.percent(2) {
            client
                .stage
                .reach("a member that sleeps before its transaction ends");
            client.pause(14_000).await;
        }
        if client.rng.percent(4) {
            client
                .stage
                .reach("a transaction with offsets that its client forgot");
            return Ended::Lost;
        }
        let commits = client.rng.percent(80);
        match self.end(client, commits.then_some(key)).await {
            Some(ErrorCode::NONE) if commits => Ended::Committed,
            Some(ErrorCode::NONE) => Ended::Aborted,
            _ => Ended::Lost,
        }
    }

    async fn write(&mut self, client: &mut Client, plan: &Plan, portion: Portion<'_>) -> bool {
        let topic = output_of(plan.number);
        if !self.is_new {
            let request = AddPartitionsToTxnRequest {
                v3_and_below_transactional_id: self.id.clone(),
                v3_and_below_producer_id: self.producer.0,
                v3_and_below_producer_epoch: self.producer.1,
                v3_and_below_topics: vec![AddPartitionsToTxnTopic {
                    name: topic.clone(),
                    partitions: vec![0],
                }],
                ..AddPartitionsToTxnRequest::default()
            };
            let code = Self::insist(client, &request, 3, |answer| {
                let topics = answer.results_by_topic_v3_and_below.iter();
                let first = topics.flat_map(|topic| &topic.results_by_partition).next();
                first.map(|result| result.partition_error_code)
            });
            if !matches!(code.await, Some((ErrorCode::NONE, _))) {
                return false;
            }
        }
        let values = portion.offsets.iter().map(|offset| {
            let mut value = portion.partition.to_be_bytes().to_vec();
            value.extend_from_slice(&offset.to_be_bytes());
            value
        });
        let timestamp_ms = crate::RecordId(0).timestamp_ms();
        let bytes = batch(self.producer, self.sequence, timestamp_ms, values);
        self.sequence += i32::try_from(portion.offsets.len()).unwrap_or(0);
        let request = ProduceRequest {
            transactional_id: Some(self.id.clone()),
            acks: -1,
            timeout_ms: 10_000,
            topic_data: vec![TopicProduceData {
                name: topic,
                partition_data: vec![PartitionProduceData {
                    index: 0,
                    records: Some(Records::Bytes(bytes)),
                }],
                ..TopicProduceData::default()
            }],
        };
        let code = Self::insist(
            client,
            &request,
            if self.is_new { 12 } else { 9 },
            |answer| {
                let topics = answer.responses.iter();
                let first = topics.flat_map(|topic| &topic.partition_responses).next();
                first.map(|answer| answer.error_code)
            },
        );
        matches!(
            code.await,
            Some((ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER, _))
        )
    }

    async fn send_offsets(
        &self,
        client: &mut Client,
        plan: &Plan,
        seat: &Seat,
        portion: Portion<'_>,
    ) -> (Option<ErrorCode>, CommitKey) {
        let place = (plan.number, portion.partition);
        let (key, is_late) = {
            let mut oracle = client.stage.oracle();
            let groups = &mut oracle.groups;
            let is_late = groups.has_lost(plan.number, seat.key, portion.partition);
            let key = groups.offsets.sending_open(place, portion.next, is_late);
            (key, is_late)
        };
        if is_late {
            client
                .stage
                .reach("offsets in a transaction that come too late");
        }
        if !self.is_new {
            let request = AddOffsetsToTxnRequest {
                transactional_id: self.id.clone(),
                producer_id: self.producer.0,
                producer_epoch: self.producer.1,
                group_id: plan.id.clone(),
            };
            let code = Self::insist(client, &request, 3, |answer| Some(answer.error_code)).await;
            if !matches!(code, Some((ErrorCode::NONE, _))) {
                return (None, key);
            }
        }
        if client.has(Planted::OffsetsOutsideTransactions) {
            let place = (portion.partition, portion.next);
            let request = plain_request(plan, (seat, seat.epoch), place, (key, WITH_EPOCHS));
            client.attempt(&request, WITH_EPOCHS).await;
        }
        let request = self.offsets_request(plan, seat, portion, key);
        let version = if self.is_new { 5 } else { 3 };
        let answer = Self::insist(client, &request, version, |answer| {
            let topics = answer.topics.iter();
            let first = topics.flat_map(|topic| &topic.partitions).next();
            first.map(|partition| partition.error_code)
        });
        let code = answer.await.map(|(code, _)| code);
        if code == Some(ErrorCode::NONE) {
            let mut oracle = client.stage.oracle();
            if let Some(text) = oracle.groups.offsets.taken(key) {
                oracle.violation(text);
            }
        }
        (code, key)
    }

    fn offsets_request(
        &self,
        plan: &Plan,
        seat: &Seat,
        portion: Portion<'_>,
        key: CommitKey,
    ) -> TxnOffsetCommitRequest {
        TxnOffsetCommitRequest {
            transactional_id: self.id.clone(),
            group_id: plan.id.clone(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            generation_id: seat.epoch,
            member_id: seat.member_id.clone(),
            group_instance_id: seat.instance_id.clone(),
            topics: vec![TxnOffsetCommitRequestTopic {
                name: plan.topic.clone(),
                partitions: vec![TxnOffsetCommitRequestPartition {
                    partition_index: portion.partition,
                    committed_offset: portion.next,
                    committed_leader_epoch: -1,
                    committed_metadata: Some(Str::from(key.0.to_string())),
                }],
            }],
        }
    }

    /// Commits, if there is a commit to count from then on; aborts otherwise.
    async fn end(&mut self, client: &mut Client, commit: Option<CommitKey>) -> Option<ErrorCode> {
        if let Some(key) = commit {
            client.stage.oracle().groups.offsets.committing(key);
        }
        let request = EndTxnRequest {
            transactional_id: self.id.clone(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            committed: commit.is_some() || client.has(Planted::AbortsCommit),
        };
        let version = if self.is_new { 5 } else { 4 };
        let answer = Self::insist(client, &request, version, |answer| Some(answer.error_code));
        let (code, answer) = answer.await?;
        if code != ErrorCode::NONE {
            return Some(code);
        }
        if let Some(key) = commit {
            client.stage.oracle().groups.offsets.committed(key);
            client.stage.reach("offsets committed in a transaction");
        } else {
            client.stage.reach("offsets aborted in a transaction");
        }
        if self.is_new {
            self.producer = (answer.producer_id, answer.producer_epoch);
            self.sequence = 0;
        }
        Some(code)
    }
}

/// What an output record was made of: partition and offset.
pub(super) fn recognise(value: &[u8]) -> Option<(i32, i64)> {
    let (partition, offset) = value.split_first_chunk::<4>()?;
    let offset: &[u8; 8] = offset.try_into().ok()?;
    Some((i32::from_be_bytes(*partition), i64::from_be_bytes(*offset)))
}

/// Aborts what an earlier life of a member left open.
pub(super) async fn clean_up(client: &mut Client, plan: &Plan, id: Str) {
    client.stage.reach("a transaction cleaned up at the end");
    let mut producer = Producer::new(client, id);
    producer.begin_anew(client).await;
    if producer.producer.0 < 0 {
        expect_passing(
            client,
            plan,
            "InitProducerId",
            ErrorCode::UNKNOWN_SERVER_ERROR,
        );
    }
}
