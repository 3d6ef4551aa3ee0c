//! Markers that administrators write.

use super::*;
use klamm_wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest,
};

async fn write(
    peer: &mut Peer,
    producer: (i64, i16),
    coordinator_epoch: i32,
    version: i16,
) -> Vec<(String, i32, i16)> {
    let topic = |name: &str, partition_indexes| WritableTxnMarkerTopic {
        name: name.into(),
        partition_indexes,
    };
    let request = WriteTxnMarkersRequest {
        markers: vec![WritableTxnMarker {
            producer_id: producer.0,
            producer_epoch: producer.1,
            transaction_result: false,
            topics: vec![topic("t", vec![0, 9, 0]), topic("missing", vec![0])],
            coordinator_epoch,
            transaction_version: if version >= 2 { 2 } else { 0 },
        }],
    };
    let answer = peer.ask(&request, version).await;
    assert_eq!(answer.markers.len(), 1);
    assert_eq!(answer.markers[0].producer_id, producer.0);
    let topics = answer.markers[0].topics.iter();
    topics
        .flat_map(|topic| {
            let partitions = topic.partitions.iter();
            partitions.map(|one| (topic.name.to_string(), one.partition_index, one.error_code))
        })
        .collect()
}

fn results(first: i16) -> Vec<(String, i32, i16)> {
    let unknown = code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let one = |name: &str, index, error| (name.to_owned(), index, error);
    vec![
        one("t", 0, first),
        one("t", 9, unknown),
        one("missing", 0, unknown),
    ]
}

#[test]
fn a_marker_is_always_somebodys() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let unknown = code(ErrorCode::UNKNOWN_SERVER_ERROR);
        for producer in [(-1, 0), (0, -1), (i64::MIN, i16::MIN)] {
            for version in [1, 2] {
                let results = write(&mut peer, producer, 5, version).await;
                assert!(
                    results.iter().all(|(_, _, error)| *error == unknown),
                    "{results:?}"
                );
            }
        }
        assert_eq!(latest(&mut peer, 0, 0).await, 0, "nothing was written");
        node.stop().await;
    });
}

#[test]
fn a_transaction_that_hangs_is_ended_by_hand() {
    run(async {
        let (node, mut peer) = started(&["transaction.partition.verification.enable=false"]).await;
        let mut a = Txn::new(&node, "a").await;
        a.init().await;
        assert_eq!(a.try_send(0, &["x"], EXPLICIT).await, OK);
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 0, "it hangs");
        let (id, epoch) = a.producer;
        let too_old = code(ErrorCode::INVALID_PRODUCER_EPOCH);
        assert_eq!(
            write(&mut peer, (id, epoch - 1), 5, 1).await,
            results(too_old)
        );
        // Under the rules of level 2 a marker has an epoch of its own.
        assert_eq!(write(&mut peer, (id, epoch), 5, 2).await, results(too_old));
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 0);
        assert_eq!(write(&mut peer, (id, epoch), 5, 1).await, results(OK));
        let seen = read(&mut peer, 0).await;
        assert_eq!((seen.last_stable_offset, seen.committed.len()), (2, 0));
        let fenced = code(ErrorCode::TRANSACTION_COORDINATOR_FENCED);
        assert_eq!(write(&mut peer, (id, epoch), 4, 1).await, results(fenced));
        // Once more is harmless.
        assert_eq!(write(&mut peer, (id, epoch), 5, 1).await, results(OK));
        assert_eq!(write(&mut peer, (id, epoch), 5, 2).await, results(OK));
        assert_eq!(read(&mut peer, 0).await.committed.len(), 0);
        node.stop().await;
    });
}
