//! Who asks coordinators: members of groups of both protocols, and a transactional producer.

use crate::pipe::Pipe;
use crate::requests::{Fallible, Frame, TOPIC, ask, frame};
use crate::until_accepted;
use bytes::Bytes;
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use klamm_wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, RequestTopicPartitions,
};
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use klamm_wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

const GROUP: &str = "group";
const TRANSACTIONAL_ID: &str = "transactional";

/// Waits until a coordinator is there.
pub(crate) async fn find_coordinator(pipe: &Pipe, key_type: i8, key: &str) -> Fallible<()> {
    let find = FindCoordinatorRequest {
        key_type,
        coordinator_keys: vec![key.into()],
        ..FindCoordinatorRequest::default()
    };
    until_accepted(async || {
        let answer = ask(pipe, &find, 4).await?;
        let mut found = answer.coordinators.iter();
        Ok(found.all(|found| found.error_code == 0))
    })
    .await
}

/// A partition is added to a transaction, which ends: n requests of both kinds together.
pub(crate) async fn transactional(pipe: &Pipe, n: usize) -> Fallible<Vec<Frame>> {
    find_coordinator(pipe, 1, TRANSACTIONAL_ID).await?;
    let init = InitProducerIdRequest {
        transactional_id: Some(TRANSACTIONAL_ID.into()),
        transaction_timeout_ms: 60_000,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequest::default()
    };
    let mut producer = InitProducerIdResponse::default();
    until_accepted(async || {
        producer = ask(pipe, &init, 4).await?;
        Ok(producer.error_code == 0)
    })
    .await?;
    let add = AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: TRANSACTIONAL_ID.into(),
        v3_and_below_producer_id: producer.producer_id,
        v3_and_below_producer_epoch: producer.producer_epoch,
        v3_and_below_topics: vec![AddPartitionsToTxnTopic {
            name: TOPIC.into(),
            partitions: vec![0],
        }],
        ..AddPartitionsToTxnRequest::default()
    };
    let end = EndTxnRequest {
        transactional_id: TRANSACTIONAL_ID.into(),
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch,
        committed: true,
    };
    let both = [frame(&add, 3)?, frame(&end, 4)?];
    Ok(both.iter().cycle().take(n).cloned().collect())
}

/// Heartbeats of a member that has joined and has its assignment.
pub(crate) async fn beating_classic(pipe: &Pipe, n: usize) -> Fallible<Vec<Frame>> {
    find_coordinator(pipe, 0, GROUP).await?;
    let mut join = JoinGroupRequest {
        group_id: GROUP.into(),
        session_timeout_ms: 45_000,
        rebalance_timeout_ms: 45_000,
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol {
            name: "range".into(),
            metadata: Bytes::from_static(b"metadata"),
        }],
        ..JoinGroupRequest::default()
    };
    let mut generation = -1;
    until_accepted(async || {
        let answer = ask(pipe, &join, 5).await?;
        if answer.error_code == ErrorCode::MEMBER_ID_REQUIRED.code() {
            join.member_id = answer.member_id;
            return Ok(false);
        }
        generation = answer.generation_id;
        Ok(answer.error_code == 0)
    })
    .await?;
    let member_id: Str = join.member_id;
    let sync = SyncGroupRequest {
        group_id: GROUP.into(),
        generation_id: generation,
        member_id: member_id.clone(),
        assignments: vec![SyncGroupRequestAssignment {
            member_id: member_id.clone(),
            assignment: Bytes::from_static(b"assignment"),
        }],
        ..SyncGroupRequest::default()
    };
    until_accepted(async || Ok(ask(pipe, &sync, 3).await?.error_code == 0)).await?;
    let beat = HeartbeatRequest {
        group_id: GROUP.into(),
        generation_id: generation,
        member_id,
        ..HeartbeatRequest::default()
    };
    Ok(vec![frame(&beat, 4)?; n])
}

/// Heartbeats of a member that has its assignment and nothing to say.
pub(crate) async fn beating_consumer(pipe: &Pipe, n: usize) -> Fallible<Vec<Frame>> {
    find_coordinator(pipe, 0, GROUP).await?;
    let mut beat = ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        rebalance_timeout_ms: 45_000,
        subscribed_topic_names: Some(vec![TOPIC.into()]),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    until_accepted(async || {
        let answer = ask(pipe, &beat, 1).await?;
        if answer.error_code != 0 {
            return Ok(false);
        }
        beat.member_epoch = answer.member_epoch;
        (beat.subscribed_topic_names, beat.rebalance_timeout_ms) = (None, -1);
        let owned = answer.assignment.map(|assignment| {
            let topics = assignment.topic_partitions.into_iter();
            let owned = topics.map(|topic| RequestTopicPartitions {
                topic_id: topic.topic_id,
                partitions: topic.partitions,
            });
            owned.collect::<Vec<_>>()
        });
        // What it owns is told once more.
        let has_all = owned.as_ref().is_some_and(|owned| !owned.is_empty());
        beat.topic_partitions = owned;
        Ok(has_all)
    })
    .await?;
    let owner = ask(pipe, &beat, 1).await?;
    beat.member_epoch = owner.member_epoch;
    beat.topic_partitions = None;
    Ok(vec![frame(&beat, 1)?; n])
}
