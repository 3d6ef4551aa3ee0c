//! Logs that can't be opened at the start, for want of room or since a read fails: they are opened when they can be. In simulated time, but for
//! what happens while one is being opened.

use crate::commits::commit;
use crate::gated_disk::{Gate, GatedDisk};
use crate::node::{Node, batch, batch_at, create, fetch, produce_request, run};
use crate::simulated::{ask, start};
use klamm_host::{Connection, Disk, Host};
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimNode, World};
use klamm_records::{BatchFields, Compression};
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::delete_topics::DeleteTopicsRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestTopic};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SETTINGS: [(&str, &str); 2] = [
    ("offsets.topic.num.partitions", "1"),
    ("transaction.state.log.num.partitions", "1"),
];
/// Longer than the node waits between two looks for room.
const A_WHILE: Duration = Duration::from_secs(30);

/// From now on there is no room for the index entries of a topic.
fn fill(disk: &SimDisk, topic: &str) {
    let writes = DiskFault::always(OpFilter::Is(DiskOp::Write), Effect::Enospc);
    disk.inject(writes.on(&format!("{topic} .index")));
}

async fn append(connection: &mut dyn Connection, host: &Host) -> Result<i64, ErrorCode> {
    let value = vec![7; 6000];
    let now_ms = host.clock.now_ms();
    let records = batch_at(
        now_ms,
        &[&value],
        Compression::None,
        &BatchFields::default(),
    );
    let answer = ask(connection, &produce_request("t", records, -1), 9).await;
    let answer = &answer.responses[0].partition_responses[0];
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => Ok(answer.base_offset),
        error => Err(error),
    }
}

async fn append_some(connection: &mut dyn Connection, host: &Host) {
    for _ in 0..4 {
        append(connection, host).await.unwrap();
    }
}

async fn connect(host: &Host, address: SocketAddr) -> Box<dyn Connection> {
    host.net.connect(address).await.unwrap()
}

fn deletion() -> DeleteTopicsRequest {
    DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        timeout_ms: 10_000,
        ..DeleteTopicsRequest::default()
    }
}

async fn delete(connection: &mut dyn Connection) {
    let answer = ask(connection, &deletion(), 5).await;
    assert_eq!(answer.responses[0].error_code, 0);
}

async fn make(connection: &mut dyn Connection) {
    let answer = ask(connection, &create("t", &[]), 7).await;
    assert_eq!(answer.topics[0].error_code, 0);
}

/// High watermark and log start.
async fn marks(connection: &mut dyn Connection) -> (i64, i64) {
    let answer = ask(connection, &fetch("t", 3, 0), 12).await;
    let found = &answer.responses[0].partitions[0];
    assert_eq!(found.error_code, 0);
    (found.high_watermark, found.log_start_offset)
}

/// A node that was killed with four batches in its topic, and starts where there is no room for their index.
async fn started_without_room(machine: &mut SimNode) -> (klamm_broker::Broker, Host, SocketAddr) {
    let (broker, host, address) = start(machine, &SETTINGS).await;
    let mut connection = connect(&host, address).await;
    make(&mut *connection).await;
    append_some(&mut *connection, &host).await;
    drop((broker, connection));
    machine.crash(CrashPolicy::KeepAll);
    fill(&machine.disk, "/t-0/");
    start(machine, &SETTINGS).await
}

fn folders(disk: &SimDisk) -> Vec<String> {
    folders_in(disk, Path::new("/data"))
}

fn folders_in(disk: &SimDisk, dir: &Path) -> Vec<String> {
    let names = disk.list(dir).unwrap();
    let names = names.into_iter().filter(|entry| entry.is_dir);
    let names = names.map(|entry| entry.name);
    names.filter(|name| name.starts_with("t-")).collect()
}

#[test]
fn a_log_is_opened_when_there_is_room() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = started_without_room(&mut machine).await;
        let mut connection = connect(&host, address).await;
        for _ in 0..2 {
            let refused = append(&mut *connection, &host).await;
            assert_eq!(refused, Err(ErrorCode::KAFKA_STORAGE_ERROR));
            tokio::time::sleep(A_WHILE).await;
        }
        machine.disk.clear_faults();
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(append(&mut *connection, &host).await, Ok(4));
        assert_eq!(marks(&mut *connection).await, (5, 0));
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_log_whose_files_could_not_be_read_is_opened_when_they_can_be() {
    for op in [DiskOp::Open, DiskOp::Read] {
        let run = World::run(1, move |mut world| async move {
            let mut machine = world.node();
            let (broker, host, address) = start(&mut machine, &SETTINGS).await;
            let mut connection = connect(&host, address).await;
            make(&mut *connection).await;
            append_some(&mut *connection, &host).await;
            drop((broker, connection));
            machine.crash(CrashPolicy::KeepAll);
            let fault = DiskFault::always(OpFilter::Is(op), Effect::Eio);
            machine.disk.inject(fault.on("/t-0/ .log"));
            let (broker, host, address) = start(&mut machine, &SETTINGS).await;
            let mut connection = connect(&host, address).await;
            let refused = append(&mut *connection, &host).await;
            assert_eq!(refused, Err(ErrorCode::KAFKA_STORAGE_ERROR), "{op:?}");
            // Attempts become rare, but go on.
            tokio::time::sleep(240 * A_WHILE).await;
            machine.disk.clear_faults();
            tokio::time::sleep(25 * A_WHILE).await;
            let mut connection = connect(&host, address).await;
            assert_eq!(append(&mut *connection, &host).await, Ok(4), "{op:?}");
            broker.shutdown().await;
        });
        assert!(run.panics.is_empty(), "{:?}", run.panics);
    }
}

#[test]
fn no_attempt_is_made_where_the_volume_says_that_it_is_full() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = started_without_room(&mut machine).await;
        let mut connection = connect(&host, address).await;
        let disk = &machine.disk;
        let space = disk.space(Path::new("/")).unwrap();
        disk.set_capacity(space.total - space.usable + (600 << 10));
        disk.clear_faults();
        tokio::time::sleep(A_WHILE).await;
        let refused = append(&mut *connection, &host).await;
        assert_eq!(refused, Err(ErrorCode::KAFKA_STORAGE_ERROR));
        disk.set_capacity(space.total);
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(append(&mut *connection, &host).await, Ok(4));
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_topic_that_is_deleted_meanwhile_takes_its_log_along() {
    for is_made_anew in [false, true] {
        let run = World::run(1, move |mut world| async move {
            let mut machine = world.node();
            let (broker, host, address) = started_without_room(&mut machine).await;
            let mut connection = connect(&host, address).await;
            delete(&mut *connection).await;
            if is_made_anew {
                make(&mut *connection).await;
                tokio::time::sleep(A_WHILE).await;
                machine.disk.clear_faults();
                tokio::time::sleep(A_WHILE).await;
                assert_eq!(append(&mut *connection, &host).await, Ok(0));
                assert_eq!(folders(&machine.disk).len(), 2);
            }
            tokio::time::sleep(4 * A_WHILE).await;
            let expected: &[&str] = if is_made_anew { &["t-0"] } else { &[] };
            assert_eq!(folders(&machine.disk), expected);
            broker.shutdown().await;
        });
        assert!(run.panics.is_empty(), "{:?}", run.panics);
    }
}

/// What was not recovered is recovered by a later start: no marker says otherwise, and no checkpoint forgets it.
#[test]
fn a_log_that_was_not_opened_is_what_it_was_at_the_next_start() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine, &SETTINGS).await;
        let mut connection = connect(&host, address).await;
        make(&mut *connection).await;
        append_some(&mut *connection, &host).await;
        let delete = DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic {
                name: "t".into(),
                partitions: vec![DeleteRecordsPartition { partition_index: 0, offset: 2 }],
            }],
            timeout_ms: 10_000,
        };
        let answer = ask(&mut *connection, &delete, 2).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, 0);
        broker.shutdown().await;
        machine.crash(CrashPolicy::KeepAll);
        let (broker, host, address) = start(&mut machine, &SETTINGS).await;
        let mut connection = connect(&host, address).await;
        append_some(&mut *connection, &host).await;
        drop((broker, connection));
        machine.crash(CrashPolicy::KeepAll);
        fill(&machine.disk, "/t-0/");
        let (broker, ..) = start(&mut machine, &SETTINGS).await;
        // Checkpoints are written meanwhile, and at the stop.
        tokio::time::sleep(4 * A_WHILE).await;
        broker.shutdown().await;
        let marker = Path::new("/data/.kafka_cleanshutdown");
        assert!(!machine.disk.exists(marker).unwrap());
        machine.crash(CrashPolicy::KeepAll);
        machine.disk.clear_faults();
        let (broker, host, address) = start(&mut machine, &SETTINGS).await;
        let mut connection = connect(&host, address).await;
        assert_eq!(marks(&mut *connection).await, (8, 2));
        broker.shutdown().await;
        assert!(machine.disk.exists(marker).unwrap());
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_log_whose_index_finds_no_room_is_synced_all_the_same() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let settings = [
            ("log.flush.interval.messages", "1"),
            ("log.flush.offset.checkpoint.interval.ms", "1000"),
        ];
        let (broker, host, address) = start(&mut machine, &settings).await;
        let mut connection = connect(&host, address).await;
        make(&mut *connection).await;
        append_some(&mut *connection, &host).await;
        fill(&machine.disk, "/t-0/");
        // The node tries to write what a restart would have to read again.
        tokio::time::sleep(A_WHILE).await;
        append_some(&mut *connection, &host).await;
        assert_eq!(marks(&mut *connection).await, (8, 0));
        machine.disk.clear_faults();
        append_some(&mut *connection, &host).await;
        assert_eq!(marks(&mut *connection).await, (12, 0));
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

/// The committed offset of the group, or the error.
async fn committed(connection: &mut dyn Connection) -> Result<i64, ErrorCode> {
    let ask_for = OffsetFetchRequest {
        group_id: "group 0".into(),
        topics: Some(vec![OffsetFetchRequestTopic {
            name: "t".into(),
            partition_indexes: vec![0],
        }]),
        ..OffsetFetchRequest::default()
    };
    let answer = ask(connection, &ask_for, 7).await;
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => Ok(answer.topics[0].partitions[0].committed_offset),
        error => Err(error),
    }
}

async fn until_committed(connection: &mut dyn Connection, offset: i64) {
    let mut request = commit(0);
    let partition = &mut request.topics[0].partitions[0];
    partition.committed_offset = offset;
    partition.committed_metadata = Some("x".repeat(3000).as_str().into());
    loop {
        let answer = ask(connection, &request, 8).await;
        match ErrorCode(answer.topics[0].partitions[0].error_code) {
            ErrorCode::NONE => return,
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

#[test]
fn a_coordinators_shard_loads_once_its_log_is_open() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine, &SETTINGS).await;
        let mut connection = connect(&host, address).await;
        make(&mut *connection).await;
        let find = FindCoordinatorRequest {
            coordinator_keys: vec!["group 0".into()],
            ..FindCoordinatorRequest::default()
        };
        ask(&mut *connection, &find, 4).await;
        for offset in 1..=4 {
            until_committed(&mut *connection, offset).await;
        }
        drop((broker, connection));
        machine.crash(CrashPolicy::KeepAll);
        fill(&machine.disk, "/__consumer_offsets-0/");
        let (broker, host, address) = start(&mut machine, &SETTINGS).await;
        let mut connection = connect(&host, address).await;
        tokio::time::sleep(A_WHILE).await;
        committed(&mut *connection).await.unwrap_err();
        machine.disk.clear_faults();
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(committed(&mut *connection).await, Ok(4));
        until_committed(&mut *connection, 5).await;
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

/// Kills the order of the last stop: the log has to be recovered, and its index to be written.
fn forget_the_stop(disk: &SimDisk, dir: &Path) {
    let indexes = ["index", "timeindex"].map(|kind| format!("t-0/{:020}.{kind}", 0));
    for name in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"] {
        disk.remove_file(&dir.join(name)).unwrap();
    }
    for name in indexes {
        disk.remove_file(&dir.join(name)).unwrap();
    }
}

#[test]
fn a_topic_may_be_deleted_and_made_anew_while_its_log_is_being_opened() {
    run(async {
        let (disk, gate) = (SimDisk::new(), Arc::<Gate>::default());
        let below = Arc::new(disk.clone());
        let mut host = klamm_host::os::host();
        host.disk = Arc::new(GatedDisk { below, gate: Arc::clone(&gate) });
        let node = Node::start_in(host, &[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        for _ in 0..4 {
            let appended = peer.produce("t", batch(&[&[7; 6000]], Compression::None), -1);
            assert_eq!(appended.await.error_code, 0);
        }
        let dir = node.folder().join("data");
        let node = node.restart_after(|folder| {
            forget_the_stop(&disk, &folder.join("data"));
            let once = DiskFault::once(OpFilter::Is(DiskOp::Create), 0, Effect::Enospc);
            disk.inject(once.on("/t-0/ .index"));
            // The first attempt does not get as far as this.
            gate.close_for(&format!("/t-0/{:020}.timeindex", 0));
        });
        let node = node.await;
        gate.until_waiting(1);
        let mut peer = node.connect().await;
        assert_eq!(peer.ask(&deletion(), 5).await.responses[0].error_code, 0);
        peer.ask(&create("t", &[]), 7).await;
        let refused = peer.produce("t", batch(&[b"x"], Compression::None), -1);
        let refused = ErrorCode(refused.await.error_code);
        assert_eq!(refused, ErrorCode::KAFKA_STORAGE_ERROR);
        assert_eq!(folders_in(&disk, &dir), ["t-0"]);
        gate.open();
        // Whoever opened it finds that its topic is gone.
        let renamed = async {
            while folders_in(&disk, &dir) == ["t-0"] {
                tokio::task::yield_now().await;
            }
        };
        let renamed = tokio::time::timeout(Duration::from_secs(20), renamed);
        renamed.await.unwrap();
        assert!(!gate.gave_up());
        let node = node.restart().await;
        let mut peer = node.connect().await;
        let appended = peer.produce("t", batch(&[b"x"], Compression::None), -1);
        assert_eq!(appended.await.base_offset, 0);
        node.stop().await;
    });
}
