//! Groups of the consumer protocol over loopback (KIP-848), across restarts and beside the other protocol.

use crate::node::{Node, Peer, run};
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::consumer_group_describe::{ConsumerGroupDescribeRequest, DescribedGroup};
use klamm_wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use klamm_wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use klamm_wire::messages::describe_groups::DescribeGroupsRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::list_groups::ListGroupsRequest;
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use klamm_wire::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};

const QUICK: &[&str] = &[
    "offsets.topic.num.partitions=3",
    "group.consumer.min.heartbeat.interval.ms=10",
    "group.consumer.min.session.timeout.ms=100",
];

async fn ready(node: &Node) -> (Peer, Uuid) {
    let mut peer = node.connect().await;
    let topic = peer.topic("t").await;
    let request = FindCoordinatorRequest {
        coordinator_keys: vec!["g".into()],
        ..FindCoordinatorRequest::default()
    };
    let found = peer.ask(&request, 6).await;
    assert_eq!(found.coordinators[0].error_code, ErrorCode::NONE.code());
    (peer, topic)
}

pub(crate) fn join(member: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: member.into(),
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    }
}

pub(crate) fn idle(member: &str, member_epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: member.into(),
        member_epoch,
        rebalance_timeout_ms: -1,
        ..ConsumerGroupHeartbeatRequest::default()
    }
}

fn assigned(answer: &ConsumerGroupHeartbeatResponse) -> Vec<(Uuid, Vec<i32>)> {
    let assignment = answer.assignment.as_ref().unwrap();
    let topics = assignment.topic_partitions.iter();
    topics
        .map(|topic| (topic.topic_id, topic.partitions.clone()))
        .collect()
}

async fn describe(peer: &mut Peer, group: &str) -> DescribedGroup {
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec![group.into()],
        include_authorized_operations: true,
        ..ConsumerGroupDescribeRequest::default()
    };
    peer.ask(&request, 1).await.groups.remove(0)
}

#[test]
fn a_member_joins_is_described_and_outlives_the_node() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, topic) = ready(&node).await;
        let joined = peer.ask(&join("a"), 1).await;
        assert_eq!((joined.error_code, joined.member_epoch), (0, 1));
        assert_eq!(assigned(&joined), [(topic, vec![0])]);

        let node = node.restart().await;
        let mut peer = node.connect().await;
        let beat = peer.ask(&idle("a", 1), 1).await;
        assert_eq!(
            (beat.error_code, beat.member_epoch, beat.assignment),
            (0, 1, None)
        );
        let group = describe(&mut peer, "g").await;
        assert_eq!((&*group.group_state, group.group_epoch), ("Stable", 1));
        assert_eq!(
            (group.assignment_epoch, &*group.assignor_name),
            (1, "uniform")
        );
        assert!(group.authorized_operations > 0);
        let member = &group.members[0];
        assert_eq!((&*member.member_id, member.member_type), ("a", 1));
        assert_eq!(member.assignment, member.target_assignment);
        assert_eq!(&*member.assignment.topic_partitions[0].topic_name, "t");
        let left = peer.ask(&idle("a", -1), 1).await;
        assert_eq!((left.error_code, left.member_epoch), (0, -1));
        assert_eq!(&*describe(&mut peer, "g").await.group_state, "Empty");
        node.stop().await;
    });
}

#[test]
fn refusals_have_kafkas_codes_and_a_reason() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, _) = ready(&node).await;
        let mut check = async |request: ConsumerGroupHeartbeatRequest, version, code: ErrorCode| {
            let answer = peer.ask(&request, version).await;
            assert_eq!(answer.error_code, code.code(), "{request:?}");
            assert!(answer.error_message.is_some() && answer.member_id.is_none());
        };
        check(join(""), 1, ErrorCode::INVALID_REQUEST).await;
        check(idle("a", 3), 1, ErrorCode::GROUP_ID_NOT_FOUND).await;
        let mut other = join("a");
        other.server_assignor = Some("x".into());
        check(other, 1, ErrorCode::UNSUPPORTED_ASSIGNOR).await;
        let mut pattern = join("a");
        pattern.subscribed_topic_regex = Some("(".into());
        check(pattern, 1, ErrorCode::INVALID_REGULAR_EXPRESSION).await;
        let joined = peer.ask(&join(""), 0).await;
        assert_eq!(joined.error_code, 0, "version 0 gives ids");
        let id = joined.member_id.unwrap();
        let mut check = async |request: ConsumerGroupHeartbeatRequest, code: ErrorCode| {
            assert_eq!(peer.ask(&request, 1).await.error_code, code.code());
        };
        check(idle(&id, 7), ErrorCode::FENCED_MEMBER_EPOCH).await;
        check(idle("nobody", 1), ErrorCode::UNKNOWN_MEMBER_ID).await;
        node.stop().await;
    });
}

#[test]
fn a_group_is_listed_by_state_and_type_and_is_no_classic_group() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, _) = ready(&node).await;
        peer.ask(&join("a"), 1).await;
        for (states, types, count) in [
            (vec![], vec![], 1),
            (vec!["stable"], vec!["Consumer"], 1),
            (vec![], vec!["classic"], 0),
            (vec!["Empty"], vec![], 0),
        ] {
            let request = ListGroupsRequest {
                states_filter: states.into_iter().map(Into::into).collect(),
                types_filter: types.into_iter().map(Into::into).collect(),
            };
            let listed = peer.ask(&request, 5).await.groups;
            assert_eq!(listed.len(), count);
            for group in listed {
                assert_eq!(
                    (&*group.group_type, &*group.protocol_type),
                    ("consumer", "consumer")
                );
            }
        }
        let request =
            DescribeGroupsRequest { groups: vec!["g".into()], ..DescribeGroupsRequest::default() };
        let group = peer.ask(&request, 6).await.groups.remove(0);
        assert_eq!(group.error_code, ErrorCode::GROUP_ID_NOT_FOUND.code());
        assert_eq!(&*group.group_state, "Dead");
        assert_eq!(peer.ask(&request, 5).await.groups[0].error_code, 0);
        let unknown = describe(&mut peer, "nobody").await;
        assert_eq!(unknown.error_code, ErrorCode::GROUP_ID_NOT_FOUND.code());
        let unnamed = describe(&mut peer, "").await;
        assert_eq!(unnamed.error_code, ErrorCode::INVALID_GROUP_ID.code());
        node.stop().await;
    });
}

#[test]
fn a_topic_that_grows_is_noticed_and_a_groups_own_times_count() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, topic) = ready(&node).await;
        peer.ask(&join("a"), 1).await;
        let set = |name: &str, value: &str| IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: 32,
                resource_name: "g".into(),
                configs: vec![AlterableConfig {
                    name: name.into(),
                    config_operation: 0,
                    value: Some(value.into()),
                }],
            }],
            validate_only: false,
        };
        let altered = peer
            .ask(&set("consumer.heartbeat.interval.ms", "20"), 1)
            .await;
        assert_eq!(altered.responses[0].error_code, 0);
        let grow = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic { name: "t".into(), count: 3, assignments: None }],
            timeout_ms: 10_000,
            validate_only: false,
        };
        assert_eq!(peer.ask(&grow, 3).await.results[0].error_code, 0);
        let mut epoch = 1;
        loop {
            let answer = peer.ask(&idle("a", epoch), 1).await;
            assert_eq!(answer.error_code, 0);
            assert_eq!(answer.heartbeat_interval_ms, 20);
            epoch = answer.member_epoch;
            if answer.assignment.is_some() {
                assert_eq!(assigned(&answer), [(topic, vec![0, 1, 2])]);
                break;
            }
        }
        node.stop().await;
    });
}

#[test]
fn a_fetch_of_offsets_with_a_stale_epoch_is_refused() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, _) = ready(&node).await;
        peer.ask(&join("a"), 1).await;
        for (member, epoch, code) in [
            (Some("a"), 1, ErrorCode::NONE),
            (None, -1, ErrorCode::NONE),
            (Some("a"), 2, ErrorCode::STALE_MEMBER_EPOCH),
            (Some("b"), 1, ErrorCode::UNKNOWN_MEMBER_ID),
        ] {
            let topic = OffsetFetchRequestTopics {
                name: "t".into(),
                partition_indexes: vec![0],
                ..OffsetFetchRequestTopics::default()
            };
            let group = OffsetFetchRequestGroup {
                group_id: "g".into(),
                topics: Some(vec![topic]),
                member_id: member.map(Into::into),
                member_epoch: epoch,
            };
            let request =
                OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
            let fetched = peer.ask(&request, 9).await;
            assert_eq!(
                fetched.groups[0].error_code,
                code.code(),
                "{member:?} {epoch}"
            );
        }
        node.stop().await;
    });
}

#[test]
fn the_protocol_is_served_as_the_cluster_switches_it_while_the_node_runs() {
    run(async {
        let node = Node::start(QUICK).await;
        let (mut peer, _) = ready(&node).await;
        let switch = |level| UpdateFeaturesRequest {
            timeout_ms: 10_000,
            feature_updates: vec![FeatureUpdateKey {
                feature: "group.version".into(),
                max_version_level: level,
                upgrade_type: if level == 0 { 2 } else { 1 },
                ..FeatureUpdateKey::default()
            }],
            validate_only: false,
        };
        let refused = ErrorCode::UNSUPPORTED_VERSION.code();
        for (level, joins, described) in [(0, refused, refused), (1, 0, 0)] {
            assert_eq!(peer.ask(&switch(level), 2).await.error_code, 0);
            assert_eq!(peer.ask(&join("a"), 1).await.error_code, joins);
            assert_eq!(describe(&mut peer, "g").await.error_code, described);
        }
        node.stop().await;
    });
}

#[test]
fn a_broker_that_has_switched_the_protocol_off_does_not_serve_it() {
    run(async {
        let node = Node::start(&["group.coordinator.rebalance.protocols=classic"]).await;
        let (mut peer, _) = ready(&node).await;
        let refused = ErrorCode::UNSUPPORTED_VERSION.code();
        assert_eq!(peer.ask(&join("a"), 1).await.error_code, refused);
        assert_eq!(describe(&mut peer, "g").await.error_code, refused);
        node.stop().await;
    });
}
