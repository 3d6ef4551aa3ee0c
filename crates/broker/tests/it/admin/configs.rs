//! Settings: where values come from, what a change does, what is refused.

use super::*;

#[test]
fn values_come_from_topic_broker_cluster_file_or_table() {
    run(async {
        let node = start(&["log.segment.bytes=2000000"]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let key = "segment.bytes";
        let seen = |value: (String, i8, usize)| (value.0, value.1);
        let owned = |text: &str, source| (text.to_owned(), source);
        assert_eq!(
            seen(value(&mut peer, TOPIC, "a", key).await),
            owned("2000000", 4)
        );
        for (kind, name, broker_key, text) in [
            (BROKER, "", "log.segment.bytes", "3000000"),
            (BROKER, "1", "log.segment.bytes", "4000000"),
            (TOPIC, "a", key, "5000000"),
        ] {
            assert_eq!(
                alter(&mut peer, kind, name, broker_key, (0, Some(text))).await,
                0
            );
            let source = match (kind, name) {
                (TOPIC, _) => 1,
                (_, "") => 3,
                _ => 2,
            };
            assert_eq!(
                seen(value(&mut peer, TOPIC, "a", key).await),
                owned(text, source)
            );
        }
        let (text, source, synonyms) = value(&mut peer, TOPIC, "a", key).await;
        assert_eq!((text.as_str(), source, synonyms), ("5000000", 1, 5));
        assert_eq!(alter(&mut peer, TOPIC, "a", key, (1, None)).await, 0);
        assert_eq!(
            seen(value(&mut peer, TOPIC, "a", key).await),
            owned("4000000", 2)
        );
        node.stop().await;
    });
}

#[test]
fn a_changed_setting_takes_effect_without_a_restart() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let large = vec![b'x'; 4000];
        let send = || batch(&[&large], Compression::None);
        assert_eq!(peer.produce("a", send(), -1).await.error_code, 0);
        assert_eq!(
            alter(
                &mut peer,
                TOPIC,
                "a",
                "max.message.bytes",
                (0, Some("1000"))
            )
            .await,
            0
        );
        let refused = peer.produce("a", send(), -1).await;
        assert_eq!(refused.error_code, code(ErrorCode::MESSAGE_TOO_LARGE));
        assert_eq!(
            alter(&mut peer, TOPIC, "a", "max.message.bytes", (1, None)).await,
            0
        );
        assert_eq!(peer.produce("a", send(), -1).await.error_code, 0);
        // The same by the default of all brokers.
        assert_eq!(
            alter(
                &mut peer,
                BROKER,
                "",
                "message.max.bytes",
                (0, Some("1000"))
            )
            .await,
            0
        );
        let refused = peer.produce("a", send(), -1).await;
        assert_eq!(refused.error_code, code(ErrorCode::MESSAGE_TOO_LARGE));
        node.stop().await;
    });
}

/// A change that is refused: kind, name, setting, operation with value, and the code for it.
type Refused = (
    i8,
    &'static str,
    &'static str,
    (i8, Option<&'static str>),
    ErrorCode,
);

#[rustfmt::skip] // one line a case
const REFUSED: [Refused; 17] = [
    (TOPIC, "a", "retention.ms", (0, Some("x")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "no.such", (0, Some("1")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "no.such", (1, None), ErrorCode::NONE),
    (TOPIC, "a", "retention.ms", (2, Some("1")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "retention.ms", (0, None), ErrorCode::INVALID_REQUEST),
    (TOPIC, "a", "retention.ms", (9, Some("1")), ErrorCode::INVALID_REQUEST),
    (TOPIC, "nope", "retention.ms", (0, Some("1")), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    (TOPIC, "a/b", "retention.ms", (0, Some("1")), ErrorCode::INVALID_TOPIC_EXCEPTION),
    (TOPIC, "", "retention.ms", (0, Some("1")), ErrorCode::INVALID_REQUEST),
    (BROKER, "1", "num.partitions", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "7", "log.retention.ms", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "x", "log.retention.ms", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "1", "min.insync.replicas", (0, Some("1")), ErrorCode::INVALID_CONFIG),
    (BROKER, "", "min.insync.replicas", (1, None), ErrorCode::INVALID_CONFIG),
    (8, "1", "root", (0, Some("INFO")), ErrorCode::INVALID_REQUEST),
    (3, "x", "k", (0, Some("1")), ErrorCode::INVALID_REQUEST),
    (32, "", "consumer.session.timeout.ms", (0, Some("50000")), ErrorCode::INVALID_REQUEST),
];

#[test]
fn bad_changes_have_the_codes_that_kafka_has() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        for (kind, name, key, operation, expected) in REFUSED {
            let got = alter(&mut peer, kind, name, key, operation).await;
            assert_eq!(got, code(expected), "{kind} {name:?} {key} {operation:?}");
        }
        let mut twice = change(TOPIC, "a", "retention.ms", (0, Some("1")));
        twice.resources.push(twice.resources[0].clone());
        let answer = peer.ask(&twice, 1).await;
        let codes: Vec<i16> = answer.responses.iter().map(|r| r.error_code).collect();
        assert_eq!(codes, [code(ErrorCode::INVALID_REQUEST); 2]);
        node.stop().await;
    });
}

#[test]
fn the_old_alter_replaces_the_whole_configuration() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(
            &mut peer,
            "a",
            &[("retention.ms", "1"), ("segment.ms", "2")],
        )
        .await;
        let request = alter_configs::AlterConfigsRequest {
            resources: vec![alter_configs::AlterConfigsResource {
                resource_type: TOPIC,
                resource_name: "a".into(),
                configs: vec![alter_configs::AlterableConfig {
                    name: "segment.ms".into(),
                    value: Some("3".into()),
                }],
            }],
            validate_only: true,
        };
        for version in 0..=2 {
            let answer = peer.ask(&request, version).await;
            assert_eq!(answer.responses[0].error_code, 0);
            assert_eq!(value(&mut peer, TOPIC, "a", "retention.ms").await.0, "1");
        }
        let request = alter_configs::AlterConfigsRequest { validate_only: false, ..request };
        assert_eq!(peer.ask(&request, 2).await.responses[0].error_code, 0);
        assert_eq!(value(&mut peer, TOPIC, "a", "segment.ms").await.0, "3");
        assert_eq!(
            value(&mut peer, TOPIC, "a", "retention.ms").await.0,
            "604800000"
        );
        node.stop().await;
    });
}

#[test]
fn resources_that_do_not_exist_are_not_described() {
    run(async {
        use ErrorCode as E;
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let cases = [
            (TOPIC, "nope", E::UNKNOWN_TOPIC_OR_PARTITION),
            (TOPIC, "a/b", E::INVALID_TOPIC_EXCEPTION),
            (BROKER, "1", E::NONE),
            (BROKER, "", E::NONE),
            (BROKER, "2", E::INVALID_REQUEST),
            (BROKER, "x", E::INVALID_REQUEST),
            (8, "1", E::NONE),
            (8, "", E::INVALID_REQUEST),
            (16, "", E::INVALID_REQUEST),
            (32, "g", E::NONE),
            (32, "", E::INVALID_REQUEST),
            (3, "x", E::INVALID_REQUEST),
        ];
        for (kind, name, expected) in cases {
            for version in 1..=4 {
                let answer = peer.ask(&described_in(kind, name, version), version).await;
                assert_eq!(
                    answer.results[0].error_code,
                    code(expected),
                    "{kind} {name:?}"
                );
            }
        }
        let mut some = described(BROKER, "1");
        some.resources[0].configuration_keys = Some(vec!["num.partitions".into(), "no".into()]);
        let answer = peer.ask(&some, 4).await;
        let names: Vec<&str> = answer.results[0]
            .configs
            .iter()
            .map(|line| &*line.name)
            .collect();
        assert_eq!(names, ["num.partitions"]);
        node.stop().await;
    });
}

/// Without the documentation that older versions can't ask for.
fn described_in(kind: i8, name: &str, version: i16) -> describe_configs::DescribeConfigsRequest {
    describe_configs::DescribeConfigsRequest {
        include_documentation: version >= 3,
        ..described(kind, name)
    }
}

#[test]
fn resources_are_listed_by_kind() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let list = |kinds: &[i8]| list_config_resources::ListConfigResourcesRequest {
            resource_types: kinds.to_vec(),
        };
        let names = |answer: list_config_resources::ListConfigResourcesResponse| {
            let resources = answer.config_resources.into_iter();
            resources
                .map(|r| (r.resource_type, r.resource_name.to_string()))
                .collect::<Vec<_>>()
        };
        let answer = peer.ask(&list(&[TOPIC]), 1).await;
        assert_eq!(names(answer), [(TOPIC, "a".to_owned())]);
        let answer = peer.ask(&list(&[]), 1).await;
        let all = [
            (8, "1".to_owned()),
            (BROKER, "1".to_owned()),
            (TOPIC, "a".to_owned()),
        ];
        assert_eq!(names(answer), all);
        assert!(names(peer.ask(&list(&[]), 0).await).is_empty());
        let answer = peer.ask(&list(&[3]), 1).await;
        assert_eq!(answer.error_code, code(ErrorCode::UNSUPPORTED_VERSION));
        node.stop().await;
    });
}
