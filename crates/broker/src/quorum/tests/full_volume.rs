//! A volume without room: what makes room goes on, what needs room is refused, and nothing ends.

use super::*;
use klamm_host::Disk;
use klamm_metadata::generated::{RemoveTopicRecord, TopicRecord};

/// Leaves some bytes on the volume.
fn leave(node: &SimNode, bytes: u64) {
    node.disk.set_capacity(1 << 40);
    let space = node.disk.space(Path::new("/")).unwrap();
    node.disk.set_capacity(space.total - space.usable + bytes);
}

async fn write_records(
    quorum: &QuorumHandle,
    records: Vec<MetadataRecord>,
) -> Result<(), QuorumError> {
    quorum
        .decide(move |_| Decision { records, reply: () })
        .await
}

async fn create(quorum: &QuorumHandle, id: u128) -> Result<(), QuorumError> {
    let name = Str::from(format!("topic-{id}").as_str());
    write_records(
        quorum,
        vec![TopicRecord { name, topic_id: Uuid(id) }.into()],
    )
    .await
}

async fn delete(quorum: &QuorumHandle, id: u128) -> Result<(), QuorumError> {
    write_records(
        quorum,
        vec![RemoveTopicRecord { topic_id: Uuid(id) }.into()],
    )
    .await
}

#[test]
fn topics_can_be_deleted_and_not_created() {
    simulate(31, |mut node| async move {
        let host = node.boot();
        format(&host);
        let (quorum, recorder) = open(&host, "").await.unwrap();
        for id in 1..=500 {
            create(&quorum, id).await.unwrap();
        }
        leave(&node, 0);
        while create(&quorum, 1_000).await.is_ok() {
            delete(&quorum, 1_000).await.unwrap();
        }
        assert_eq!(create(&quorum, 1_000).await, Err(QuorumError::NoRoom));
        for id in 1..=400 {
            delete(&quorum, id).await.unwrap();
        }
        set(&quorum, "retention.ms", "1000").await.unwrap();
        assert!(recorder.halts.lock().is_empty());
        // The power fails: the next start finds room in what was held, and holds it again.
        drop(quorum);
        node.crash(CrashPolicy::DropUnsynced);
        let host = node.boot();
        let (quorum, recorder) = open(&host, "").await.unwrap();
        assert_eq!(quorum.image().topics().len(), 100);
        assert_eq!(create(&quorum, 1_000).await, Err(QuorumError::NoRoom));
        for id in 401..=450 {
            delete(&quorum, id).await.unwrap();
        }
        leave(&node, 10 << 20);
        create(&quorum, 1_000).await.unwrap();
        assert_eq!(quorum.image().topics().len(), 51);
        assert!(recorder.halts.lock().is_empty());
    });
}

#[test]
fn a_quorum_without_any_room_refuses_and_goes_on_later() {
    simulate(32, |mut node| async move {
        let host = node.boot();
        format(&host);
        let lines = "internal.metadata.log.segment.bytes=100000\n";
        let (quorum, recorder) = open(&host, lines).await.unwrap();
        leave(&node, 0);
        let (mut last, mut written) = (0, 0);
        let value = |i: i32| format!("{i} {}", "v".repeat(2_000));
        let refusal = loop {
            match set(&quorum, "k", &value(last + 1)).await {
                Ok(_) => (last, written) = (last + 1, written + 2_000),
                Err(error) => break error,
            }
        };
        assert_eq!(refusal, QuorumError::NoRoom);
        assert!(written > 50_000, "{written}");
        assert_eq!(value_of(&quorum, "k"), Some(value(last)));
        assert_eq!(set(&quorum, "k", &value(0)).await, Err(QuorumError::NoRoom));
        leave(&node, 10 << 20);
        set(&quorum, "k", "at last").await.unwrap();
        assert!(recorder.halts.lock().is_empty());
        drop(quorum);
        node.crash(CrashPolicy::DropUnsynced);
        let host = node.boot();
        let (quorum, _) = open(&host, lines).await.unwrap();
        assert_eq!(value_of(&quorum, "k").as_deref(), Some("at last"));
    });
}
