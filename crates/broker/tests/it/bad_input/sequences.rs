//! Idempotent producers at the edges of their numbers: 44 to 46, 57.

use super::{Case, GOOD, Talk, code_of, talk};
use crate::node::{Node, Peer, batch, batch_with, produce_request};
use klamm_model::ProducerId;
use klamm_records::{BatchFields, Compression};
use klamm_wire::ErrorCode;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;

pub(super) fn cases() -> Vec<Case> {
    vec![
        talk(45, "a sequence that wraps around", a_sequence_that_wraps),
        talk(46, "epochs below and above", epochs_below_and_above),
        talk(57, "a timeout of -1", a_negative_timeout),
    ]
}

async fn new_producer(peer: &mut Peer) -> i64 {
    let request = InitProducerIdRequest {
        transactional_id: None,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequest::default()
    };
    let answer = peer.ask(&request, 4).await;
    assert_eq!(answer.error_code, 0);
    answer.producer_id
}

/// Two records of a producer, and what the node says.
async fn send(peer: &mut Peer, id: i64, epoch: i16, sequence: i32) -> Result<i64, ErrorCode> {
    let fields = BatchFields {
        producer_id: ProducerId(id),
        producer_epoch: epoch,
        base_sequence: sequence,
        ..BatchFields::default()
    };
    let batch = batch_with(&[b"a", b"b"], Compression::None, &fields);
    let answer = peer.produce(GOOD, batch, -1).await;
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => Ok(answer.base_offset),
        error => Err(error),
    }
}

fn a_sequence_that_wraps(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let peer = &mut peer;
        let out_of_order = Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        // 2^31-1 is followed by 0, between batches and within one. A log that does not know a producer takes any number.
        let between = new_producer(peer).await;
        assert!(send(peer, between, 0, i32::MAX - 1).await.is_ok());
        assert_eq!(send(peer, between, 0, 1).await, out_of_order);
        let wrapped = send(peer, between, 0, 0).await;
        assert!(wrapped.is_ok());
        assert_eq!(send(peer, between, 0, 0).await, wrapped, "a repetition");
        let within = new_producer(peer).await;
        assert!(send(peer, within, 0, i32::MAX).await.is_ok());
        assert_eq!(send(peer, within, 0, 0).await, out_of_order);
        assert!(send(peer, within, 0, 1).await.is_ok());
        assert_eq!(
            send(peer, within, 0, -2).await,
            Err(ErrorCode::INVALID_RECORD)
        );
    })
}

fn epochs_below_and_above(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let peer = &mut peer;
        let id = new_producer(peer).await;
        assert!(send(peer, id, 3, 0).await.is_ok());
        let below = send(peer, id, 2, 2).await;
        assert_eq!(below, Err(ErrorCode::INVALID_PRODUCER_EPOCH));
        let above = send(peer, id, 4, 2).await;
        assert_eq!(above, Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
        assert!(send(peer, id, 4, 0).await.is_ok());
        let old = send(peer, id, 3, 2).await;
        assert_eq!(old, Err(ErrorCode::INVALID_PRODUCER_EPOCH));
    })
}

/// Nothing is waited for on one node: it is answered.
fn a_negative_timeout(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for timeout_ms in [-1, i32::MIN, i32::MAX] {
            let mut request = produce_request(GOOD, batch(&[b"x"], Compression::None), -1);
            request.timeout_ms = timeout_ms;
            let answer = peer.ask(&request, 9).await;
            let code = answer.responses[0].partition_responses[0].error_code;
            code_of(code, ErrorCode::NONE, timeout_ms);
        }
    })
}
