//! Snapshots: taken, kept, read instead of the log.

use super::*;

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
