//! Tests of layers: which value wins, and what DescribeConfigs says of it.

use super::*;
use crate::{broker, topic};

fn overrides(pairs: &[(&str, &str)]) -> Overrides {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn layers(file: &str) -> Layers {
    Layers::new(Settings::load(file, &[]).unwrap().settings)
}

fn line(lines: &[Described], name: &str) -> String {
    let line = lines
        .iter()
        .find(|line| line.name == name)
        .unwrap_or_else(|| panic!("no {name}"));
    let synonyms: Vec<String> = line
        .synonyms
        .iter()
        .map(|s| {
            format!(
                "{:?} {}={}",
                s.source,
                s.name,
                s.value.as_deref().unwrap_or("?")
            )
        })
        .collect();
    format!(
        "{:?} {} [{}]",
        line.source,
        line.value.as_deref().unwrap_or("?"),
        synonyms.join(", ")
    )
}

#[test]
fn the_nearest_layer_wins() {
    let mut layers = layers("log.segment.bytes=2000000");
    let none = Overrides::new();
    let own = overrides(&[("segment.bytes", "5000000")]);
    assert_eq!(layers.topic(&none).segment_bytes, 2_000_000);
    layers.set_cluster_wide(overrides(&[("log.segment.bytes", "3000000")]));
    assert_eq!(layers.topic(&none).segment_bytes, 3_000_000);
    layers.set_broker(overrides(&[("log.segment.bytes", "4000000")]));
    assert_eq!(layers.topic(&none).segment_bytes, 4_000_000);
    assert_eq!(layers.get(&broker::LOG_SEGMENT_BYTES), 4_000_000);
    assert_eq!(layers.topic(&own).segment_bytes, 5_000_000);
    assert_eq!(layers.topic_setting(&topic::SEGMENT_BYTES, &own), 5_000_000);
    assert_eq!(
        line(&layers.describe_topic(&own), "segment.bytes"),
        "Topic 5000000 [Topic segment.bytes=5000000, Broker log.segment.bytes=4000000, ClusterWide \
         log.segment.bytes=3000000, Static log.segment.bytes=2000000, Default log.segment.bytes=1073741824]"
    );
}

#[test]
fn a_stored_value_that_is_refused_counts_as_unset() {
    let mut layers = layers("");
    layers.set_broker(overrides(&[("log.segment.bytes", "junk")]));
    let own = overrides(&[("segment.bytes", "1")]);
    assert_eq!(layers.topic(&own).segment_bytes, 1 << 30);
    assert!(line(&layers.describe_topic(&own), "segment.bytes").starts_with("Default 1073741824"));
}

#[test]
fn a_static_setting_can_not_be_changed_by_a_stored_value() {
    let mut layers = layers("");
    layers.set_broker(overrides(&[("num.partitions", "9")]));
    assert_eq!(layers.get(&broker::NUM_PARTITIONS), 1);
}

#[test]
fn units_are_converted() {
    let none = Overrides::new();
    assert_eq!(
        layers("log.retention.hours=2").topic(&none).retention_ms,
        Some(7_200_000)
    );
    assert_eq!(
        layers("log.retention.hours=2\nlog.retention.minutes=3")
            .topic(&none)
            .retention_ms,
        Some(180_000)
    );
    assert_eq!(
        layers("log.retention.minutes=3\nlog.retention.ms=4")
            .topic(&none)
            .retention_ms,
        Some(4)
    );
    assert_eq!(
        layers("log.retention.hours=-1").topic(&none).retention_ms,
        None
    );
    assert_eq!(
        layers("log.roll.hours=1").topic(&none).segment_ms,
        3_600_000
    );
    assert_eq!(
        layers("log.roll.jitter.hours=1")
            .topic(&none)
            .segment_jitter_ms,
        3_600_000
    );
    assert_eq!(layers("").topic(&none).flush_ms, None);
    assert_eq!(
        layers("log.flush.scheduler.interval.ms=7")
            .topic(&none)
            .flush_ms,
        Some(7)
    );
    assert_eq!(
        layers("log.flush.interval.ms=8").topic(&none).flush_ms,
        Some(8)
    );
}

#[test]
fn a_topic_config_has_kafkas_defaults() {
    let config = layers("").topic(&Overrides::new());
    assert!(config.delete && !config.compact);
    assert_eq!(config.codec, crate::StoredCodec::Producer);
    assert_eq!(config.retention_ms, Some(604_800_000));
    assert_eq!(config.retention_bytes, None);
    assert_eq!(config.flush_messages, None);
    assert_eq!(config.max_message_bytes, 1_048_588);
    assert_eq!(config.local_retention_ms, config.retention_ms);
    assert_eq!(config.segment_ms_max(), 604_800_000);
    let compacted = overrides(&[
        ("cleanup.policy", "compact"),
        ("max.compaction.lag.ms", "5"),
    ]);
    assert_eq!(layers("").topic(&compacted).segment_ms_max(), 5);
    let zstd = overrides(&[
        ("compression.type", "zstd"),
        ("compression.zstd.level", "7"),
    ]);
    assert_eq!(layers("").topic(&zstd).codec, crate::StoredCodec::Zstd(7));
    let tiny = overrides(&[("internal.segment.bytes", "100")]);
    assert_eq!(layers("").topic(&tiny).segment_bytes, 100);
}

#[test]
fn brokers_describe_themselves() {
    let mut layers = layers("log.retention.hours=1\nssl.key.password=x\nmystery=1");
    layers.set_cluster_wide(overrides(&[
        ("log.retention.ms", "5"),
        ("plugin.secret", "x"),
    ]));
    let lines = layers.describe_broker();
    assert_eq!(
        line(&lines, "log.retention.ms"),
        "ClusterWide 5 [ClusterWide log.retention.ms=5, Static log.retention.hours=1, Default log.retention.hours=168]"
    );
    assert_eq!(
        line(&lines, "log.retention.hours"),
        "Static 1 [Static log.retention.hours=1, Default log.retention.hours=168]"
    );
    assert_eq!(
        line(&lines, "ssl.key.password"),
        "Static ? [Static ssl.key.password=?]"
    );
    assert_eq!(line(&lines, "mystery"), "Static ? [Static mystery=?]");
    assert_eq!(
        line(&lines, "plugin.secret"),
        "ClusterWide ? [ClusterWide plugin.secret=?]"
    );
    let read_only = |name: &str| {
        lines
            .iter()
            .find(|line| line.name == name)
            .unwrap()
            .read_only
    };
    assert!(read_only("log.retention.hours") && !read_only("log.retention.ms"));
    assert!(
        !lines
            .iter()
            .any(|line| line.name == "internal.metadata.log.segment.bytes")
    );
    let all = layers.describe_cluster_wide();
    assert_eq!(all.len(), 2);
    assert_eq!(
        line(&all, "log.retention.ms"),
        "ClusterWide 5 [ClusterWide log.retention.ms=5]"
    );
}

#[test]
fn a_time_set_at_run_time_names_its_other_units() {
    let mut layers = layers("log.roll.hours=5");
    layers.set_cluster_wide(overrides(&[
        ("log.roll.ms", "7"),
        ("log.roll.jitter.ms", "3"),
        ("log.flush.interval.ms", "9"),
    ]));
    let lines = layers.describe_broker();
    assert_eq!(
        line(&lines, "log.roll.ms"),
        "ClusterWide 7 [ClusterWide log.roll.ms=7, Static log.roll.hours=5, Default log.roll.hours=168]"
    );
    assert_eq!(
        line(&lines, "log.roll.jitter.ms"),
        "ClusterWide 3 [ClusterWide log.roll.jitter.ms=3, Default log.roll.jitter.hours=0]"
    );
    assert_eq!(
        line(&lines, "log.flush.interval.ms"),
        "ClusterWide 9 [ClusterWide log.flush.interval.ms=9, Default \
         log.flush.scheduler.interval.ms=9223372036854775807]"
    );
}

#[test]
fn listeners_that_kafka_stored_at_run_time_are_not_shown_as_in_use() {
    let mut layers = layers("listeners=PLAINTEXT://127.0.0.1:1");
    layers.set_broker(overrides(&[("listeners", "PLAINTEXT://127.0.0.1:2")]));
    assert_eq!(
        line(&layers.describe_broker(), "listeners"),
        "Static PLAINTEXT://127.0.0.1:1 [Static listeners=PLAINTEXT://127.0.0.1:1, Default \
         listeners=PLAINTEXT://127.0.0.1:9092]"
    );
}

#[test]
fn a_listeners_own_setting_is_shown_as_the_nodes_is() {
    let mut layers = layers("max.connections=70\nlistener.name.b.max.connections=60");
    layers.set_broker(overrides(&[
        ("listener.name.a.max.connections", "50"),
        ("listener.name.a.ssl.key.password", "secret"),
        ("listener.name.a.scram-sha-256.sasl.jaas.config", "secret"),
    ]));
    let lines = layers.describe_broker();
    assert_eq!(
        line(&lines, "listener.name.a.max.connections"),
        "Broker 50 [Broker listener.name.a.max.connections=50, Static max.connections=70, Default \
         max.connections=2147483647]"
    );
    assert_eq!(
        line(&lines, "listener.name.b.max.connections"),
        "Static 60 [Static listener.name.b.max.connections=60, Static max.connections=70, Default \
         max.connections=2147483647]"
    );
    for secret in [
        "listener.name.a.ssl.key.password",
        "listener.name.a.scram-sha-256.sasl.jaas.config",
    ] {
        let line = lines.iter().find(|line| line.name == secret).unwrap();
        assert!(line.sensitive && line.value.is_none(), "{secret}");
        assert!(line.synonyms.iter().all(|synonym| synonym.value.is_none()));
    }
}

#[test]
fn settings_that_are_not_the_brokers_own_are_listed_where_they_are_set() {
    let shown = |layers: &Layers| {
        let lines = layers.describe_broker();
        let of_them = lines
            .iter()
            .filter(|line| SHOWN_WHERE_SET.contains(&line.name.as_str()));
        of_them
            .map(|line| (line.name.clone(), line.value.clone()))
            .collect::<Vec<_>>()
    };
    let mut layers = layers("super.users=User:a");
    let users = || ("super.users".to_owned(), None);
    assert_eq!(shown(&layers), [users()]);
    let rate = "leader.replication.throttled.rate";
    layers.set_broker(overrides(&[(rate, "5")]));
    assert_eq!(
        shown(&layers),
        [(rate.to_owned(), Some("5".to_owned())), users()]
    );
    let lines = layers.describe_broker();
    let line = lines.iter().find(|line| line.name == rate).unwrap();
    let sources: Vec<_> = line.synonyms.iter().map(|synonym| synonym.source).collect();
    assert_eq!(sources, [Source::Broker], "Kafka knows no default of it");
}

#[test]
fn groups_are_clamped_to_the_nodes_bounds() {
    let layers = layers(
        "group.consumer.session.timeout.ms=50000\ngroup.consumer.max.session.timeout.ms=55000",
    );
    let key = &group::CONSUMER_SESSION_TIMEOUT_MS;
    assert_eq!(layers.group_setting(key, &Overrides::new()), 50_000);
    assert_eq!(
        layers.group_setting(key, &overrides(&[(key.name(), "99000")])),
        55_000
    );
    assert_eq!(
        layers.group_setting(key, &overrides(&[(key.name(), "1")])),
        45_000
    );
    let own = overrides(&[("streams.num.standby.replicas", "9")]);
    assert_eq!(
        layers.group_setting(&group::STREAMS_NUM_STANDBY_REPLICAS, &own),
        2
    );
    assert_eq!(
        line(&layers.describe_group(&own), "streams.num.standby.replicas"),
        "Group 2 [Group streams.num.standby.replicas=9, Default group.streams.num.standby.replicas=0]"
    );
}

#[test]
fn a_groups_setting_names_the_nodes_setting_behind_it() {
    let lines = layers("group.consumer.session.timeout.ms=50000").describe_group(&Overrides::new());
    assert_eq!(
        line(&lines, "consumer.session.timeout.ms"),
        "Static 50000 [Static group.consumer.session.timeout.ms=50000, Default \
         group.consumer.session.timeout.ms=45000]"
    );
    assert_eq!(
        line(&lines, "share.auto.offset.reset"),
        "Default latest [Default share.auto.offset.reset=latest]"
    );
}

#[test]
fn a_value_in_another_unit_shows_only_behind_the_name_itself() {
    let none = Overrides::new();
    let hours = layers("log.retention.hours=2");
    assert_eq!(
        line(&hours.describe_topic(&none), "retention.ms"),
        "Default 7200000 []"
    );
    assert_eq!(
        line(&hours.describe_topic(&none), "flush.ms"),
        "Default 9223372036854775807 []"
    );
    let both = layers("log.retention.hours=2\nlog.retention.ms=5");
    assert_eq!(
        line(&both.describe_topic(&none), "retention.ms"),
        "Static 5 [Static log.retention.ms=5, Static log.retention.hours=2, Default \
         log.retention.hours=168]"
    );
}

#[test]
fn telemetry_subscriptions_are_described() {
    let lines = Layers::describe_client_metrics(&overrides(&[("interval.ms", "1000")]));
    assert_eq!(
        line(&lines, "interval.ms"),
        "ClientMetrics 1000 [ClientMetrics interval.ms=1000]"
    );
    assert_eq!(line(&lines, "match"), "Default  []");
}
