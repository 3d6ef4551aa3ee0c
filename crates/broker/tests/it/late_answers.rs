//! Members of groups whose answers are late because of the node: that does not cost them their membership. In simulated
//! time.

use crate::commits::commit;
use crate::consumer_groups::{idle, join};
use crate::simulated::{ask, make_topic, start};
use klamm_codec::Str;
use klamm_host::Connection;
use klamm_host_sim::{DiskOp, SimDisk, World};
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use std::time::Duration;
use tokio::time::Instant;

const SESSION_MS: i32 = 45_000;
/// Longer than any session.
const LINGER: (&str, &str) = ("group.coordinator.append.linger.ms", "600000");

async fn find_coordinator(connection: &mut dyn Connection) {
    let find = FindCoordinatorRequest {
        coordinator_keys: vec!["g".into()],
        ..FindCoordinatorRequest::default()
    };
    while ask(connection, &find, 4).await.coordinators[0].error_code != 0 {}
}

/// Makes the log of groups wait for the disk.
async fn sync_commits(connection: &mut dyn Connection) {
    let topic = AlterConfigsResource {
        resource_type: 2,
        resource_name: "__consumer_offsets".into(),
        configs: vec![AlterableConfig {
            name: "flush.messages".into(),
            value: Some("1".into()),
            ..AlterableConfig::default()
        }],
    };
    let alter = IncrementalAlterConfigsRequest { resources: vec![topic], validate_only: false };
    let answer = ask(connection, &alter, 1).await;
    assert_eq!(answer.responses[0].error_code, 0, "{answer:?}");
}

/// A member joins; from then on a commit takes longer than its session lasts. Gives its epoch.
async fn join_on_a_slow_disk(connection: &mut dyn Connection, disk: &SimDisk) -> i32 {
    make_topic(connection).await;
    find_coordinator(connection).await;
    sync_commits(connection).await;
    let joined = ask(connection, &join("a"), 1).await;
    assert_eq!(joined.error_code, 0, "{joined:?}");
    disk.set_latency(|op, _| match op {
        DiskOp::SyncData => Duration::from_secs(60),
        _ => Duration::ZERO,
    });
    joined.member_epoch
}

#[test]
fn a_heartbeat_that_waits_behind_a_slow_sync_comes_before_the_end_of_its_session() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let one_shard = [("offsets.topic.num.partitions", "1")];
        let (broker, host, address) = start(&mut machine, &one_shard).await;
        let mut connection = host.net.connect(address).await.unwrap();
        let mut other = host.net.connect(address).await.unwrap();
        let epoch = join_on_a_slow_disk(&mut *connection, &machine.disk).await;
        let commit = tokio::spawn(async move { ask(&mut *other, &commit(1), 8).await });
        tokio::time::sleep(Duration::from_secs(20)).await;
        let begun = Instant::now();
        let beat = idle("a", epoch);
        let answer = ask(&mut *connection, &beat, 1).await;
        assert!(begun.elapsed() > Duration::from_secs(30), "it waited");
        assert_eq!(answer.error_code, 0, "{answer:?}");
        assert_eq!(commit.await.unwrap().topics[0].partitions[0].error_code, 0);
        machine.disk.set_latency(|_, _| Duration::ZERO);
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_member_that_waits_behind_a_slow_sync_for_longer_than_its_session_lasts_keeps_it() {
    let run = World::run(2, |mut world| async move {
        let mut machine = world.node();
        let one_shard = [("offsets.topic.num.partitions", "1")];
        let (broker, host, address) = start(&mut machine, &one_shard).await;
        let mut connection = host.net.connect(address).await.unwrap();
        let epoch = join_on_a_slow_disk(&mut *connection, &machine.disk).await;
        let begun = Instant::now();
        // Its own: nothing of it is on the way meanwhile.
        let committed = ask(&mut *connection, &commit(1), 8).await;
        assert_eq!(committed.topics[0].partitions[0].error_code, 0);
        assert!(begun.elapsed() > Duration::from_secs(50), "it waited");
        machine.disk.set_latency(|_, _| Duration::ZERO);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let beat = idle("a", epoch);
        let answer = ask(&mut *connection, &beat, 1).await;
        assert_eq!(answer.error_code, 0, "{answer:?}");
        // It goes silent, and is let go.
        tokio::time::sleep(Duration::from_secs(130)).await;
        let answer = ask(&mut *connection, &beat, 1).await;
        assert_ne!(answer.error_code, 0);
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

/// Runs a client against a node that holds batches of groups open for ten minutes.
fn with_a_long_linger<F, Fut>(client: F)
where
    F: FnOnce(Box<dyn Connection>) -> Fut + 'static,
    Fut: Future<Output = ()>,
{
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine, &[LINGER]).await;
        let mut connection = host.net.connect(address).await.unwrap();
        make_topic(&mut *connection).await;
        find_coordinator(&mut *connection).await;
        client(connection).await;
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_member_whose_heartbeat_is_held_back_in_a_batch_keeps_its_session() {
    with_a_long_linger(|mut connection| async move {
        let connection = &mut *connection;
        let begun = Instant::now();
        let mut answer = ask(connection, &join("a"), 1).await;
        assert!(
            begun.elapsed() > Duration::from_secs(10),
            "it was held back"
        );
        for _ in 0..20 {
            assert_eq!(answer.error_code, 0, "{answer:?}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            answer = ask(connection, &idle("a", answer.member_epoch), 1).await;
        }
    });
}

fn classic_join(member_id: Str) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: "c".into(),
        session_timeout_ms: SESSION_MS,
        rebalance_timeout_ms: 300_000,
        member_id,
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol {
            name: "range".into(),
            ..JoinGroupRequestProtocol::default()
        }],
        ..JoinGroupRequest::default()
    }
}

#[test]
fn a_classic_member_whose_assignment_is_held_back_keeps_its_session() {
    with_a_long_linger(|mut connection| async move {
        let connection = &mut *connection;
        let told = ask(connection, &classic_join(Str::EMPTY), 9).await;
        let joined = ask(connection, &classic_join(told.member_id), 9).await;
        assert_eq!(joined.error_code, 0, "{joined:?}");
        let begun = Instant::now();
        let member_id = joined.member_id;
        let sync = SyncGroupRequest {
            group_id: "c".into(),
            generation_id: joined.generation_id,
            member_id: member_id.clone(),
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            assignments: vec![SyncGroupRequestAssignment {
                member_id: member_id.clone(),
                ..SyncGroupRequestAssignment::default()
            }],
            ..SyncGroupRequest::default()
        };
        let synced = ask(connection, &sync, 5).await;
        assert!(
            begun.elapsed() > Duration::from_secs(10),
            "it was held back"
        );
        assert_eq!(synced.error_code, 0, "{synced:?}");
        let beat = HeartbeatRequest {
            group_id: "c".into(),
            generation_id: joined.generation_id,
            member_id,
            ..HeartbeatRequest::default()
        };
        for _ in 0..20 {
            let answer = ask(connection, &beat, 4).await;
            assert_eq!(answer.error_code, 0, "{answer:?}");
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
}
