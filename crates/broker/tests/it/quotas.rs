//! Client quotas: stored, described, and enforced by rest after the answer.

use crate::metrics::{scrape, until, value};
use crate::node::{Node, Peer, batch, create, produce_request, run};
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use klamm_wire::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse,
};
use klamm_wire::messages::{create_partitions, delete_topics, fetch, metadata, produce};
use std::time::Duration;
use tokio::time::Instant;

type Parts<'a> = &'a [(&'a str, Option<&'a str>)];

/// Sets quotas of one entity, or removes those without a value.
fn alter(entity: Parts<'_>, ops: &[(&str, Option<f64>)]) -> AlterClientQuotasRequest {
    let entity = entity.iter().map(|(kind, name)| RequestEntityData {
        entity_type: (*kind).into(),
        entity_name: name.map(Into::into),
    });
    let ops = ops.iter().map(|(key, value)| OpData {
        key: (*key).into(),
        value: value.unwrap_or_default(),
        remove: value.is_none(),
    });
    AlterClientQuotasRequest {
        entries: vec![RequestEntryData { entity: entity.collect(), ops: ops.collect() }],
        validate_only: false,
    }
}

async fn set(peer: &mut Peer, entity: Parts<'_>, key: &str, value: f64) {
    let answer = peer.ask(&alter(entity, &[(key, Some(value))]), 1).await;
    assert_eq!(answer.entries[0].error_code, 0, "{answer:?}");
}

async fn describe(
    peer: &mut Peer,
    components: &[(&str, i8, Option<&str>)],
    strict: bool,
) -> DescribeClientQuotasResponse {
    let components = components
        .iter()
        .map(|(kind, match_type, name)| ComponentData {
            entity_type: (*kind).into(),
            match_type: *match_type,
            r#match: name.map(Into::into),
        });
    let request = DescribeClientQuotasRequest { components: components.collect(), strict };
    peer.ask(&request, 1).await
}

/// Each entity with its quotas, as short text.
fn shown(answer: DescribeClientQuotasResponse) -> Vec<String> {
    assert_eq!(answer.error_code, 0, "{answer:?}");
    let entries = answer.entries.unwrap().into_iter().map(|entry| {
        let mut words: Vec<_> = entry
            .entity
            .iter()
            .map(|part| {
                format!(
                    "{}={}",
                    part.entity_type,
                    part.entity_name.as_deref().unwrap_or("*")
                )
            })
            .collect();
        words.extend(
            entry
                .values
                .iter()
                .map(|v| format!("{}:{}", v.key, v.value)),
        );
        words.join(" ")
    });
    entries.collect()
}

#[test]
fn quotas_are_stored_found_by_filters_and_survive_a_restart() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let rate = "producer_byte_rate";
        set(&mut peer, &[("user", Some("u"))], rate, 1.0).await;
        set(&mut peer, &[("user", None)], rate, 2.0).await;
        set(
            &mut peer,
            &[("user", Some("u")), ("client-id", Some("c"))],
            rate,
            3.0,
        )
        .await;
        set(
            &mut peer,
            &[("client-id", Some("c"))],
            "request_percentage",
            4.5,
        )
        .await;
        set(
            &mut peer,
            &[("ip", Some("127.0.0.9"))],
            "connection_creation_rate",
            5.0,
        )
        .await;
        let request = alter(&[("user", Some("u"))], &[(rate, Some(9.0))]);
        let dry = AlterClientQuotasRequest { validate_only: true, ..request };
        assert_eq!(peer.ask(&dry, 0).await.entries[0].error_code, 0);

        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert_filters(&mut peer).await;
        let removal = alter(&[("user", Some("u"))], &[(rate, None)]);
        assert_eq!(peer.ask(&removal, 1).await.entries[0].error_code, 0);
        let rest = describe(&mut peer, &[("user", 0, Some("u"))], false).await;
        assert_eq!(shown(rest), ["client-id=c user=u producer_byte_rate:3"]);
        node.stop().await;
    });
}

/// Looks the quotas of the test above up in all ways.
async fn assert_filters(peer: &mut Peer) {
    let all = shown(describe(peer, &[], false).await);
    let (u, other) = ("user=u producer_byte_rate:1", "user=* producer_byte_rate:2");
    let both = "client-id=c user=u producer_byte_rate:3";
    let client = "client-id=c request_percentage:4.5";
    let ip = "ip=127.0.0.9 connection_creation_rate:5";
    assert_eq!(all.len(), 5, "{all:?}");
    let found = async |peer: &mut Peer, components: &[_], strict| {
        let mut found = shown(describe(peer, components, strict).await);
        found.sort();
        found
    };
    let (exact, default, specified) = (0, 1, 2);
    assert!(found(peer, &[], true).await.is_empty());
    assert_eq!(
        found(peer, &[("user", exact, Some("u"))], false).await,
        [both, u]
    );
    assert_eq!(found(peer, &[("user", exact, Some("u"))], true).await, [u]);
    assert_eq!(
        found(peer, &[("user", default, None)], false).await,
        [other]
    );
    assert_eq!(
        found(peer, &[("user", specified, None)], true).await,
        [other, u]
    );
    assert_eq!(
        found(peer, &[("client-id", specified, None)], true).await,
        [client]
    );
    assert_eq!(found(peer, &[("ip", specified, None)], false).await, [ip]);
    let pair = [("user", specified, None), ("client-id", exact, Some("c"))];
    assert_eq!(found(peer, &pair, true).await, [both]);
}

#[test]
fn wrong_entities_keys_values_and_filters_are_refused_by_kafkas_codes() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let rate = ("producer_byte_rate", Some(1.0));
        let user: Parts<'_> = &[("user", Some("u"))];
        let wrong = [
            alter(&[], &[rate]),
            alter(&[("group", Some("g"))], &[rate]),
            alter(&[("user", Some(""))], &[rate]),
            alter(&[("user", Some("u")), ("user", Some("v"))], &[rate]),
            alter(&[("user", Some("u")), ("ip", Some("127.0.0.1"))], &[rate]),
            alter(
                &[("ip", Some("no address"))],
                &[("connection_creation_rate", Some(1.0))],
            ),
            alter(&[("ip", Some("127.0.0.1"))], &[rate]),
            alter(user, &[("connection_creation_rate", Some(1.0))]),
            alter(user, &[("nonsense", Some(1.0))]),
            alter(user, &[("producer_byte_rate", Some(0.5))]),
            alter(user, &[("producer_byte_rate", Some(-1.0))]),
            alter(user, &[("producer_byte_rate", Some(f64::NAN))]),
            alter(user, &[rate, rate]),
        ];
        for request in wrong {
            let answer = peer.ask(&request, 1).await;
            let code = ErrorCode(answer.entries[0].error_code);
            assert_eq!(code, ErrorCode::INVALID_REQUEST, "{request:?}");
        }
        let invalid = ErrorCode::INVALID_REQUEST;
        let cases: [(&[_], ErrorCode); 8] = [
            (&[("", 2, None)], invalid),
            (&[("user", 2, None), ("user", 1, None)], invalid),
            (&[("group", 2, None)], ErrorCode::UNSUPPORTED_VERSION),
            (&[("user", 0, None)], invalid),
            (&[("user", 1, Some("u"))], invalid),
            (&[("user", 2, Some("u"))], invalid),
            (&[("user", 3, None)], invalid),
            (&[("user", 2, None), ("ip", 2, None)], invalid),
        ];
        for (components, code) in cases {
            let answer = describe(&mut peer, components, false).await;
            assert_eq!(ErrorCode(answer.error_code), code, "{components:?}");
            assert_eq!(answer.entries, None);
        }
        assert!(shown(describe(&mut peer, &[], false).await).is_empty());
        node.stop().await;
    });
}

/// Short windows, so that a quota is used up soon and a rest is short.
const SHORT: [&str; 2] = ["quota.window.num=2", "quota.window.size.seconds=1"];

async fn produce_3_kb(peer: &mut Peer) -> produce::ProduceResponse {
    let records = batch(&[&[b'x'; 3000]], Compression::None);
    peer.ask(&produce_request("t", records, 1), 9).await
}

fn ms(milliseconds: i32) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap())
}

#[test]
fn a_producer_over_its_quota_is_answered_at_once_and_rests_after() {
    run(async {
        let node = Node::start(&[SHORT[0], SHORT[1], "klamm.metrics.listener=127.0.0.1:0"]).await;
        let mut admin = node.connect_as("admin").await;
        admin.topic("t").await;
        let mut fast = node.connect_as("fast").await;
        let mut slow = node.connect_as("slow").await;
        assert_eq!(
            produce_3_kb(&mut slow).await.throttle_time_ms,
            0,
            "no quota yet"
        );
        set(
            &mut admin,
            &[("client-id", Some("slow"))],
            "producer_byte_rate",
            4000.0,
        )
        .await;

        assert_eq!(produce_3_kb(&mut slow).await.throttle_time_ms, 0);
        let begun = Instant::now();
        let answer = produce_3_kb(&mut slow).await;
        let answered = begun.elapsed();
        let rest = ms(answer.throttle_time_ms);
        assert_eq!(
            answer.responses[0].partition_responses[0].error_code, 0,
            "it was appended"
        );
        assert!((ms(400)..ms(700)).contains(&rest), "{rest:?}");
        assert!(answered < rest, "{answered:?} of {rest:?}");
        // The next request waits on the connection; others do not.
        let resting = Instant::now();
        let id = slow.send(&metadata::MetadataRequest::default(), 9).await;
        for _ in 0..20 {
            assert_eq!(produce_3_kb(&mut fast).await.throttle_time_ms, 0);
        }
        let others = resting.elapsed();
        slow.receive::<metadata::MetadataRequest>(id, 9).await;
        let rested = resting.elapsed();
        assert!(
            others < rested && rested + ms(100) >= rest,
            "{others:?} {rested:?} {rest:?}"
        );

        let page = scrape(&node).await;
        assert_eq!(
            value(&page, "klamm_produce_throttled_total"),
            Some(1.0),
            "{page}"
        );
        assert_eq!(
            value(&page, "klamm_quota_measurements"),
            Some(1.0),
            "{page}"
        );
        node.stop().await;
    });
}

#[test]
fn a_producer_without_acknowledgements_rests_too() {
    run(async {
        let node = Node::start(&[SHORT[0], SHORT[1], "klamm.metrics.listener=127.0.0.1:0"]).await;
        let mut admin = node.connect_as("admin").await;
        admin.topic("t").await;
        set(
            &mut admin,
            &[("user", None), ("client-id", None)],
            "producer_byte_rate",
            2000.0,
        )
        .await;
        let mut slow = node.connect_as("slow").await;
        let begun = Instant::now();
        let records = batch(&[&[b'x'; 3000]], Compression::None);
        slow.send(&produce_request("t", records, 0), 9).await;
        until(&node, "klamm_produce_throttled_total", |n| n == 1.0).await;
        slow.ask(&metadata::MetadataRequest::default(), 9).await;
        assert!(begun.elapsed() >= ms(400), "{:?}", begun.elapsed());
        node.stop().await;
    });
}

fn fetch_all(offset: i64) -> fetch::FetchRequest {
    fetch::FetchRequest {
        replica_id: -1,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: 0,
        topics: vec![fetch::FetchTopic {
            topic: "t".into(),
            partitions: vec![fetch::FetchPartition {
                fetch_offset: offset,
                partition_max_bytes: 1 << 20,
                ..fetch::FetchPartition::default()
            }],
            ..fetch::FetchTopic::default()
        }],
        ..fetch::FetchRequest::default()
    }
}

fn bytes(answer: &fetch::FetchResponse) -> usize {
    let partitions = answer.responses.iter().flat_map(|topic| &topic.partitions);
    partitions
        .map(|p| p.records.as_ref().map_or(0, klamm_codec::Records::len))
        .sum()
}

#[test]
fn a_consumer_over_its_quota_rests_and_gets_no_data_by_another_way() {
    run(async {
        let node = Node::start(&SHORT).await;
        let mut admin = node.connect_as("admin").await;
        admin.topic("t").await;
        for _ in 0..4 {
            produce_3_kb(&mut admin).await;
        }
        set(
            &mut admin,
            &[("user", Some("ANONYMOUS"))],
            "consumer_byte_rate",
            4000.0,
        )
        .await;
        let mut slow = node.connect_as("slow").await;
        let first = slow.ask(&fetch_all(0), 11).await;
        assert_eq!(first.throttle_time_ms, 0);
        assert!(
            (3000..4000).contains(&bytes(&first)),
            "no more than a window allows: {first:?}"
        );
        assert_ne!(first.session_id, 0);
        // What exceeds the quota comes all the same; then the client rests.
        let second = slow.ask(&fetch_all(1), 11).await;
        assert!(bytes(&second) > 3000, "{second:?}");
        assert!((300..700).contains(&second.throttle_time_ms), "{second:?}");
        // Client ids of one user share its quota: another connection gets nothing meanwhile, and no session.
        let mut also_slow = node.connect_as("also slow").await;
        let third = also_slow.ask(&fetch_all(2), 11).await;
        assert!(third.throttle_time_ms > 0, "{third:?}");
        assert_eq!(
            (bytes(&third), third.session_id, third.error_code),
            (0, 0, 0)
        );
        let fourth = also_slow.ask(&fetch_all(2), 11).await;
        assert!(bytes(&fourth) > 3000, "{fourth:?}");

        // A batch that is larger than all windows allow comes all the same: no consumer starves.
        let alone: Parts<'_> = &[("user", Some("ANONYMOUS")), ("client-id", Some("tiny"))];
        set(&mut admin, alone, "consumer_byte_rate", 10.0).await;
        let large = node.connect_as("tiny").await.ask(&fetch_all(2), 11).await;
        assert!(bytes(&large) > 3000, "{large:?}");
        assert!(large.throttle_time_ms > 100_000, "{large:?}");
        let after = node.connect_as("tiny").await.ask(&fetch_all(3), 11).await;
        assert!(
            after.throttle_time_ms > 100_000 && bytes(&after) == 0,
            "{after:?}"
        );
        node.stop().await;
    });
}

#[test]
fn the_time_of_requests_is_limited_and_never_costs_more_than_a_window() {
    run(async {
        let node = Node::start(&SHORT).await;
        let mut admin = node.connect_as("admin").await;
        set(
            &mut admin,
            &[("client-id", Some("slow"))],
            "request_percentage",
            1e-9,
        )
        .await;
        let mut slow = node.connect_as("slow").await;
        let answer = slow.ask(&metadata::MetadataRequest::default(), 9).await;
        assert_eq!(answer.throttle_time_ms, 1000);
        assert_eq!(
            admin
                .ask(&metadata::MetadataRequest::default(), 9)
                .await
                .throttle_time_ms,
            0
        );
        node.stop().await;
    });
}

#[test]
fn changes_of_metadata_over_their_quota_are_refused_or_waited_for() {
    run(async {
        let node = Node::start(&["controller.quota.window.num=1"]).await;
        let mut admin = node.connect_as("admin").await;
        set(
            &mut admin,
            &[("client-id", Some("slow"))],
            "controller_mutation_rate",
            1.0,
        )
        .await;
        let exceeded = ErrorCode::THROTTLING_QUOTA_EXCEEDED.code();
        let five = |name| {
            let mut request = create(name, &[]);
            request.topics[0].num_partitions = 5;
            request
        };
        // The last change may exceed the quota.
        let first = node.connect_as("slow").await.ask(&five("a"), 7).await;
        assert_eq!(
            (first.topics[0].error_code, first.throttle_time_ms),
            (0, 0),
            "{first:?}"
        );
        let second = node.connect_as("slow").await.ask(&five("b"), 7).await;
        assert_eq!(second.topics[0].error_code, exceeded, "{second:?}");
        assert_eq!(second.topics[0].error_message, None);
        assert!(
            (3000..=4000).contains(&second.throttle_time_ms),
            "{second:?}"
        );
        // What fails anyway costs nothing and says why.
        let known = node.connect_as("slow").await.ask(&five("a"), 7).await;
        assert_eq!(
            known.topics[0].error_code,
            ErrorCode::TOPIC_ALREADY_EXISTS.code()
        );
        let delete = delete_topics::DeleteTopicsRequest {
            topic_names: vec!["a".into()],
            timeout_ms: 1000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        let kept = node.connect_as("slow").await.ask(&delete, 5).await;
        assert_eq!(kept.responses[0].error_code, exceeded, "{kept:?}");
        let grow = create_partitions::CreatePartitionsRequest {
            topics: vec![create_partitions::CreatePartitionsTopic {
                name: "a".into(),
                count: 7,
                assignments: None,
            }],
            timeout_ms: 1000,
            ..create_partitions::CreatePartitionsRequest::default()
        };
        let grown = node.connect_as("slow").await.ask(&grow, 3).await;
        assert_eq!(grown.results[0].error_code, exceeded, "{grown:?}");
        // A version that knows no such error is carried out, and waits the longer.
        let grown = node.connect_as("slow").await.ask(&grow, 2).await;
        assert_eq!(grown.results[0].error_code, 0, "{grown:?}");
        assert!(
            grown.throttle_time_ms > second.throttle_time_ms,
            "{grown:?}"
        );
        // Others have no such quota.
        assert_eq!(admin.ask(&five("b"), 7).await.topics[0].error_code, 0);
        assert_eq!(admin.ask(&delete, 5).await.responses[0].error_code, 0);
        node.stop().await;
    });
}

#[test]
fn connections_of_an_address_over_its_quota_are_held_and_closed() {
    run(async {
        let node = Node::start(&SHORT).await;
        let mut admin = node.connect_as("admin").await;
        set(&mut admin, &[("ip", None)], "connection_creation_rate", 1.0).await;
        let request = metadata::MetadataRequest::default();
        let mut first = node.connect().await;
        first.ask(&request, 9).await;
        let mut second = node.connect().await;
        let begun = Instant::now();
        second.send(&request, 9).await;
        assert_eq!(
            second.receive_frame().await,
            None,
            "closed without an answer"
        );
        assert!(
            begun.elapsed() >= ms(500),
            "not at once: {:?}",
            begun.elapsed()
        );
        // Those that are open stay, and without the quota all are served again.
        first.ask(&request, 9).await;
        let removal = alter(&[("ip", None)], &[("connection_creation_rate", None)]);
        admin.ask(&removal, 1).await;
        node.connect().await.ask(&request, 9).await;
        node.stop().await;
    });
}
