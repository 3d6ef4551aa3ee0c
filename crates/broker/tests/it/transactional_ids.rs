//! Transactional ids over loopback: who may do what, with which code in which version, across restarts.

use crate::node::{Node, Peer, create, run};
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic, AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
};
use klamm_wire::messages::api_versions::ApiVersionsRequest;
use klamm_wire::messages::describe_transactions::{DescribeTransactionsRequest, TransactionState};
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::list_transactions::{ListTransactionsRequest, ListTransactionsResponse};

const SMALL: &[&str] = &[
    "transaction.state.log.num.partitions=3",
    "offsets.topic.num.partitions=3",
];

const OK: i16 = 0;

type Producer = (i64, i16);

async fn find(peer: &mut Peer, id: &str) -> i16 {
    let request = FindCoordinatorRequest {
        key_type: 1,
        coordinator_keys: vec![id.into()],
        ..FindCoordinatorRequest::default()
    };
    peer.ask(&request, 6).await.coordinators[0].error_code
}

async fn init_as(
    peer: &mut Peer,
    id: &str,
    expected: Producer,
    version: i16,
) -> Result<Producer, i16> {
    let request = InitProducerIdRequest {
        transactional_id: Some(id.into()),
        transaction_timeout_ms: 60_000,
        producer_id: expected.0,
        producer_epoch: expected.1,
        ..InitProducerIdRequest::default()
    };
    let answer = peer.ask(&request, version).await;
    let producer = (answer.producer_id, answer.producer_epoch);
    if answer.error_code == OK {
        Ok(producer)
    } else {
        assert_eq!(producer, (-1, -1));
        Err(answer.error_code)
    }
}

async fn init(peer: &mut Peer, id: &str) -> Producer {
    init_as(peer, id, (-1, -1), 5).await.unwrap()
}

fn idempotent() -> InitProducerIdRequest {
    InitProducerIdRequest { transactional_id: None, ..InitProducerIdRequest::default() }
}

fn topics(topics: &[(&str, &[i32])]) -> Vec<AddPartitionsToTxnTopic> {
    let all = topics.iter();
    all.map(|(name, partitions)| AddPartitionsToTxnTopic {
        name: (*name).into(),
        partitions: partitions.to_vec(),
    })
    .collect()
}

fn codes(results: &[AddPartitionsToTxnTopicResult]) -> Vec<(&str, i32, i16)> {
    let all = results.iter().flat_map(|topic| {
        let partitions = topic.results_by_partition.iter();
        partitions.map(|one| (&*topic.name, one.partition_index, one.partition_error_code))
    });
    all.collect()
}

async fn add(
    peer: &mut Peer,
    id: &str,
    producer: Producer,
    partitions: &[(&str, &[i32])],
    version: i16,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let request = AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: id.into(),
        v3_and_below_producer_id: producer.0,
        v3_and_below_producer_epoch: producer.1,
        v3_and_below_topics: topics(partitions),
        ..AddPartitionsToTxnRequest::default()
    };
    peer.ask(&request, version)
        .await
        .results_by_topic_v3_and_below
}

fn asks(
    id: &str,
    producer: Producer,
    partitions: &[(&str, &[i32])],
    verify_only: bool,
) -> AddPartitionsToTxnTransaction {
    AddPartitionsToTxnTransaction {
        transactional_id: id.into(),
        producer_id: producer.0,
        producer_epoch: producer.1,
        verify_only,
        topics: topics(partitions),
    }
}

async fn add_offsets(peer: &mut Peer, id: &str, producer: Producer, version: i16) -> i16 {
    let request = AddOffsetsToTxnRequest {
        transactional_id: id.into(),
        producer_id: producer.0,
        producer_epoch: producer.1,
        group_id: "g".into(),
    };
    peer.ask(&request, version).await.error_code
}

async fn end(
    peer: &mut Peer,
    id: &str,
    producer: Producer,
    committed: bool,
    version: i16,
) -> Result<Producer, i16> {
    let request = EndTxnRequest {
        transactional_id: id.into(),
        producer_id: producer.0,
        producer_epoch: producer.1,
        committed,
    };
    let answer = peer.ask(&request, version).await;
    if answer.error_code == OK {
        Ok((answer.producer_id, answer.producer_epoch))
    } else {
        Err(answer.error_code)
    }
}

async fn describe(peer: &mut Peer, id: &str) -> TransactionState {
    let request = DescribeTransactionsRequest { transactional_ids: vec![id.into()] };
    peer.ask(&request, 0).await.transaction_states.remove(0)
}

/// Markers are written after the answer; a next request of the id waits for them.
async fn at_rest(peer: &mut Peer, id: &str) -> TransactionState {
    loop {
        let state = describe(peer, id).await;
        if !state.transaction_state.starts_with("Prepare") {
            return state;
        }
    }
}

async fn list(peer: &mut Peer, request: ListTransactionsRequest) -> ListTransactionsResponse {
    peer.ask(&request, 2).await
}

fn listed(response: &ListTransactionsResponse) -> Vec<(&str, &str)> {
    assert_eq!(response.error_code, OK);
    let states = response.transaction_states.iter();
    let mut all: Vec<_> = states
        .map(|one| (&*one.transactional_id, &*one.transaction_state))
        .collect();
    all.sort_unstable();
    all
}

async fn started() -> (Node, Peer) {
    let node = Node::start(SMALL).await;
    let mut peer = node.connect().await;
    let mut request = create("t", &[]);
    request.topics[0].num_partitions = 3;
    assert_eq!(peer.ask(&request, 7).await.topics[0].error_code, OK);
    assert_eq!(find(&mut peer, "a").await, OK);
    (node, peer)
}

#[test]
fn a_cluster_of_ours_begins_with_level_2() {
    run(async {
        let node = Node::start(SMALL).await;
        let mut peer = node.connect().await;
        let request = ApiVersionsRequest {
            client_software_name: "test".into(),
            client_software_version: "1".into(),
        };
        let answer = peer.ask(&request, 4).await;
        let supported = answer.supported_features.iter();
        let mut supported = supported.filter(|one| &*one.name == "transaction.version");
        let supported = supported.next().unwrap();
        assert_eq!((supported.min_version, supported.max_version), (0, 2));
        let finalized = answer.finalized_features.iter();
        let mut finalized = finalized.filter(|one| &*one.name == "transaction.version");
        assert_eq!(finalized.next().unwrap().max_version_level, 2);
    });
}

#[test]
fn an_id_lives_through_its_transactions_and_a_restart() {
    run(async {
        let (node, mut peer) = started().await;
        let (id, epoch) = init(&mut peer, "a").await;
        assert_eq!(epoch, 0);
        let state = describe(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "Empty");
        assert_eq!((state.producer_id, state.producer_epoch), (id, 0));
        assert_eq!(state.transaction_timeout_ms, 60_000);
        assert_eq!(state.transaction_start_time_ms, -1);
        let added = add(&mut peer, "a", (id, 0), &[("t", &[0, 1])], 3).await;
        assert_eq!(codes(&added), [("t", 0, OK), ("t", 1, OK)]);
        let state = describe(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "Ongoing");
        assert_eq!(&*state.topics[0].topic, "t");
        assert_eq!(state.topics[0].partitions, [0, 1]);
        assert_eq!(end(&mut peer, "a", (id, 0), true, 5).await, Ok((id, 1)));
        let state = at_rest(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "CompleteCommit");
        assert_eq!(
            end(&mut peer, "a", (id, 0), true, 5).await,
            Ok((id, 1)),
            "a retry"
        );
        let added = add(&mut peer, "a", (id, 1), &[("t", &[2])], 3).await;
        assert_eq!(codes(&added), [("t", 2, OK)]);

        let node = node.restart().await;
        let mut peer = node.connect().await;
        let state = describe(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "Ongoing");
        assert_eq!(state.topics[0].partitions, [2]);
        assert_eq!(end(&mut peer, "a", (id, 1), false, 5).await, Ok((id, 2)));
        let state = at_rest(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "CompleteAbort");
        node.stop().await;
    });
}

#[test]
fn below_version_5_an_end_keeps_the_epoch() {
    run(async {
        let (_node, mut peer) = started().await;
        let producer = init(&mut peer, "a").await;
        for version in 0..5 {
            add(&mut peer, "a", producer, &[("t", &[0])], 3).await;
            let ended = end(&mut peer, "a", producer, true, version).await;
            assert!(ended.is_ok());
            let again = end(&mut peer, "a", producer, true, version).await;
            let concurrent = ErrorCode::CONCURRENT_TRANSACTIONS.code();
            assert!(again.is_ok() || again == Err(concurrent));
            let flipped = end(&mut peer, "a", producer, false, version).await;
            assert_eq!(flipped, Err(ErrorCode::INVALID_TXN_STATE.code()));
            let state = at_rest(&mut peer, "a").await;
            assert_eq!((state.producer_id, state.producer_epoch), producer);
        }
    });
}

#[test]
fn a_fenced_producer_hears_it_by_the_name_that_it_knows() {
    run(async {
        let (_node, mut peer) = started().await;
        let old = init(&mut peer, "a").await;
        let new = init(&mut peer, "a").await;
        assert_eq!(new, (old.0, 1));
        let before = ErrorCode::INVALID_PRODUCER_EPOCH.code();
        let fenced = ErrorCode::PRODUCER_FENCED.code();
        for (version, expected) in [(3, before), (4, fenced), (5, fenced)] {
            let error = init_as(&mut peer, "a", old, version).await;
            assert_eq!(error, Err(expected), "InitProducerId {version}");
        }
        for (version, expected) in [(0, before), (1, before), (2, fenced), (3, fenced)] {
            let added = add(&mut peer, "a", old, &[("t", &[0])], version).await;
            assert_eq!(codes(&added), [("t", 0, expected)], "{version}");
            let error = end(&mut peer, "a", old, true, version).await;
            assert_eq!(error, Err(expected), "EndTxn {version}");
            let error = add_offsets(&mut peer, "a", old, version).await;
            assert_eq!(error, expected, "AddOffsetsToTxn {version}");
        }
        assert_eq!(end(&mut peer, "a", old, true, 5).await, Err(fenced));
    });
}

#[test]
fn an_open_transaction_is_aborted_for_the_next_instance() {
    run(async {
        let (_node, mut peer) = started().await;
        let old = init(&mut peer, "a").await;
        add(&mut peer, "a", old, &[("t", &[0])], 3).await;
        let concurrent = ErrorCode::CONCURRENT_TRANSACTIONS.code();
        let first = init_as(&mut peer, "a", (-1, -1), 5).await;
        assert_eq!(first, Err(concurrent));
        let state = at_rest(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "CompleteAbort");
        assert_eq!(init(&mut peer, "a").await, (old.0, 2));
    });
}

#[test]
fn a_producer_that_goes_on_says_who_it_was() {
    run(async {
        let (_node, mut peer) = started().await;
        let first = init(&mut peer, "a").await;
        let second = init_as(&mut peer, "a", first, 5).await;
        assert_eq!(second, Ok((first.0, 1)));
        assert_eq!(init_as(&mut peer, "a", first, 5).await, second, "a retry");
        let invalid = Err(ErrorCode::INVALID_REQUEST.code());
        assert_eq!(init_as(&mut peer, "a", (first.0, -1), 5).await, invalid);
        assert_eq!(init_as(&mut peer, "a", (-1, 3), 5).await, invalid);
        assert_eq!(init_as(&mut peer, "", (-1, -1), 5).await, invalid);
        let request = InitProducerIdRequest {
            transactional_id: Some("a".into()),
            transaction_timeout_ms: 900_001,
            ..InitProducerIdRequest::default()
        };
        let answer = peer.ask(&request, 5).await;
        let expected = ErrorCode::INVALID_TRANSACTION_TIMEOUT.code();
        assert_eq!(answer.error_code, expected);
        let answer = peer.ask(&idempotent(), 5).await;
        assert_eq!((answer.error_code, answer.producer_epoch), (OK, 0));
        assert_ne!(
            answer.producer_id, first.0,
            "an idempotent producer has an id of its own"
        );
    });
}

#[test]
fn partitions_that_are_not_there_keep_the_others_out() {
    run(async {
        let (_node, mut peer) = started().await;
        let producer = init(&mut peer, "a").await;
        let asked: &[(&str, &[i32])] = &[
            ("t", &[1, 9]),
            ("none", &[0]),
            ("__transaction_state", &[0]),
        ];
        let not_attempted = ErrorCode::OPERATION_NOT_ATTEMPTED.code();
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code();
        let unauthorized = ErrorCode::TOPIC_AUTHORIZATION_FAILED.code();
        let added = add(&mut peer, "a", producer, asked, 3).await;
        let expected = [
            ("__transaction_state", 0, unauthorized),
            ("none", 0, unknown),
            ("t", 1, not_attempted),
            ("t", 9, unknown),
        ];
        assert_eq!(codes(&added), expected);
        let state = describe(&mut peer, "a").await;
        assert_eq!(&*state.transaction_state, "Empty");
        let nobody = add(&mut peer, "", producer, &[("t", &[0])], 3).await;
        assert_eq!(
            codes(&nobody),
            [("t", 0, ErrorCode::INVALID_REQUEST.code())]
        );
    });
}

#[test]
fn several_transactions_are_added_to_and_verified_in_one_request() {
    run(async {
        let (_node, mut peer) = started().await;
        let a = init(&mut peer, "a").await;
        let b = init(&mut peer, "b").await;
        for version in [4, 5] {
            let request = AddPartitionsToTxnRequest {
                transactions: vec![
                    asks("a", a, &[("t", &[0])], false),
                    asks("b", b, &[("t", &[0, 1])], true),
                    asks("c", b, &[("t", &[0])], true),
                    asks("a", b, &[("t", &[0])], true),
                    asks("a", a, &[("t", &[0, 1])], true),
                ],
                ..AddPartitionsToTxnRequest::default()
            };
            let answer = peer.ask(&request, version).await;
            let results: Vec<_> = answer
                .results_by_transaction
                .iter()
                .map(|one| (&*one.transactional_id, codes(&one.topic_results)))
                .collect();
            let abortable = ErrorCode::TRANSACTION_ABORTABLE.code();
            let mapping = ErrorCode::INVALID_PRODUCER_ID_MAPPING.code();
            let expected = [
                ("a", vec![("t", 0, OK)]),
                ("b", vec![("t", 0, abortable), ("t", 1, abortable)]),
                ("c", vec![("t", 0, mapping)]),
                ("a", vec![("t", 0, mapping)]),
                ("a", vec![("t", 0, OK), ("t", 1, abortable)]),
            ];
            assert_eq!(results, expected);
        }
        let nothing = AddPartitionsToTxnRequest::default();
        let answer = peer.ask(&nothing, 5).await;
        assert!(answer.results_by_transaction.is_empty());
    });
}

#[test]
fn offsets_of_a_group_join_by_their_partition() {
    run(async {
        let (_node, mut peer) = started().await;
        let producer = init(&mut peer, "a").await;
        assert_eq!(add_offsets(&mut peer, "a", producer, 4).await, OK);
        let state = describe(&mut peer, "a").await;
        assert_eq!(&*state.topics[0].topic, "__consumer_offsets");
        assert_eq!(state.topics[0].partitions.len(), 1);
        let unknown = add_offsets(&mut peer, "b", producer, 4).await;
        assert_eq!(unknown, ErrorCode::INVALID_PRODUCER_ID_MAPPING.code());
        let nobody = add_offsets(&mut peer, "", producer, 4).await;
        assert_eq!(nobody, ErrorCode::INVALID_REQUEST.code());
    });
}

#[test]
fn ids_are_listed_by_what_is_asked_for() {
    run(async {
        let (_node, mut peer) = started().await;
        let order = init(&mut peer, "order-1").await;
        init(&mut peer, "order-2").await;
        init(&mut peer, "stock-1").await;
        add(&mut peer, "order-1", order, &[("t", &[0])], 3).await;
        let all = list(&mut peer, ListTransactionsRequest::default()).await;
        let expected = [
            ("order-1", "Ongoing"),
            ("order-2", "Empty"),
            ("stock-1", "Empty"),
        ];
        assert_eq!(listed(&all), expected);
        let names = |names: &[&str]| names.iter().map(|name| Str::from(*name)).collect();
        let request = ListTransactionsRequest {
            state_filters: names(&["Ongoing", "Nonsense"]),
            ..ListTransactionsRequest::default()
        };
        let answer = list(&mut peer, request).await;
        assert_eq!(listed(&answer), [("order-1", "Ongoing")]);
        assert_eq!(answer.unknown_state_filters, ["Nonsense"]);
        let request = ListTransactionsRequest {
            state_filters: names(&["Nonsense"]),
            ..ListTransactionsRequest::default()
        };
        assert!(listed(&list(&mut peer, request).await).is_empty());
        let request = ListTransactionsRequest {
            producer_id_filters: vec![order.0],
            ..ListTransactionsRequest::default()
        };
        assert_eq!(
            listed(&list(&mut peer, request).await),
            [("order-1", "Ongoing")]
        );
        let request = ListTransactionsRequest {
            duration_filter: 3_600_000,
            state_filters: names(&["Ongoing"]),
            ..ListTransactionsRequest::default()
        };
        assert!(listed(&list(&mut peer, request).await).is_empty());
        let by = |pattern: &str| ListTransactionsRequest {
            transactional_id_pattern: Some(pattern.into()),
            ..ListTransactionsRequest::default()
        };
        let orders = list(&mut peer, by("order-\\d+")).await;
        assert_eq!(
            listed(&orders),
            [("order-1", "Ongoing"), ("order-2", "Empty")]
        );
        assert!(
            listed(&list(&mut peer, by("order")).await).is_empty(),
            "the whole id matches"
        );
        assert_eq!(listed(&list(&mut peer, by("")).await).len(), 3);
        let bad = list(&mut peer, by("(")).await;
        assert_eq!(bad.error_code, ErrorCode::INVALID_REGULAR_EXPRESSION.code());
        for version in 0..2 {
            let answer = peer.ask(&ListTransactionsRequest::default(), version).await;
            assert_eq!(answer.transaction_states.len(), 3);
        }
    });
}

#[test]
fn an_id_that_nobody_has_is_not_described() {
    run(async {
        let (_node, mut peer) = started().await;
        let unknown = describe(&mut peer, "b").await;
        let expected = ErrorCode::TRANSACTIONAL_ID_NOT_FOUND.code();
        assert_eq!(
            (unknown.error_code, &*unknown.transactional_id),
            (expected, "b")
        );
        let nobody = describe(&mut peer, "").await;
        assert_eq!(nobody.error_code, ErrorCode::INVALID_REQUEST.code());
    });
}

/// Case 70 of the bad inputs: somebody ends what is not its own.
#[test]
fn a_transaction_is_ended_by_its_producer_only() {
    run(async {
        let (_node, mut peer) = started().await;
        let mine = init(&mut peer, "mine").await;
        let other = init(&mut peer, "other").await;
        add(&mut peer, "mine", mine, &[("t", &[0])], 3).await;
        let mapping = Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING.code());
        let fenced = Err(ErrorCode::PRODUCER_FENCED.code());
        for version in [4, 5] {
            for commit in [true, false] {
                let strange = end(&mut peer, "mine", other, commit, version).await;
                assert_eq!(strange, mapping);
                let unknown = end(&mut peer, "unknown", mine, commit, version).await;
                assert_eq!(unknown, mapping);
                for epoch in [-1, 1, 2, i16::MAX, i16::MIN] {
                    let forged = end(&mut peer, "mine", (mine.0, epoch), commit, version).await;
                    assert_eq!(forged, fenced, "epoch {epoch} version {version}");
                }
            }
        }
        let nobody = end(&mut peer, "", mine, true, 5).await;
        assert_eq!(nobody, Err(ErrorCode::INVALID_REQUEST.code()));
        let state = describe(&mut peer, "mine").await;
        assert_eq!(&*state.transaction_state, "Ongoing");
        assert!(end(&mut peer, "mine", mine, true, 5).await.is_ok());
    });
}

/// Case 71 of the bad inputs: a flood of producers. Ids go on, and one id takes none of those of another.
#[test]
fn a_flood_of_producers_uses_up_nothing_but_ids() {
    run(async {
        let (_node, mut peer) = started().await;
        let mut highest = -1;
        for index in 0..1_500 {
            let id = format!("flood-{index}");
            let (producer, epoch) = init(&mut peer, &id).await;
            assert!(producer > highest && epoch == 0);
            highest = producer;
        }
        for round in 0..300 {
            assert_eq!(
                init(&mut peer, "same").await.1,
                round,
                "one id has one producer id"
            );
        }
        let answer = peer.ask(&idempotent(), 5).await;
        assert_eq!(answer.producer_id, highest + 2);
        let nothing = init_as(&mut peer, &"x".repeat(40_000), (-1, -1), 5).await;
        assert_eq!(nothing, Err(ErrorCode::INVALID_REQUEST.code()));
    });
}
