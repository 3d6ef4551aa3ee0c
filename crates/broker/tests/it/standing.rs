//! What Klamm says of members beyond Kafka: to its own client, to whoever scrapes, and to nobody who does not ask.

use crate::consumer_groups::{idle, join as join_consumer};
use crate::group_consumer::{client, member, poll_until, shares, topic};
use crate::groups::{find, join, join_request, sync};
use crate::metrics::{scrape, until, value};
use crate::node::{Node, run};
use klamm_client::Admin;
use klamm_client::admin::{MemberStanding, MemberWait};
use klamm_wire::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use klamm_wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, RequestTopicPartitions,
};
use klamm_wire::messages::describe_groups::DescribeGroupsRequest;
use klamm_wire::messages::join_group::JoinGroupRequest;
use std::time::Duration;

const QUICK: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
    "klamm.metrics.listener=127.0.0.1:0",
];

async fn standing(admin: &Admin, member: &str) -> MemberStanding {
    let group = admin.describe_group("g").await.unwrap();
    let mut members = group.members.into_iter();
    let member = members.find(|one| one.member_id == member).unwrap();
    member.standing.unwrap()
}

async fn wait_of(admin: &Admin, member: &str) -> Option<MemberWait> {
    standing(admin, member).await.wait
}

fn keys(partitions: &[i32]) -> Vec<(std::sync::Arc<str>, i32)> {
    partitions.iter().map(|p| ("t".into(), *p)).collect()
}

async fn members_waiting(node: &Node, reason: &str, count: f64) {
    let name = format!("klamm_group_members_waiting{{reason=\"{reason}\"}}");
    until(node, &name, |n| n == count).await;
}

#[test]
fn a_move_says_who_waits_for_whom_and_how_long_it_took() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 2).await;
        let admin = Admin::new(&client);
        let mut peer = node.connect().await;
        assert_eq!(find(&mut peer, 0).await, 0);
        let a = peer.ask(&join_consumer("a"), 1).await;
        let mut b = peer.ask(&join_consumer("b"), 1).await;
        let begun = tokio::time::Instant::now();
        let for_a = loop {
            assert!(begun.elapsed() < Duration::from_secs(30));
            b = peer.ask(&idle("b", b.member_epoch), 1).await;
            assert_eq!(b.error_code, 0);
            match wait_of(&admin, "b").await {
                Some(MemberWait::ForOthers(holders)) => break holders,
                // The target is made a little later.
                Some(MemberWait::ForTarget | MemberWait::ToReport) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(for_a, [("a".to_owned(), keys(&[1]))]);
        let behind = standing(&admin, "a").await;
        assert_eq!(behind.wait, Some(MemberWait::ToReport));
        assert!(behind.moving.is_some() && behind.heard.is_some());
        let told = peer.ask(&idle("a", a.member_epoch), 1).await;
        let topic_id = told.assignment.unwrap().topic_partitions[0].topic_id;
        let revoke = Some(MemberWait::ToRevoke(keys(&[1])));
        assert_eq!(wait_of(&admin, "a").await, revoke);
        members_waiting(&node, "to_revoke", 1.0).await;
        members_waiting(&node, "for_others", 1.0).await;
        let partitions = Some(vec![RequestTopicPartitions {
            topic_id,
            partitions: vec![0],
        }]);
        let gave = ConsumerGroupHeartbeatRequest {
            topic_partitions: partitions,
            ..idle("a", a.member_epoch)
        };
        assert_eq!(peer.ask(&gave, 1).await.error_code, 0);
        b = peer.ask(&idle("b", b.member_epoch), 1).await;
        assert!(b.assignment.is_some());
        for member in ["a", "b"] {
            let has = standing(&admin, member).await;
            assert_eq!((has.wait, has.moving), (None, None));
            assert!(has.last_pause.is_some());
        }
        let pauses = "klamm_group_member_pause_seconds_count{protocol=\"consumer\"}";
        assert_eq!(value(&scrape(&node).await, pauses), Some(3.0));
        members_waiting(&node, "to_revoke", 0.0).await;

        // Whoever does not ask is not told.
        let plain = ConsumerGroupDescribeRequest {
            group_ids: vec!["g".into()],
            ..ConsumerGroupDescribeRequest::default()
        };
        let described = peer.ask(&plain, 1).await.groups.remove(0);
        assert_eq!(described.members.len(), 2);
        assert!(
            described
                .members
                .iter()
                .all(|member| member.standing.is_none())
        );
        node.stop().await;
    });
}

#[test]
fn a_round_of_a_classic_group_says_who_is_missing() {
    run(async {
        let node = Node::start(QUICK).await;
        let admin = Admin::new(&client(&node, &[]));
        let mut first = node.connect().await;
        assert_eq!(find(&mut first, 0).await, 0);
        let joined = join(&mut first).await;
        let leader = &*joined.member_id;
        assert_eq!(wait_of(&admin, leader).await, Some(MemberWait::ToAssign));
        sync(&mut first, &joined).await;
        assert_eq!(wait_of(&admin, leader).await, None);
        let mut second = node.connect().await;
        let promised = second.ask(&join_request(""), 9).await;
        let waiting = second.send(&join_request(&promised.member_id), 9).await;
        members_waiting(&node, "to_join", 1.0).await;
        assert_eq!(wait_of(&admin, leader).await, Some(MemberWait::ToJoin));
        let for_leader = MemberWait::ForJoins(vec![leader.to_owned()], 0);
        assert_eq!(wait_of(&admin, &promised.member_id).await, Some(for_leader));
        let again = first.ask(&join_request(leader), 9).await;
        let other = second.receive::<JoinGroupRequest>(waiting, 9).await;
        assert_eq!(
            wait_of(&admin, &other.member_id).await,
            Some(MemberWait::ToSync)
        );
        sync(&mut first, &again).await;
        sync(&mut second, &other).await;
        for member in [&again.member_id, &other.member_id] {
            let has = standing(&admin, member).await;
            assert_eq!((has.wait, has.moving), (None, None));
            assert!(has.last_pause.is_some() && has.heard.is_some());
        }
        let pauses = "klamm_group_member_pause_seconds_count{protocol=\"classic\"}";
        assert_eq!(value(&scrape(&node).await, pauses), Some(3.0));
        let plain = DescribeGroupsRequest { groups: vec!["g".into()], ..Default::default() };
        let described = first.ask(&plain, 6).await.groups.remove(0);
        assert_eq!(described.members.len(), 2);
        assert!(
            described
                .members
                .iter()
                .all(|member| member.standing.is_none())
        );
        node.stop().await;
    });
}

#[test]
fn the_last_fetch_of_a_member_is_known_by_its_clients_name_and_address() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[("client.id", "reader")]);
        topic(&client, 2).await;
        let mut one = member(&client, &[("group.protocol", "consumer")], &[]);
        poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
        let admin = Admin::new(&client);
        let id = one.group_metadata().member_id.clone();
        let begun = tokio::time::Instant::now();
        let fetched = loop {
            assert!(begun.elapsed() < Duration::from_secs(30));
            one.poll(Duration::from_millis(20)).await.unwrap();
            if let Some(fetched) = standing(&admin, &id).await.fetched {
                break fetched;
            }
        };
        assert!(fetched < Duration::from_secs(60), "{fetched:?}");
        one.close().await.unwrap();
        node.stop().await;
    });
}

#[test]
fn members_that_are_gone_are_counted_by_why() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 1).await;
        let mut peer = node.connect().await;
        assert_eq!(find(&mut peer, 0).await, 0);
        let gone = |reason| format!("klamm_group_members_gone_total{{reason=\"{reason}\"}}");
        let page = scrape(&node).await;
        for reason in ["left", "session_timeout", "revocation_timeout"] {
            assert_eq!(value(&page, &gone(reason)), Some(0.0), "{reason}");
        }
        let joined = peer.ask(&join_consumer("a"), 1).await;
        assert_eq!(joined.error_code, 0);
        peer.ask(&idle("a", -1), 1).await;
        until(&node, &gone("left"), |n| n == 1.0).await;
        node.stop().await;
    });
}
