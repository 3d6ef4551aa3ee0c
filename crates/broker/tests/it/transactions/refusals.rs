//! What a transactional write must not do.

use super::*;

#[test]
fn a_transactional_batch_names_its_transaction_and_one_producer() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let a = Txn::new(&node, "a").await;
        let nameless = produce(None, a.producer, 0, 0, &["x"]);
        let refused = send(&mut peer, &nameless, IMPLICIT).await;
        let unauthorized = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        assert_eq!(refused.error_code, code(unauthorized));
        let mut two = produce(Some("a"), a.producer, 0, 0, &["x"]);
        let other = produce(Some("a"), (a.producer.0 + 1, 0), 0, 1, &["y"]);
        let data = other.topic_data[0].partition_data[0].clone();
        two.topic_data[0].partition_data.push(data);
        let answer = peer.ask(&two, IMPLICIT).await;
        for partition in &answer.responses[0].partition_responses {
            let mixed = ErrorCode::INVALID_PRODUCER_ID_MAPPING;
            assert_eq!(partition.error_code, code(mixed));
        }
        assert_eq!(latest(&mut peer, 0, 0).await, 0, "nothing was written");
        node.stop().await;
    });
}

#[test]
fn the_coordinator_has_a_word_on_who_writes() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        let stranger = produce(Some("nobody"), a.producer, 0, 0, &["x"]);
        for version in [9, EXPLICIT, IMPLICIT] {
            let refused = send(&mut peer, &stranger, version).await;
            let mapping = ErrorCode::INVALID_PRODUCER_ID_MAPPING;
            assert_eq!(refused.error_code, code(mapping), "{version}");
        }
        let old = produce(Some("a"), a.producer, 0, 0, &["x"]);
        a.init().await;
        for version in [9, EXPLICIT, IMPLICIT] {
            let refused = send(&mut peer, &old, version).await;
            let fenced = ErrorCode::INVALID_PRODUCER_EPOCH;
            assert_eq!(refused.error_code, code(fenced), "{version}");
        }
        assert_eq!(latest(&mut peer, 0, 0).await, 0, "nothing was written");
        node.stop().await;
    });
}

#[test]
fn without_verification_old_clients_write_unasked() {
    run(async {
        let (node, mut peer) = started(&["transaction.partition.verification.enable=false"]).await;
        let mut a = Txn::new(&node, "a").await;
        assert_eq!(a.try_send(0, &["x"], EXPLICIT).await, OK);
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 0, "it hangs");
        // Those that leave it to the broker to add partitions are added all the same.
        a.send(1, &["y"]).await;
        a.end(true).await;
        assert_eq!(read(&mut peer, 1).await.committed, ["y"]);
        node.stop().await;
    });
}

#[test]
fn clients_do_not_write_to_the_coordinators_topics() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let a = Txn::new(&node, "a").await;
        for topic in ["__consumer_offsets", "__transaction_state"] {
            let mut request = produce(Some("a"), a.producer, 0, 0, &["x"]);
            request.topic_data[0].name = topic.into();
            let refused = send(&mut peer, &request, IMPLICIT).await;
            let invalid = ErrorCode::INVALID_TOPIC_EXCEPTION;
            assert_eq!(refused.error_code, code(invalid), "{topic}");
        }
        node.stop().await;
    });
}
