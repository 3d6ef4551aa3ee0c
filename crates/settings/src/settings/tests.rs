//! Tests of loading: warnings, refusals, defaults of the whole table.

use super::*;
use crate::row::Kind;
use proptest::prelude::*;

fn load(text: &str) -> Result<Loaded, Refused> {
    Settings::load(text, &[])
}

fn refused(text: &str) -> String {
    load(text).expect_err("must be refused").to_string()
}

fn warned(text: &str) -> String {
    load(text).expect("must load").warnings.join("\n")
}

#[test]
fn every_default_is_allowed_by_its_own_row_and_reads_back_the_same() {
    let tables = [
        &table::BROKER,
        &table::TOPIC,
        &table::GROUP,
        &table::CLIENT_METRICS,
    ];
    let rows = tables.into_iter().flat_map(|t| t.values());
    let mut count = 0;
    for row in rows.filter(|row| row.default.is_some()) {
        let default = row.default.unwrap();
        let value = row.parse(default).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            row.parse(&value.to_string()).unwrap(),
            value,
            "{}",
            row.name
        );
        if row.kind != Kind::Double {
            assert_eq!(value.to_string(), default, "{}", row.name);
        }
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn the_table_is_whole() {
    let rows: usize = table::BROKER_AREAS.iter().map(|area| area.rows.len()).sum();
    assert_eq!(rows, table::BROKER.len(), "a name is there twice");
    assert_eq!(
        table::BROKER
            .values()
            .filter(|row| !row.name.starts_with("klamm."))
            .count(),
        365
    );
    assert_eq!(table::TOPIC.len(), 34);
    assert_eq!(table::GROUP.len(), 17);
    for (topic, synonyms) in topic_config::SYNONYMS {
        assert!(table::TOPIC.contains_key(topic), "{topic}");
        for (name, _) in *synonyms {
            assert!(table::BROKER.contains_key(name), "{name}");
        }
    }
    for deviation in table::deviations::DEVIATIONS {
        let row = table::BROKER[deviation.name];
        assert_ne!(row.default, deviation.kafka, "{}", deviation.name);
    }
    for row in table::BROKER.values() {
        assert!(
            row.doc.ends_with('.') && !row.doc.contains('\n'),
            "{}",
            row.name
        );
    }
}

#[test]
fn nothing_set_is_one_usable_node() {
    let loaded = load("").unwrap();
    assert_eq!(loaded.warnings, [""; 0]);
    let settings = loaded.settings;
    assert_eq!(settings.get(&broker::NODE_ID), 0);
    assert_eq!(
        settings.get(&broker::PROCESS_ROLES),
        ["broker", "controller"]
    );
    assert_eq!(settings.data_folders(), ["klamm-data"]);
    assert_eq!(settings.metadata_folder(), "klamm-data");
    assert_eq!(settings.get(&broker::OFFSETS_TOPIC_REPLICATION_FACTOR), 1);
    assert_eq!(settings.get(&broker::LOG_RETENTION_MS), None);
    assert_eq!(settings.inflight_bytes_max(), 256 << 20);
}

#[test]
fn later_sources_win_and_types_fit() {
    let overrides = [("num.partitions".to_owned(), "7".to_owned())];
    let loaded = Settings::load(
        "num.partitions=3\nlog.dirs=/a, /b\nqueued.max.request.bytes=5",
        &overrides,
    );
    let settings = loaded.unwrap().settings;
    assert_eq!(settings.get(&broker::NUM_PARTITIONS), 7);
    assert_eq!(settings.data_folders(), ["/a", "/b"]);
    assert_eq!(settings.inflight_bytes_max(), 5);
    assert!(settings.is_set(&broker::NUM_PARTITIONS));
    assert!(!settings.is_set(&broker::NODE_ID));
}

#[test]
fn overrides_are_name_equals_value() {
    assert_eq!(
        Settings::parse_override("a=b=c"),
        Ok(("a".to_owned(), "b=c".to_owned()))
    );
    assert_eq!(
        Settings::parse_override(" a =b"),
        Ok(("a".to_owned(), "b".to_owned()))
    );
    for bad in ["a", "", "=b", " =b"] {
        assert!(Settings::parse_override(bad).is_err(), "{bad}");
    }
}

#[test]
fn unknown_names_warn_with_the_nearest() {
    assert_eq!(
        warned("log.segment.byte=1"),
        "log.segment.byte: unknown setting, ignored; did you mean log.segment.bytes?"
    );
    assert_eq!(
        warned("zookeeper.connect=x"),
        "zookeeper.connect: unknown setting, ignored"
    );
    assert!(warned("retention.ms=1").contains("calls its default log.retention.ms"));
    assert!(warned("listener.name.a.ssl.keystore.location=x").contains("belongs to security"));
    assert!(
        warned("listener.name.a.scram-sha-256.sasl.jaas.config=x").contains("belongs to security")
    );
    assert!(warned("listener.name.a.max.connections=9").contains("only max.connections for"));
    assert!(warned("rsm.config.bucket=x").contains("plug-ins"));
}

#[test]
fn settings_without_effect_warn_unless_they_hold_the_default() {
    assert!(warned("num.io.threads=16").starts_with("num.io.threads: has no effect:"));
    assert_eq!(warned("num.io.threads=8"), "");
    assert!(warned("group.streams.max.size=5").contains("has no effect yet, it belongs to groups"));
    assert_eq!(warned("num.partitions=5"), "");
}

#[test]
fn bad_values_are_refused_all_at_once_with_their_range() {
    let text = refused("num.partitions=0\nlog.segment.bytes=x");
    assert_eq!(
        text,
        "log.segment.bytes: 'x' is not allowed: expected a whole number of 32 bits, at least 1048576\n\
         num.partitions: '0' is not allowed: expected a whole number of 32 bits, at least 1"
    );
}

#[test]
fn names_for_the_same_thing_must_agree() {
    assert_eq!(
        load("broker.id=4").unwrap().settings.get(&broker::NODE_ID),
        4
    );
    assert_eq!(
        load("node.id=4").unwrap().settings.get(&broker::BROKER_ID),
        4
    );
    assert!(refused("broker.id=4\nnode.id=5").contains("another name of node.id"));
    let settings = load("metrics.listener=127.0.0.1:9404").unwrap().settings;
    assert_eq!(
        settings.get(&broker::KLAMM_METRICS_LISTENER).as_deref(),
        Some("127.0.0.1:9404")
    );
}

#[test]
fn contradictions_are_refused() {
    assert!(refused("process.roles=broker").contains("needs several nodes"));
    assert!(refused("controller.quorum.voters=1@a:1,2@b:2").contains("several nodes"));
    assert!(refused("node.id=3\ncontroller.quorum.voters=1@a:1").contains("3@HOST:PORT"));
    assert!(refused("controller.quorum.voters=0@a").contains("not this node"));
    assert!(load("node.id=3\ncontroller.quorum.voters=3@[::1]:9093").is_ok());
    assert!(
        refused("log.cleaner.min.compaction.lag.ms=9\nlog.cleaner.max.compaction.lag.ms=8")
            .contains("above")
    );
    let rolls = refused("log.roll.ms=0");
    assert!(
        rolls.contains("log.roll.ms") && rolls.contains("at least 1"),
        "{rolls}"
    );
    assert!(refused("log.flush.interval.ms=-1").contains("flush.ms"));
    assert!(load("log.retention.ms=-5").is_ok());
    let authorizer =
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    assert!(refused(authorizer).contains("can't enforce ACLs"));
    assert!(
        warned(&format!(
            "{authorizer}\nallow.everyone.if.no.acl.found=true"
        ))
        .contains("everybody")
    );
}

#[test]
fn a_secret_does_not_show_in_a_dump() {
    let settings = load("ssl.key.password=hunter2").unwrap().settings;
    assert!(!format!("{settings:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_loads_or_is_refused(text in ".*", name in "[a-z.]{0,40}", value in ".{0,20}") {
        let _ = load(&text);
        let _ = load(&format!("{name}={value}"));
    }

    #[test]
    fn mutated_settings_never_panic(cut in 0usize..400, insert in ".{0,3}") {
        let text = "listeners=PLAINTEXT://[::1]:9092,A://h:1\nadvertised.listeners=A://x:2\n\
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,A:PLAINTEXT\nlog.dirs=a,b\nprocess.roles=broker,controller\n\
            log.cleaner.min.cleanable.ratio=0.5\nlog.cleanup.policy=compact,delete\ncontroller.quorum.voters=1@h:1";
        let mut text = text.to_owned();
        if text.is_char_boundary(cut.min(text.len())) {
            let at = cut.min(text.len());
            text.insert_str(at, &insert);
            let _ = load(&text);
            text.truncate(at);
            let _ = load(&text);
        }
    }
}

#[test]
fn a_combined_node_as_kafka_sets_it_up_loads() {
    let text = "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.bootstrap.servers=localhost:9093\n\
        listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ninter.broker.listener.name=PLAINTEXT\n\
        advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n\
        controller.listener.names=CONTROLLER\n\
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL\n\
        num.network.threads=3\nnum.io.threads=8\nsocket.send.buffer.bytes=102400\nlog.dirs=/tmp/kraft-combined-logs\n\
        num.partitions=1\nnum.recovery.threads.per.data.dir=1\noffsets.topic.replication.factor=1\n\
        log.retention.hours=168\nlog.segment.bytes=1073741824\nlog.retention.check.interval.ms=300000\n";
    let loaded = load(text).unwrap();
    let names: Vec<_> = loaded
        .warnings
        .iter()
        .map(|w| w.split(':').next().unwrap())
        .collect();
    assert_eq!(names, ["controller.quorum.bootstrap.servers"]);
    let settings = loaded.settings;
    assert_eq!(settings.client_listeners().unwrap().len(), 1);
    assert_eq!(
        settings.advertised_listeners().unwrap()[0].host,
        "localhost"
    );
    assert_eq!(settings.controller_listeners().unwrap()[0].port, 9093);
}
