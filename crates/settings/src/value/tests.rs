//! Tests of reading and writing values.

use crate::{broker, client_metrics, group, topic};

#[test]
fn numbers_keep_to_type_and_range() {
    let row = broker::LOG_SEGMENT_BYTES.row();
    assert_eq!(row.parse(" 1048576 ").unwrap().to_string(), "1048576");
    for bad in ["1048575", "x", "", "1.5", "2147483648", "0x10"] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
    let error = row.parse("5").unwrap_err().to_string();
    assert_eq!(
        error,
        "log.segment.bytes: '5' is not allowed: expected a whole number of 32 bits, at least 1048576"
    );
    let row = topic::COMPRESSION_GZIP_LEVEL.row();
    assert!(row.parse("-1").is_ok() && row.parse("9").is_ok());
    assert!(row.parse("0").is_err() && row.parse("10").is_err());
    let row = topic::MIN_CLEANABLE_DIRTY_RATIO.row();
    assert!(row.parse("1").is_ok());
    for bad in ["1.01", "-0.1", "NaN", "inf"] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn words_are_from_their_list() {
    let row = topic::COMPRESSION_TYPE.row();
    assert!(row.parse("zstd").is_ok());
    assert!(row.parse("ZSTD").is_err());
    assert!(
        broker::GROUP_CONSUMER_MIGRATION_POLICY
            .row()
            .parse("upgrade")
            .is_ok()
    );
    assert!(broker::LOG_PREALLOCATE.row().parse("TRUE").is_ok());
    assert!(broker::LOG_PREALLOCATE.row().parse("yes").is_err());
}

#[test]
fn lists_have_no_empty_word_and_double_ones_only_where_kafka_takes_them() {
    let row = topic::CLEANUP_POLICY.row();
    assert_eq!(
        row.parse("compact, delete").unwrap().to_string(),
        "compact,delete"
    );
    assert_eq!(row.parse("").unwrap().to_string(), "");
    let twice = row.parse("compact,delete,compact").unwrap();
    assert_eq!(twice.to_string(), "compact,delete", "it counts once");
    let replicas = topic::LEADER_REPLICATION_THROTTLED_REPLICAS.row();
    let kept = replicas.parse("0:1,0:1").unwrap();
    assert_eq!(kept.to_string(), "0:1,0:1");
    assert!(replicas.parse("*,*").is_err());
    assert!(broker::LOG_DIRS.row().parse("/a,/a").is_err());
    for bad in ["delete,", ",", "deleted"] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
    assert!(broker::PROCESS_ROLES.row().parse("").is_err());
    assert!(broker::LISTENERS.row().parse("").is_err());
}

#[test]
fn special_forms_are_checked() {
    let row = topic::LEADER_REPLICATION_THROTTLED_REPLICAS.row();
    for good in ["", "*", "0:1", "0:1,2:3"] {
        assert!(row.parse(good).is_ok(), "{good}");
    }
    for bad in ["0", "0:", "*,0:1", "a:b", "-1:0"] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
    let row = group::SHARE_AUTO_OFFSET_RESET.row();
    for good in [
        "latest",
        "earliest",
        "by_duration:PT1H30M",
        "by_duration:P1D",
        "by_duration:PT0.5S",
    ] {
        assert!(row.parse(good).is_ok(), "{good}");
    }
    for bad in [
        "none",
        "by_duration:",
        "by_duration:P",
        "by_duration:PT",
        "by_duration:1H",
        "by_duration:-PT1H",
    ] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
    let row = broker::MAX_CONNECTIONS_PER_IP_OVERRIDES.row();
    for good in [
        "",
        "127.0.0.1:5",
        "127.0.0.1:0, 10.0.0.7:9",
        "[::1]:3",
        "::1:3",
    ] {
        assert!(row.parse(good).is_ok(), "{good}");
    }
    for bad in [
        "127.0.0.1",
        "127.0.0.1:-1",
        "host:3",
        "127.0.0.1:1,127.0.0.1:2",
        ":3",
    ] {
        assert!(row.parse(bad).is_err(), "{bad}");
    }
    let row = client_metrics::MATCH.row();
    assert!(row.parse("client_id=a.*,client_source_port=1").is_ok());
    assert!(row.parse("user=a").is_err());
    assert!(row.parse("client_id=a=b").is_err());
}

#[test]
fn floating_point_numbers_look_like_javas() {
    let row = broker::LOG_CLEANER_IO_MAX_BYTES_PER_SECOND.row();
    assert_eq!(row.default_value().to_string(), "1.7976931348623157E308");
    for (text, shown) in [
        ("0.5", "0.5"),
        ("1", "1.0"),
        ("1e10", "1.0E10"),
        ("0.0001", "1.0E-4"),
        ("0", "0.0"),
    ] {
        assert_eq!(row.parse(text).unwrap().to_string(), shown);
    }
}

#[test]
fn secrets_are_never_shown() {
    let row = broker::SSL_KEY_PASSWORD.row();
    let value = row.parse("hunter2").unwrap();
    assert_eq!(format!("{value} {value:?}"), "[hidden] [hidden]");
    assert!(!row.refuse("hunter2").to_string().contains("hunter2"));
}

#[test]
fn long_values_are_cut_in_messages() {
    let error = broker::NUM_PARTITIONS
        .row()
        .parse(&"ü".repeat(1000))
        .unwrap_err();
    assert_eq!(error.shown.chars().count(), 103);
}

#[test]
fn a_node_can_be_reached_again_whatever_it_is_told_at_run_time() {
    assert!(
        broker::MAX_CONNECTION_CREATION_RATE
            .row()
            .parse("0")
            .is_err()
    );
    assert!(
        broker::MAX_CONNECTION_CREATION_RATE
            .row()
            .parse("1")
            .is_ok()
    );
}
