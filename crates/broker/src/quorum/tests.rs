//! The quorum of one over a simulated machine: start, decide, crash, come back, and Kafka's own files.

macro_rules! kafka {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/kafka-4.3.1-metadata/",
            $name
        )) as &[u8]
    };
}

mod full_volume;
mod snapshots;
mod starts;

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
fn a_decision_carries_nothing_along_of_those_before_it() {
    simulate(12, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, _) = open(&host, "").await.unwrap();
        set(&quorum, "before", "1").await.unwrap();
        quorum.shutdown().await;
        let expected = ExpectedIdentity { cluster_id: None, node_id: NODE };
        let (dir, last_run) =
            LogDir::open(Arc::clone(&host.disk), Path::new(DIR), &expected).unwrap();
        let config = QuorumConfig { node: NODE, dir, last_run, settings: settings("") };
        let published = Arc::new(Published {
            image: ArcSwap::from_pointee(Image::empty()),
            layers: ArcSwap::from_pointee(Layers::new(settings(""))),
            applied: AtomicI64::new(-1),
            kraft_version: AtomicI16::new(0),
        });
        let listener = Arc::new(Recorder::default());
        let mut engine = Engine::open(host, config, listener, published).unwrap();
        engine.begin().unwrap();
        for key in ["a", "b"] {
            let (_, changes) = engine.pending().unwrap().clone().publish();
            assert!(changes.is_empty(), "{changes:?}");
            let records = vec![record(key, "1")];
            let (asked, _) = Asked::new(move |_| Decision { records, reply: () });
            assert!(!engine.run(vec![Command::Decide(asked)]));
        }
        let (image, changes) = engine.pending().unwrap().clone().publish();
        assert!(changes.is_empty(), "{changes:?}");
        assert_eq!(
            image.configs().value(ResourceKind::Topic, "t", "b"),
            Some("1")
        );
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
