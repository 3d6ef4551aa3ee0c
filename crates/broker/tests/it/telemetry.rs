//! Metrics that clients push: subscribed to by configs, checked, shown on the metrics page.

use crate::metrics::scrape;
use crate::node::{Node, Peer, run};
use klamm_model::Uuid;
use klamm_records::{Codec, Compression, Deflater};
use klamm_wire::ErrorCode;
use klamm_wire::messages::api_versions::ApiVersionsRequest;
use klamm_wire::messages::get_telemetry_subscriptions::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse,
};
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::list_config_resources::ListConfigResourcesRequest;
use klamm_wire::messages::push_telemetry::PushTelemetryRequest;

const ENDPOINT: &str = "klamm.metrics.listener=127.0.0.1:0";
const CLIENT_METRICS: i8 = 16;

async fn subscribe(peer: &mut Peer, name: &str, configs: &[(&str, &str)]) -> ErrorCode {
    let configs = configs.iter().map(|(name, value)| AlterableConfig {
        name: (*name).into(),
        config_operation: 0,
        value: Some((*value).into()),
    });
    let request = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: CLIENT_METRICS,
            resource_name: name.into(),
            configs: configs.collect(),
        }],
        validate_only: false,
    };
    ErrorCode(peer.ask(&request, 1).await.responses[0].error_code)
}

async fn get(peer: &mut Peer, id: Uuid) -> GetTelemetrySubscriptionsResponse {
    let request = GetTelemetrySubscriptionsRequest { client_instance_id: id };
    peer.ask(&request, 0).await
}

async fn push(peer: &mut Peer, request: &PushTelemetryRequest) -> ErrorCode {
    ErrorCode(peer.ask(request, 0).await.error_code)
}

/// A field of a protobuf message that holds bytes. All here is short.
fn message(number: u8, inner: &[u8]) -> Vec<u8> {
    let len = u8::try_from(inner.len()).unwrap();
    assert!(len < 128);
    [&[number << 3 | 2, len], inner].concat()
}

/// OTLP with one gauge.
fn metrics(name: &str, value: f64) -> bytes::Bytes {
    let pair = [message(1, b"topic"), message(2, &message(1, b"t"))].concat();
    let point = [
        message(7, &pair),
        vec![4 << 3 | 1],
        value.to_le_bytes().to_vec(),
    ]
    .concat();
    let gauge = message(5, &message(1, &point));
    let metric = [message(1, name.as_bytes()), gauge].concat();
    message(1, &message(2, &message(2, &metric))).into()
}

#[test]
fn what_is_subscribed_to_is_pushed_and_shown() {
    run(async {
        let node = Node::start(&[ENDPOINT]).await;
        let mut peer = node.connect_as("billing").await;
        let nothing = get(&mut peer, Uuid::ZERO).await;
        assert_eq!((nothing.error_code, nothing.push_interval_ms), (0, 300_000));
        assert!(nothing.requested_metrics.is_empty(), "{nothing:?}");
        assert_ne!(nothing.client_instance_id, Uuid::ZERO);
        assert_eq!(nothing.accepted_compression_types, [4, 3, 1, 2]);
        assert_eq!(nothing.telemetry_max_bytes, 1 << 20);

        let configs = [
            ("metrics", "org.apache.kafka.producer."),
            ("interval.ms", "60000"),
            (
                "match",
                "client_id=bill.*,client_source_address=127\\.0\\.0\\.1",
            ),
        ];
        assert_eq!(
            subscribe(&mut peer, "mine", &configs).await,
            ErrorCode::NONE
        );
        let others = [("metrics", "*"), ("match", "client_id=other")];
        assert_eq!(
            subscribe(&mut peer, "others", &others).await,
            ErrorCode::NONE
        );
        let listed = peer.ask(&ListConfigResourcesRequest::default(), 0).await;
        let names: Vec<_> = listed
            .config_resources
            .iter()
            .map(|r| &*r.resource_name)
            .collect();
        assert_eq!(names, ["mine", "others"]);
        let id = nothing.client_instance_id;
        let told = get(&mut peer, id).await;
        assert_eq!((told.error_code, told.push_interval_ms), (0, 60_000));
        assert_eq!(told.requested_metrics, ["org.apache.kafka.producer."]);
        assert_eq!(told.client_instance_id, id);

        let pushed = PushTelemetryRequest {
            client_instance_id: id,
            subscription_id: told.subscription_id,
            metrics: metrics("org.apache.kafka.producer.x", 2.5),
            ..PushTelemetryRequest::default()
        };
        assert_eq!(push(&mut peer, &pushed).await, ErrorCode::NONE);
        let page = scrape(&node).await;
        let line = format!(
            "klamm_client_metric{{metric=\"org.apache.kafka.producer.x\",client_id=\"billing\",\
             client_instance_id=\"{id}\",topic=\"t\"}} 2.5"
        );
        assert!(page.contains(&line), "{line} in {page}");
        assert!(page.contains("klamm_telemetry_clients 1"), "{page}");
        node.stop().await;
    });
}

#[test]
fn pushes_that_break_the_rules_are_refused_by_kafkas_codes() {
    run(async {
        let node = Node::start(&[ENDPOINT, "telemetry.max.bytes=100"]).await;
        let mut peer = node.connect().await;
        let told = get(&mut peer, Uuid::ZERO).await;
        let good = PushTelemetryRequest {
            client_instance_id: told.client_instance_id,
            subscription_id: told.subscription_id,
            metrics: metrics("a", 1.0),
            ..PushTelemetryRequest::default()
        };
        let nobody = PushTelemetryRequest { client_instance_id: Uuid::ZERO, ..good.clone() };
        assert_eq!(push(&mut peer, &nobody).await, ErrorCode::INVALID_REQUEST);
        let again = get(&mut peer, told.client_instance_id).await;
        assert_eq!(
            ErrorCode(again.error_code),
            ErrorCode::THROTTLING_QUOTA_EXCEEDED
        );
        assert_eq!(push(&mut peer, &good).await, ErrorCode::NONE);
        assert_eq!(
            push(&mut peer, &good).await,
            ErrorCode::THROTTLING_QUOTA_EXCEEDED
        );

        // The last push may come early, and nothing comes after it.
        let last = PushTelemetryRequest { terminating: true, ..good.clone() };
        assert_eq!(push(&mut peer, &last).await, ErrorCode::NONE);
        assert_eq!(push(&mut peer, &good).await, ErrorCode::INVALID_REQUEST);
        node.stop().await;
    });
}

#[test]
fn payloads_that_break_the_rules_are_refused_by_kafkas_codes() {
    run(async {
        let node = Node::start(&[ENDPOINT, "telemetry.max.bytes=100"]).await;
        let good = PushTelemetryRequest {
            metrics: metrics("a", 1.0),
            ..PushTelemetryRequest::default()
        };
        let large = bytes::Bytes::from(vec![0; 101]);
        let mut bomb = Vec::new();
        let codec = Codec::from(Compression::Gzip);
        Deflater::new()
            .deflate(codec, &[0; 50_000], &mut bomb)
            .unwrap();
        let bomb = bytes::Bytes::from(bomb);
        assert!(bomb.len() <= 100, "{}", bomb.len());
        let of = |change: &dyn Fn(&mut PushTelemetryRequest)| {
            let mut request = good.clone();
            change(&mut request);
            request
        };
        let cases = [
            (
                of(&|r| r.subscription_id += 1),
                ErrorCode::UNKNOWN_SUBSCRIPTION_ID,
            ),
            (
                of(&|r| r.compression_type = 9),
                ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            ),
            (
                of(&|r| r.compression_type = -1),
                ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            ),
            (
                of(&|r| r.metrics = large.clone()),
                ErrorCode::TELEMETRY_TOO_LARGE,
            ),
            (
                of(&|r| r.metrics = vec![0xff; 9].into()),
                ErrorCode::INVALID_RECORD,
            ),
            (of(&|r| r.compression_type = 4), ErrorCode::INVALID_RECORD),
            (
                of(&|r| {
                    r.compression_type = 1;
                    r.metrics = bomb.clone();
                }),
                ErrorCode::TELEMETRY_TOO_LARGE,
            ),
        ];
        // Each with a client of its own: an interval is long.
        for (mut request, code) in cases {
            let mut peer = node.connect().await;
            let told = get(&mut peer, Uuid::ZERO).await;
            request.client_instance_id = told.client_instance_id;
            request.subscription_id = request.subscription_id.wrapping_add(told.subscription_id);
            assert_eq!(push(&mut peer, &request).await, code, "{request:?}");
            if matches!(
                code,
                ErrorCode::UNKNOWN_SUBSCRIPTION_ID | ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
            ) {
                let again = get(&mut peer, told.client_instance_id).await;
                assert_eq!(again.error_code, 0, "it may ask anew at once");
            }
        }
        node.stop().await;
    });
}

#[test]
fn subscriptions_are_checked_when_they_are_set() {
    run(async {
        let node = Node::start(&[ENDPOINT]).await;
        let mut peer = node.connect().await;
        for (name, value, code) in [
            ("match", "client_id=(", ErrorCode::INVALID_CONFIG),
            ("match", "color=red", ErrorCode::INVALID_CONFIG),
            ("match", "red", ErrorCode::INVALID_CONFIG),
            ("interval.ms", "99", ErrorCode::INVALID_REQUEST),
            ("interval.ms", "3600001", ErrorCode::INVALID_REQUEST),
            ("colour", "red", ErrorCode::INVALID_REQUEST),
        ] {
            let told = subscribe(&mut peer, "s", &[(name, value)]).await;
            assert_eq!(told, code, "{name}={value}");
        }
        node.stop().await;
    });
}

#[test]
fn telemetry_is_offered_only_where_it_can_be_shown() {
    run(async {
        let keys = async |node: &Node| {
            let mut peer = node.connect().await;
            let answer = peer.ask(&ApiVersionsRequest::default(), 2).await;
            answer
                .api_keys
                .iter()
                .map(|api| api.api_key)
                .collect::<Vec<_>>()
        };
        let with = Node::start(&[ENDPOINT]).await;
        let offered = keys(&with).await;
        assert!(
            offered.contains(&71) && offered.contains(&72),
            "{offered:?}"
        );
        with.stop().await;
        let without = Node::start(&[]).await;
        let offered = keys(&without).await;
        assert!(
            !offered.contains(&71) && !offered.contains(&72),
            "{offered:?}"
        );
        let mut peer = without.connect().await;
        peer.send(&GetTelemetrySubscriptionsRequest::default(), 0)
            .await;
        assert_eq!(
            peer.receive_frame().await,
            None,
            "what is not offered is not answered"
        );
        without.stop().await;
    });
}
