//! Starts: of new directories, of Kafka's, and of those that must not start.

use super::*;

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
