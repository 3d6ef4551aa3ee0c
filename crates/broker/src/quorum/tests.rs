//! The quorum of one over a simulated machine: start, decide, crash, come back, and Kafka's own files.

mod full_volume;

use super::*;
use klamm_codec::Str;
use klamm_host::OpenMode;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimNode, World};
use klamm_metadata::MetadataRecord;
use klamm_metadata::decide::InitialLevels;
use klamm_metadata::generated::ConfigRecord;
use klamm_metadata::image::ResourceKind;
use klamm_model::Uuid;
use klamm_raft::{Endpoint, ReplicaKey, SnapshotId, VoterSet};
use klamm_records::batches;
use klamm_storage::{ExpectedIdentity, MetaProperties, format_log_dir};
use parking_lot::Mutex;
use std::io::IoSlice;
use std::path::Path;

const DIR: &str = "/data";
const NODE: NodeId = NodeId(0);

#[derive(Debug, Default)]
struct Recorder {
    published: Mutex<Vec<usize>>,
    halts: Mutex<Vec<String>>,
}

impl MetadataListener for Recorder {
    fn publish(&self, _old: &Image, _new: &Arc<Image>, delta: &Delta) {
        self.published.lock().push(delta.configs.len());
    }

    fn halted(&self, cause: &str) {
        self.halts.lock().push(cause.to_owned());
    }
}

fn directory() -> Uuid {
    "ZiuIdX7hSxGU_KPcpI4Fhw".parse().unwrap()
}

fn identity() -> MetaProperties {
    let cluster_id = "OPjMUCe-S--oPnowA9vaYA".to_owned();
    MetaProperties { cluster_id, node_id: NODE, directory_id: directory() }
}

fn voters(port: u16) -> VoterSet {
    VoterSet::new([Voter {
        key: ReplicaKey { id: NODE, directory: directory() },
        endpoints: vec![Endpoint { name: "CONTROLLER".into(), host: "127.0.0.1".into(), port }],
        kraft_version_min: 0,
        kraft_version_max: 1,
    }])
}

fn settings(lines: &str) -> Settings {
    Settings::load(lines, &[]).unwrap().settings
}

fn format(host: &Host) {
    format_with(host, 39093);
}

fn format_with(host: &Host, controller_port: u16) {
    let now_ms = host.clock.now_ms();
    let disk = &*host.disk;
    disk.create_dir_all(Path::new(DIR)).unwrap();
    let voters = InitialVoters(voters(controller_port));
    format_metadata(
        disk,
        Path::new(DIR),
        &voters,
        &InitialLevels::default(),
        now_ms,
    )
    .unwrap();
    format_log_dir(disk, Path::new(DIR), &identity()).unwrap();
}

async fn open(host: &Host, lines: &str) -> Result<(QuorumHandle, Arc<Recorder>), QuorumStartError> {
    let expected = ExpectedIdentity { cluster_id: None, node_id: NODE };
    let opened = LogDir::open(Arc::clone(&host.disk), Path::new(DIR), &expected);
    let (dir, last_run) = opened.map_err(|e| QuorumStartError::Open(e.to_string()))?;
    let config = QuorumConfig { node: NODE, dir, last_run, settings: settings(lines) };
    let recorder = Arc::new(Recorder::default());
    let listener = Arc::clone(&recorder) as Arc<dyn MetadataListener>;
    Ok((start(host.clone(), config, listener).await?, recorder))
}

fn record(key: &str, value: &str) -> MetadataRecord {
    ConfigRecord {
        resource_type: ResourceKind::Topic.code(),
        resource_name: Str::from("t"),
        name: Str::from(key),
        value: Some(Str::from(value)),
    }
    .into()
}

async fn set(quorum: &QuorumHandle, key: &str, value: &str) -> Result<i64, QuorumError> {
    let record = record(key, value);
    quorum
        .decide(move |context| Decision { records: vec![record], reply: context.next_offset.0 })
        .await
}

fn value_of(quorum: &QuorumHandle, key: &str) -> Option<String> {
    quorum
        .image()
        .configs()
        .value(ResourceKind::Topic, "t", key)
        .map(str::to_owned)
}

fn read(host: &Host, name: &str) -> Vec<u8> {
    host.disk.read(&Path::new(DIR).join(name)).unwrap()
}

fn names(host: &Host, folder: &str) -> Vec<String> {
    let entries = host.disk.list(&Path::new(DIR).join(folder)).unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}

const LOG: &str = "__cluster_metadata-0/00000000000000000000.log";

fn write(host: &Host, name: &str, content: &[u8]) {
    let file = host
        .disk
        .open(&Path::new(DIR).join(name), OpenMode::Create)
        .unwrap();
    file.write_all_at(&[IoSlice::new(content)], 0).unwrap();
    file.sync_all().unwrap();
}

macro_rules! kafka {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/kafka-4.3.1-metadata/", $name)) as &[u8]
    };
}

/// A data directory as Kafka 4.3.1 left it after a clean stop.
fn lay_out_kafkas(host: &Host) {
    let folder = Path::new(DIR).join("__cluster_metadata-0");
    host.disk.create_dir_all(&folder).unwrap();
    format_log_dir(&*host.disk, Path::new(DIR), &identity()).unwrap();
    write(host, "bootstrap.checkpoint", kafka!("bootstrap.checkpoint"));
    let first = "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint";
    write(
        host,
        first,
        kafka!("00000000000000000000-0000000000.checkpoint"),
    );
    write(host, LOG, kafka!("00000000000000000000.log"));
    write(
        host,
        "__cluster_metadata-0/quorum-state",
        kafka!("quorum-state"),
    );
    host.disk.sync_dir(&folder).unwrap();
    host.disk.sync_dir(Path::new(DIR)).unwrap();
}

fn simulate<T, F: Future<Output = T>>(seed: u64, main: impl FnOnce(SimNode) -> F) -> T {
    let run = World::run(seed, |mut world| main(world.node()));
    assert_eq!(run.panics, Vec::<String>::new());
    run.value
}

#[test]
fn a_new_node_leads_at_once_and_writes_what_kafka_writes() {
    simulate(1, |mut node| async move {
        let host = node.boot();
        // Kafka wrote its port of the day into the log; the one at its formatting was another.
        format_with(&host, 39393);
        let (quorum, recorder) = open(&host, "").await.unwrap();
        assert_eq!(
            quorum.image().metadata_version().map(|v| v.level()),
            Some(30)
        );
        assert_eq!(quorum.image().feature("transaction.version"), 2);
        assert_eq!(recorder.published.lock().len(), 1);
        let state = r#"{"leaderId":0,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
        assert_eq!(
            read(&host, "__cluster_metadata-0/quorum-state"),
            state.as_bytes()
        );
        // Our log begins like Kafka's, but for times.
        let (ours, kafkas) = (read(&host, LOG), kafka!("00000000000000000000.log"));
        for (ours, kafkas) in batches(&ours).zip(batches(kafkas)).take(2) {
            let (ours, kafkas) = (ours.unwrap(), kafkas.unwrap());
            assert_eq!(ours.body(), kafkas.body());
            assert_eq!(
                ours.header().last_offset_delta,
                kafkas.header().last_offset_delta
            );
        }
    });
}

#[test]
fn formatting_gives_the_records_that_kafka_gives() {
    simulate(1, |mut node| async move {
        let host = node.boot();
        format(&host);
        let first = "00000000000000000000-0000000000.checkpoint";
        let pairs = [
            (
                read(&host, "bootstrap.checkpoint"),
                kafka!("bootstrap.checkpoint"),
            ),
            (
                read(&host, &format!("__cluster_metadata-0/{first}")),
                kafka!("00000000000000000000-0000000000.checkpoint"),
            ),
        ];
        for (ours, kafkas) in pairs {
            assert_eq!(ours.len(), kafkas.len());
            for (ours, kafkas) in batches(&ours).zip(batches(kafkas)) {
                let (ours, kafkas) = (*ours.unwrap().header(), *kafkas.unwrap().header());
                let times = |header: klamm_records::BatchHeader| klamm_records::BatchHeader {
                    base_timestamp_ms: 0,
                    max_timestamp_ms: 0,
                    crc: 0,
                    ..header
                };
                assert_eq!(times(ours), times(kafkas));
            }
            let (ours, kafkas) = (snapshot_file::decode(&ours), snapshot_file::decode(kafkas));
            let (ours, kafkas) = (ours.unwrap(), kafkas.unwrap());
            assert_eq!(ours.records, kafkas.records);
            assert_eq!(
                (ours.voters, ours.kraft_version),
                (kafkas.voters, kafkas.kraft_version)
            );
        }
    });
}

#[test]
fn kafkas_directory_is_loaded_and_continued() {
    simulate(2, |mut node| async move {
        let host = node.boot();
        lay_out_kafkas(&host);
        let (quorum, _) = open(&host, "").await.unwrap();
        let broker = quorum.image().cluster().broker(NODE).cloned().unwrap();
        assert_eq!(broker.listener("PLAINTEXT").map(|l| l.port), Some(39392));
        assert!(quorum.describe().await.unwrap().epoch > LeaderEpoch(1));
        set(&quorum, "retention.ms", "5").await.unwrap();
        let log = read(&host, LOG);
        assert_eq!(
            &log[..kafka!("00000000000000000000.log").len()],
            kafka!("00000000000000000000.log")
        );
        assert!(batches(&log).all(|batch| batch.unwrap().verify_crc().is_ok()));
    });
}

#[test]
fn what_was_answered_survives_any_power_cut() {
    for seed in 0..40 {
        simulate(seed, |mut node| async move {
            let host = node.boot();
            format(&host);
            let mut last = None;
            let mut host = host;
            for round in 0..6 {
                let (quorum, _) = open(&host, "").await.unwrap();
                assert_eq!(
                    value_of(&quorum, "retention.ms"),
                    last,
                    "seed {seed} round {round}"
                );
                for i in 0..3 {
                    let value = format!("{}", round * 10 + i);
                    set(&quorum, "retention.ms", &value).await.unwrap();
                    assert_eq!(value_of(&quorum, "retention.ms").as_ref(), Some(&value));
                    last = Some(value);
                }
                node.crash(CrashPolicy::Random { torn: true, reorder: seed % 2 == 0 });
                host = node.boot();
            }
        });
    }
}

#[test]
fn decisions_that_wait_together_share_a_sync() {
    simulate(3, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, recorder) = open(&host, "").await.unwrap();
        let before = recorder.published.lock().len();
        let tasks: Vec<_> = (0..50)
            .map(|i| {
                let quorum = quorum.clone();
                tokio::task::spawn(async move { set(&quorum, "segment.ms", &i.to_string()).await })
            })
            .collect();
        let mut offsets = Vec::new();
        for task in tasks {
            offsets.push(task.await.unwrap().unwrap());
        }
        assert!(
            offsets.windows(2).all(|pair| pair[0] < pair[1]),
            "in the order of asking"
        );
        assert!(recorder.published.lock().len() - before <= 3);
        assert_eq!(value_of(&quorum, "segment.ms").as_deref(), Some("49"));
    });
}

#[test]
fn a_decision_too_large_for_a_batch_is_a_transaction() {
    simulate(4, |mut node| async move {
        let host = node.boot();
        format(&host);
        let small = "internal.metadata.max.batch.size.in.bytes=2048\n";
        let (quorum, recorder) = open(&host, small).await.unwrap();
        let before = recorder.published.lock().len();
        let records: Vec<_> = (0..100)
            .map(|i| record(&format!("k{i}"), &"v".repeat(100)))
            .collect();
        quorum
            .decide(move |_| Decision { records, reply: () })
            .await
            .unwrap();
        assert_eq!(
            recorder.published.lock().len(),
            before + 1,
            "seen at once or not at all"
        );
        assert_eq!(value_of(&quorum, "k99").map(|v| v.len()), Some(100));
        let begins = |batch: &klamm_records::BatchView<'_>| {
            let records = batching::decode_records(batch).unwrap();
            records
                .iter()
                .any(|record| matches!(record, MetadataRecord::BeginTransaction(_)))
        };
        let log = read(&host, LOG);
        let ours = batches(&log).map(Result::unwrap).skip(2);
        assert_eq!(ours.filter(begins).count(), 1);
        assert!(
            batches(&log)
                .map(Result::unwrap)
                .all(|batch| batch.bytes().len() <= 2048)
        );
        drop(quorum);
        node.crash(CrashPolicy::DropUnsynced);
        let (quorum, _) = open(&node.boot(), small).await.unwrap();
        assert_eq!(value_of(&quorum, "k99").map(|v| v.len()), Some(100));
    });
}

#[test]
fn a_decision_that_contradicts_the_metadata_writes_nothing() {
    simulate(5, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, recorder) = open(&host, "").await.unwrap();
        let length = read(&host, LOG).len();
        let wrong: MetadataRecord =
            klamm_metadata::generated::RemoveTopicRecord { topic_id: Uuid(77) }.into();
        let refused =
            quorum.decide(move |_| Decision { records: vec![record("a", "1"), wrong], reply: () });
        assert!(matches!(refused.await, Err(QuorumError::Unwritable(_))));
        assert_eq!(read(&host, LOG).len(), length);
        set(&quorum, "b", "2").await.unwrap();
        assert_eq!(
            (value_of(&quorum, "a"), value_of(&quorum, "b").as_deref()),
            (None, Some("2"))
        );
        assert!(recorder.halts.lock().is_empty());
    });
}

#[test]
fn a_failed_sync_ends_the_quorum() {
    simulate(6, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, recorder) = open(&host, "").await.unwrap();
        set(&quorum, "a", "1").await.unwrap();
        let failing = OpFilter::Is(DiskOp::SyncData);
        node.disk
            .inject(DiskFault::once(failing, 0, Effect::Eio).on(".log"));
        assert_eq!(set(&quorum, "a", "2").await, Err(QuorumError::Stopped));
        assert_eq!(
            set(&quorum, "a", "3").await,
            Err(QuorumError::Stopped),
            "no retry makes it good"
        );
        assert_eq!(value_of(&quorum, "a").as_deref(), Some("1"));
        assert_eq!(recorder.halts.lock().len(), 1);
    });
}

#[test]
fn a_snapshot_takes_the_place_of_the_log() {
    let lines = "metadata.log.max.record.bytes.between.snapshots=2000\nmetadata.max.retention.bytes=1\ninternal.metadata.log.segment.bytes=1500\n";
    simulate(7, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, lines).await.unwrap();
        for i in 0..60 {
            set(&quorum, &format!("k{i}"), &"v".repeat(50))
                .await
                .unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let snapshots: Vec<SnapshotId> = names(&host, "__cluster_metadata-0")
            .iter()
            .filter_map(|name| SnapshotId::of_file(name))
            .collect();
        assert_eq!(snapshots.len(), 1, "older ones are gone");
        assert!(!names(&host, "__cluster_metadata-0").contains(&"00000000000000000000.log".into()));
        assert!(snapshots[0].end_offset > Offset(20));
        let image = quorum.image();
        drop(quorum);
        node.crash(CrashPolicy::DropUnsynced);
        let (quorum, _) = open(&node.boot(), lines).await.unwrap();
        assert_eq!(quorum.image().configs(), image.configs());
        assert_eq!(
            quorum.image().features().collect::<Vec<_>>(),
            image.features().collect::<Vec<_>>()
        );
        set(&quorum, "after", "1").await.unwrap();
    });
}

#[test]
fn a_start_after_a_crash_reads_the_log_from_the_snapshot_on() {
    let lines = "metadata.log.max.record.bytes.between.snapshots=2000\n";
    simulate(16, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, lines).await.unwrap();
        for i in 0..60 {
            let value = "v".repeat(50);
            set(&quorum, &format!("k{i}"), &value).await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        set(&quorum, "last", "1").await.unwrap();
        drop(quorum);
        node.crash(CrashPolicy::DropUnsynced);
        // Far below the snapshot, where nobody looks any more.
        let path = Path::new(DIR).join(LOG);
        node.disk.corrupt(&path, 200, b"rotten").unwrap();
        let (quorum, _) = open(&node.boot(), lines).await.unwrap();
        assert_eq!(value_of(&quorum, "last").as_deref(), Some("1"));
        assert!(value_of(&quorum, "k0").is_some());
    });
}

#[test]
fn snapshots_round_trip_and_damaged_ones_are_refused() {
    simulate(8, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, "").await.unwrap();
        set(&quorum, "a", "1").await.unwrap();
        let image = quorum.image();
        let content = snapshot_file::SnapshotContent {
            voters: Some(voters(39093)),
            kraft_version: 1,
            last_timestamp_ms: 9,
            records: image.to_records().collect(),
        };
        let id = SnapshotId { end_offset: Offset(20), epoch: LeaderEpoch(3) };
        let parts = snapshot_file::encode(id, &content, image.writing_version(), 5).unwrap();
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
        let decoded = snapshot_file::decode(&bytes).unwrap();
        assert_eq!(decoded.records, content.records);
        assert_eq!(
            (decoded.voters, decoded.last_timestamp_ms),
            (content.voters, 9)
        );
        for cut in 0..bytes.len() {
            assert!(
                snapshot_file::decode(&bytes[..cut]).is_err(),
                "cut at {cut}"
            );
        }
        for at in 12..bytes.len() {
            let mut mutated = bytes.clone();
            mutated[at] ^= 0x40;
            let _ = snapshot_file::decode(&mutated);
        }
    });
}

#[test]
fn a_stopped_quorum_answers_everybody_and_starts_again() {
    simulate(9, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, "").await.unwrap();
        set(&quorum, "a", "1").await.unwrap();
        let described = quorum.describe().await.unwrap();
        assert_eq!(
            (
                described.leader,
                described.voters.len(),
                described.observers.len()
            ),
            (NODE, 1, 0)
        );
        assert_eq!(described.voters[0].end_offset, described.high_watermark);
        quorum.shutdown().await;
        assert_eq!(set(&quorum, "a", "2").await, Err(QuorumError::Stopped));
        node.crash(CrashPolicy::KeepAll);
        let (quorum, _) = open(&node.boot(), "").await.unwrap();
        assert_eq!(value_of(&quorum, "a").as_deref(), Some("1"));
    });
}

#[test]
fn a_directory_that_was_not_formatted_is_refused() {
    simulate(10, |mut node| async move {
        let host = node.boot();
        format_log_dir(&*host.disk, Path::new(DIR), &identity()).unwrap();
        assert!(matches!(
            open(&host, "").await,
            Err(QuorumStartError::NotFormatted(_))
        ));
    });
}

#[test]
fn fixed_voters_come_from_the_settings_and_stay_out_of_the_log() {
    simulate(12, |mut node| async move {
        let host = node.boot();
        format(&host);
        // Kafka writes no first snapshot where the settings name the voters.
        let first = Path::new(DIR).join("__cluster_metadata-0");
        let first = first.join(SnapshotId::BOOTSTRAP.file_name());
        host.disk.remove_file(&first).unwrap();
        assert!(matches!(
            open(&host, "").await,
            Err(QuorumStartError::NotFormatted(_))
        ));
        let lines = format!(
            "node.id={}\ncontroller.quorum.voters={}@127.0.0.1:9093",
            NODE.0, NODE.0
        );
        let (quorum, _) = open(&host, &lines).await.unwrap();
        set(&quorum, "a", "1").await.unwrap();
        node.crash(CrashPolicy::KeepAll);
        let host = node.boot();
        assert!(
            open(&host, "").await.is_err(),
            "the log says nothing of voters"
        );
        let (quorum, _) = open(&host, &lines).await.unwrap();
        assert_eq!(value_of(&quorum, "a").as_deref(), Some("1"));
    });
}

#[test]
fn an_idle_quorum_sets_no_timer_but_for_the_hourly_snapshot() {
    simulate(11, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, "").await.unwrap();
        let length = read(&host, LOG).len();
        tokio::time::sleep(std::time::Duration::from_secs(3_500)).await;
        assert_eq!(
            read(&host, LOG).len(),
            length,
            "no records for the sake of records"
        );
        tokio::time::sleep(std::time::Duration::from_secs(200)).await;
        let snapshots = names(&host, "__cluster_metadata-0")
            .iter()
            .filter(|n| n.ends_with(".checkpoint"))
            .count();
        assert_eq!(snapshots, 2);
        assert!(quorum.describe().await.is_ok());
    });
}

#[test]
fn a_log_that_lost_its_end_starts_again_behind_the_snapshot() {
    let lines = "metadata.log.max.record.bytes.between.snapshots=2000\n";
    simulate(12, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, lines).await.unwrap();
        for i in 0..40 {
            set(&quorum, "k", &i.to_string()).await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        quorum.shutdown().await;
        let lost = Path::new(DIR).join(LOG);
        host.disk
            .open(&lost, OpenMode::ReadWrite)
            .unwrap()
            .set_len(300)
            .unwrap();
        node.crash(CrashPolicy::KeepAll);
        let (quorum, _) = open(&node.boot(), lines).await.unwrap();
        let value: i32 = value_of(&quorum, "k").unwrap().parse().unwrap();
        assert!(
            (15..40).contains(&value),
            "the state of the newest snapshot, not {value}"
        );
        set(&quorum, "k", "new").await.unwrap();
        node.crash(CrashPolicy::DropUnsynced);
        let (quorum, _) = open(&node.boot(), lines).await.unwrap();
        assert_eq!(value_of(&quorum, "k").as_deref(), Some("new"));
    });
}

#[test]
fn an_interrupted_transaction_is_aborted_at_the_start() {
    simulate(13, |mut node| async move {
        let host = node.boot();
        lay_out_kafkas(&host);
        // The bootstrap transaction of Kafka's log without its end: cut in the middle of the data batch's successor.
        let begin: MetadataRecord =
            klamm_metadata::generated::BeginTransactionRecord { name: None }.into();
        let kafkas = kafka!("00000000000000000000.log");
        let next = batches(kafkas)
            .map(Result::unwrap)
            .last()
            .unwrap()
            .header()
            .base_offset
            .plus(1);
        let mut open_end = batching::RecordBatches::new(next, LeaderEpoch(1), 5, 1 << 20);
        for record in [begin, record("half", "1")] {
            open_end
                .push(
                    &record
                        .to_value(klamm_metadata::MetadataVersion::LATEST)
                        .unwrap(),
                )
                .unwrap();
        }
        let (parts, _) = open_end.finish().unwrap();
        let log = [kafkas, &parts[0]].concat();
        write(&host, LOG, &log);
        let (quorum, _) = open(&host, "").await.unwrap();
        assert_eq!(value_of(&quorum, "half"), None);
        set(&quorum, "whole", "1").await.unwrap();
        assert_eq!(value_of(&quorum, "whole").as_deref(), Some("1"));
    });
}

/// Opens, decides, snapshots, stops; the power goes at one call of the disk. Returns the values answered and asked.
async fn script(host: &Host, lines: &str, from: i64) -> (Option<i64>, i64) {
    let (mut answered, mut asked) = (None, from);
    let Ok((quorum, _)) = open(host, lines).await else {
        return (answered, asked);
    };
    for value in from + 1..from + 25 {
        asked = value;
        if set(&quorum, "k", &value.to_string()).await.is_err() {
            return (answered, asked);
        }
        answered = Some(value);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    quorum.shutdown().await;
    (answered, asked)
}

#[test]
fn the_power_may_go_at_any_call_of_the_disk() {
    let lines = "metadata.log.max.record.bytes.between.snapshots=1000\nmetadata.max.retention.bytes=1\ninternal.metadata.log.segment.bytes=1200\n";
    let mut calls = 0;
    loop {
        let reached = simulate(calls, |mut node| async move {
            let host = node.boot();
            format(&host);
            let (first, _) = script(&host, lines, 0).await;
            node.crash(CrashPolicy::Random { torn: true, reorder: true });
            let host = node.boot();
            let fault = DiskFault::once(OpFilter::Mutating, calls, Effect::PowerOff);
            node.disk.inject(fault);
            let (second, asked) = script(&host, lines, 100).await;
            node.disk.clear_faults();
            node.crash(CrashPolicy::Random { torn: true, reorder: calls % 2 == 0 });
            let (quorum, recorder) = open(&node.boot(), lines).await.unwrap();
            let found: i64 = value_of(&quorum, "k").unwrap().parse().unwrap();
            let least = second.or(first).unwrap();
            assert!(
                found == least || found == asked,
                "call {calls}: {found}, answered {least}, asked {asked}"
            );
            set(&quorum, "k", "0").await.unwrap();
            assert!(recorder.halts.lock().is_empty());
            asked < 124
        });
        calls += 1;
        if !reached {
            break;
        }
    }
    assert!(calls > 60, "only {calls} calls of the disk were tried");
}

#[test]
fn snapshots_go_when_they_are_old_and_replaced() {
    simulate(14, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, "metadata.max.retention.ms=10000000\n")
            .await
            .unwrap();
        for round in 0..6 {
            set(&quorum, "k", &round.to_string()).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(3_700)).await;
        }
        let snapshots = names(&host, "__cluster_metadata-0");
        let snapshots = snapshots
            .iter()
            .filter(|name| name.ends_with(".checkpoint"))
            .count();
        assert_eq!(
            snapshots, 2,
            "of seven, those whose last record is young enough"
        );
    });
}

#[test]
fn a_controller_that_moved_says_so_once() {
    let lines = "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://10.0.0.9:5000\n";
    simulate(15, |mut node| async move {
        let mut host = node.boot();
        format(&host);
        let records = |host: &Host| {
            let log = read(host, LOG);
            let control = batches(&log)
                .map(|batch| klamm_raft::ControlRecord::of_batch(&batch.unwrap()).unwrap());
            let voters = |record: &klamm_raft::ControlRecord| {
                matches!(record, klamm_raft::ControlRecord::Voters(_))
            };
            control
                .flatten()
                .filter(|(_, record)| voters(record))
                .count()
        };
        for round in 0..3 {
            let lines = if round == 0 { "" } else { lines };
            let (quorum, _) = open(&host, lines).await.unwrap();
            let described = quorum.describe().await.unwrap();
            let port = described.nodes[0].endpoints[0].port;
            assert_eq!(
                (round, port),
                (round, if round == 0 { 39093 } else { 5000 })
            );
            assert_eq!(described.voters.len(), 1);
            assert_eq!(records(&host), if round == 0 { 1 } else { 2 });
            quorum.shutdown().await;
            node.crash(CrashPolicy::KeepAll);
            host = node.boot();
        }
    });
}

#[test]
fn a_batch_that_steps_back_stops_the_start() {
    // With and without a right checksum: the offsets lie either way.
    for repair in [false, true] {
        simulate(16, |mut node| async move {
            let host = node.boot();
            format(&host);
            let small = "internal.metadata.log.segment.bytes=900\n";
            let (quorum, _) = open(&host, small).await.unwrap();
            for i in 0..10 {
                set(&quorum, "k", &i.to_string()).await.unwrap();
            }
            quorum.shutdown().await;
            let mut log = read(&host, LOG);
            let second: usize = batches(&log)
                .take(1)
                .map(|b| b.unwrap().bytes().len())
                .sum();
            log[second + 23..second + 27].copy_from_slice(&(-4i32).to_be_bytes());
            if repair {
                let len = batches(&log[second..])
                    .next()
                    .unwrap()
                    .unwrap()
                    .bytes()
                    .len();
                let crc = klamm_records::crc32c(&log[second + 21..second + len]);
                log[second + 17..second + 21].copy_from_slice(&crc.to_be_bytes());
            }
            write(&host, LOG, &log);
            // After a stop in order nobody checks older segments on the way.
            write(
                &host,
                ".kafka_cleanshutdown",
                br#"{"version":0,"brokerEpoch":1}"#,
            );
            node.crash(CrashPolicy::KeepAll);
            let opened = open(&node.boot(), small).await;
            assert!(matches!(opened, Err(QuorumStartError::Open(_))));
        });
    }
}
