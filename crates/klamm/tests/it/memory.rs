//! What each of many costs a node in memory: it fails above the figures that docs/performance.md states.

use crate::node::Node;
use bytes::{Bytes, BytesMut};
use klamm_codec::Message;
use klamm_model::ProducerId;
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord};
use klamm_wire::header::encode_request;
use klamm_wire::messages::api_versions::ApiVersionsRequest;
use klamm_wire::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use klamm_wire::{ErrorCode, Request, Response, ResponseHeader};
use std::io::{Read, Write};
use std::net::TcpStream;

/// The most that each may cost, in bytes.
mod budget {
    pub(super) const PARTITION: u64 = 1_400;
    pub(super) const CONNECTION: u64 = 3_072;
    pub(super) const PRODUCER_ID: u64 = 400;
    pub(super) const GROUP: u64 = 2_400;
    pub(super) const GROUP_MEMBER: u64 = 4_800;
    pub(super) const TRANSACTIONAL_ID: u64 = 400;
}

/// Requests under way at once.
const DEPTH: usize = 32;

/// A connection that asks many things at once.
struct Asker(TcpStream);

impl Asker {
    fn connect(node: &Node) -> Self {
        let stream = TcpStream::connect(node.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        let patience = std::time::Duration::from_secs(60);
        stream.set_read_timeout(Some(patience)).unwrap();
        Self(stream)
    }

    /// The answers to all; none may have an error, but those that pass with time are asked again.
    fn ask_all<R: Request>(&mut self, requests: &[R], version: i16) -> Vec<R::Response> {
        let mut answers = Vec::new();
        for window in requests.chunks(DEPTH) {
            let mut bytes = Vec::new();
            for request in window {
                let frame = encode_request(request, version, 1, Some(&"memory".into())).unwrap();
                bytes.extend_from_slice(&frame.into_bytes().unwrap());
            }
            self.0.write_all(&bytes).unwrap();
            for request in window {
                let mut answer = self.read::<R>(version);
                while is_passing(&answer) {
                    std::thread::yield_now();
                    let frame = encode_request(request, version, 1, None).unwrap();
                    let mut other = TcpStream::connect(self.0.peer_addr().unwrap()).unwrap();
                    other.write_all(&frame.into_bytes().unwrap()).unwrap();
                    answer = Self(other).read::<R>(version);
                }
                answers.push(answer);
            }
        }
        answers
    }

    fn ask<R: Request>(&mut self, request: R, version: i16) -> R::Response {
        self.ask_all(&[request], version).remove(0)
    }

    fn read<R: Request>(&mut self, version: i16) -> R::Response {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut body = BytesMut::zeroed(usize::try_from(i32::from_be_bytes(length)).unwrap());
        self.0.read_exact(&mut body).unwrap();
        let (_, mut dec) = ResponseHeader::decode(body.freeze(), R::KEY, version).unwrap();
        R::Response::decode(&mut dec, version).unwrap()
    }
}

/// The answer says that something loads or is being made.
fn is_passing<R: Response>(answer: &R) -> bool {
    let mut passing = false;
    answer.visit_errors(&mut |error| {
        let passes = [
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ErrorCode::NOT_COORDINATOR,
        ];
        assert!(passes.contains(&error), "{error:?}");
        passing = true;
    });
    passing
}

/// Fills the node with `count` of something, after a few that make room for all, and checks what each costs.
fn costs(
    node: &Node,
    what: &str,
    (count, budget): (usize, u64),
    mut fill: impl FnMut(std::ops::Range<usize>),
) {
    fill(0..count / 10);
    let before = node.rss_bytes();
    fill(count / 10..count + count / 10);
    let each = node.rss_bytes().saturating_sub(before) / count as u64;
    eprintln!("{what}: {each} bytes each");
    assert!(
        each <= budget,
        "{what}: {each} bytes each, {budget} are allowed"
    );
}

fn find_coordinator(asker: &mut Asker, key: &str, key_type: i8) {
    let request = FindCoordinatorRequest {
        key_type,
        coordinator_keys: vec![key.into()],
        ..FindCoordinatorRequest::default()
    };
    asker.ask(request, 4);
}

fn create(asker: &mut Asker, topics: impl Iterator<Item = String>) {
    let topic = |name: String| MetadataRequestTopic {
        name: Some(name.as_str().into()),
        ..MetadataRequestTopic::default()
    };
    let request = MetadataRequest {
        topics: Some(topics.map(topic).collect()),
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    };
    asker.ask(request, 9);
}

fn batch_of(producer_id: i64) -> Bytes {
    let mut builder = BatchBuilder::new();
    let record = NewRecord { timestamp_ms: 1, key: None, value: Some(b"v"), headers: &[] };
    builder.append(&record).unwrap();
    let fields = BatchFields {
        producer_id: ProducerId(producer_id),
        producer_epoch: 0,
        base_sequence: 0,
        ..BatchFields::default()
    };
    builder
        .build(&fields, Codec::default(), &mut Deflater::new())
        .unwrap()
}

fn produce(topic: &str, records: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { index: 0, records: Some(records.into()) };
    ProduceRequest {
        acks: 1,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: vec![partition],
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    }
}

#[test]
fn idle_partitions_keep_to_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &["num.partitions=100"]);
    let mut asker = Asker::connect(&node);
    costs(
        &node,
        "an idle partition",
        (5_000, budget::PARTITION),
        |range| {
            for topic in range.step_by(100) {
                create(&mut asker, std::iter::once(format!("t-{topic}")));
            }
        },
    );
}

#[test]
fn idle_connections_keep_to_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &["klamm.accept.rate=100000"]);
    let mut open = Vec::new();
    costs(
        &node,
        "an idle connection",
        (400, budget::CONNECTION),
        |range| {
            for _ in range {
                let mut asker = Asker::connect(&node);
                asker.ask(ApiVersionsRequest::default(), 0);
                open.push(asker);
            }
        },
    );
}

#[test]
fn a_shell_limit_on_open_files_is_none_on_connections() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start_under("ulimit -Sn 200", &data, &["klamm.accept.rate=100000"]);
    let mut open: Vec<_> = (0..300).map(|_| Asker::connect(&node)).collect();
    for asker in &mut open {
        asker.ask(ApiVersionsRequest::default(), 0);
    }
    assert!(!node.log().contains("few files"), "{}", node.log());
    drop((open, node));
    let node = Node::start_under("ulimit -n 200", &data, &[]);
    assert!(node.log().contains("few files"), "{}", node.log());
}

#[test]
fn producer_ids_of_a_partition_keep_to_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &["num.partitions=1"]);
    let mut asker = Asker::connect(&node);
    create(&mut asker, std::iter::once("t".to_owned()));
    costs(
        &node,
        "a producer id",
        (20_000, budget::PRODUCER_ID),
        |range| {
            let requests: Vec<_> = range.map(|id| produce("t", batch_of(id as i64))).collect();
            asker.ask_all(&requests, 9);
        },
    );
}

#[test]
fn groups_with_a_commit_keep_to_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &["num.partitions=1"]);
    let mut asker = Asker::connect(&node);
    create(&mut asker, std::iter::once("t".to_owned()));
    find_coordinator(&mut asker, "g", 0);
    costs(
        &node,
        "a group with one commit",
        (20_000, budget::GROUP),
        |range| {
            let commit = |id: usize| OffsetCommitRequest {
                group_id: format!("group-{id}").as_str().into(),
                generation_id_or_member_epoch: -1,
                topics: vec![OffsetCommitRequestTopic {
                    name: "t".into(),
                    partitions: vec![OffsetCommitRequestPartition {
                        partition_index: 0,
                        committed_offset: 1,
                        committed_leader_epoch: -1,
                        committed_metadata: Some("".into()),
                    }],
                    ..OffsetCommitRequestTopic::default()
                }],
                ..OffsetCommitRequest::default()
            };
            let requests: Vec<_> = range.map(commit).collect();
            asker.ask_all(&requests, 8);
        },
    );
}

#[test]
fn transactional_ids_keep_to_their_budget() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &[]);
    let mut asker = Asker::connect(&node);
    find_coordinator(&mut asker, "t", 1);
    let cost = (20_000, budget::TRANSACTIONAL_ID);
    costs(&node, "a transactional id", cost, |range| {
        let init = |id: usize| InitProducerIdRequest {
            transactional_id: Some(format!("transactional-{id}").as_str().into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let requests: Vec<_> = range.map(init).collect();
        asker.ask_all(&requests, 4);
    });
}

#[test]
fn members_of_a_group_keep_to_their_budget_and_a_thousand_settle_in_a_few_rounds() {
    const MEMBERS: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_with(&folder.path().join("data"), &["num.partitions=1000"]);
    let mut asker = Asker::connect(&node);
    create(&mut asker, std::iter::once("t".to_owned()));
    find_coordinator(&mut asker, "g", 0);
    let mut members: Vec<(String, i32, Vec<_>)> = Vec::new();
    let cost = (MEMBERS * 10 / 11, budget::GROUP_MEMBER);
    costs(&node, "a member of a group", cost, |range| {
        let join = |id: usize| ConsumerGroupHeartbeatRequest {
            group_id: "g".into(),
            member_id: format!("member-{id}").as_str().into(),
            member_epoch: 0,
            rebalance_timeout_ms: 300_000,
            subscribed_topic_names: Some(vec!["t".into()]),
            topic_partitions: Some(Vec::new()),
            ..ConsumerGroupHeartbeatRequest::default()
        };
        let requests: Vec<_> = range.map(join).collect();
        for answer in asker.ask_all(&requests, 1) {
            let id = answer.member_id.unwrap().to_string();
            members.push((id, answer.member_epoch, partitions_of(answer.assignment)));
        }
    });
    // Each round is one heartbeat of every member.
    for round in 1.. {
        assert!(round <= 4, "still moving after {round} rounds");
        let beat = |(id, epoch, owned): &(String, i32, Vec<_>)| ConsumerGroupHeartbeatRequest {
            group_id: "g".into(),
            member_id: id.as_str().into(),
            member_epoch: *epoch,
            rebalance_timeout_ms: -1,
            topic_partitions: Some(owned.clone()),
            ..ConsumerGroupHeartbeatRequest::default()
        };
        let requests: Vec<_> = members.iter().map(beat).collect();
        for (member, answer) in members.iter_mut().zip(asker.ask_all(&requests, 1)) {
            member.1 = answer.member_epoch;
            if answer.assignment.is_some() {
                member.2 = partitions_of(answer.assignment);
            }
        }
        let newest = members.iter().map(|member| member.1).max();
        let owned = |member: &(String, i32, Vec<_>)| count(&member.2) > 0;
        if members.iter().all(|m| Some(m.1) == newest && owned(m)) {
            eprintln!("{} members settled after {round} rounds", members.len());
            break;
        }
    }
}

use klamm_wire::messages::consumer_group_heartbeat::{Assignment, RequestTopicPartitions as Owned};

fn partitions_of(assignment: Option<Box<Assignment>>) -> Vec<Owned> {
    let topics = assignment.into_iter().flat_map(|a| a.topic_partitions);
    let owned = |topic: klamm_wire::messages::consumer_group_heartbeat::ResponseTopicPartitions| {
        Owned { topic_id: topic.topic_id, partitions: topic.partitions }
    };
    topics.map(owned).collect()
}

fn count(owned: &[Owned]) -> usize {
    owned.iter().map(|topic| topic.partitions.len()).sum()
}
