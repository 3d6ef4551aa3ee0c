//! Tests of changes at run time.

use super::*;
use crate::Settings;

fn overrides(pairs: &[(&str, &str)]) -> Overrides {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn check(resource: Resource, pairs: &[(&str, &str)]) -> Result<(), String> {
    let layers = Layers::new(Settings::default());
    let none = Overrides::new();
    layers
        .check(resource, &none, &overrides(pairs))
        .map_err(|error| error.to_string())
}

fn refused(resource: Resource, pairs: &[(&str, &str)]) -> String {
    check(resource, pairs).expect_err("must be refused")
}

#[test]
fn changes_are_applied_in_order() {
    let stored = overrides(&[("retention.ms", "1"), ("cleanup.policy", "delete")]);
    let changes = [
        ("retention.ms".to_owned(), Change::Delete),
        ("segment.ms".to_owned(), Change::Set("5".to_owned())),
        (
            "cleanup.policy".to_owned(),
            Change::Append("compact,delete".to_owned()),
        ),
    ];
    let after = apply(Resource::Topic, &stored, &changes).unwrap();
    assert_eq!(
        after,
        overrides(&[("segment.ms", "5"), ("cleanup.policy", "delete,compact")])
    );
    let changes = [(
        "cleanup.policy".to_owned(),
        Change::Subtract("delete, compact".to_owned()),
    )];
    assert_eq!(
        apply(Resource::Topic, &after, &changes).unwrap()["cleanup.policy"],
        ""
    );
}

#[test]
fn a_list_that_is_not_stored_begins_with_its_default() {
    let changes = [(
        "cleanup.policy".to_owned(),
        Change::Append("compact".to_owned()),
    )];
    let after = apply(Resource::Topic, &Overrides::new(), &changes).unwrap();
    assert_eq!(after["cleanup.policy"], "delete,compact");
}

#[test]
fn only_lists_grow_and_shrink() {
    for change in [
        Change::Append("1".to_owned()),
        Change::Subtract("1".to_owned()),
    ] {
        let changes = [("retention.ms".to_owned(), change)];
        let error = apply(Resource::Topic, &Overrides::new(), &changes).unwrap_err();
        assert!(error.to_string().contains("is not a list"), "{error}");
    }
}

#[test]
fn topics_know_their_names_and_ranges() {
    assert_eq!(
        check(
            Resource::Topic,
            &[("retention.ms", "-1"), ("cleanup.policy", "")]
        ),
        Ok(())
    );
    assert_eq!(
        refused(Resource::Topic, &[("retention.m", "1")]),
        "Unknown topic config name: retention.m; did you mean retention.ms?"
    );
    assert_eq!(
        refused(Resource::Topic, &[("x", "1")]),
        "Unknown topic config name: x"
    );
    assert!(refused(Resource::Topic, &[("retention.ms", "-2")]).contains("at least -1"));
    assert!(refused(Resource::Topic, &[("log.retention.ms", "5")]).starts_with("Unknown topic"));
}

#[test]
fn a_topics_values_must_fit_together() {
    let lags = [
        ("min.compaction.lag.ms", "9"),
        ("max.compaction.lag.ms", "8"),
    ];
    assert!(refused(Resource::Topic, &lags).contains("above"));
    assert!(
        refused(Resource::Topic, &[("remote.storage.enable", "true")])
            .contains("tiered storage is off")
    );
}

#[test]
fn remote_storage_has_rules_of_its_own() {
    let settings = Settings::load("remote.log.storage.system.enable=true", &[])
        .unwrap()
        .settings;
    let layers = Layers::new(settings);
    let remote = ("remote.storage.enable", "true");
    let check = |pairs: &[(&str, &str)]| {
        layers.check(Resource::Topic, &Overrides::new(), &overrides(pairs))
    };
    assert!(check(&[remote]).is_ok());
    assert!(check(&[remote, ("retention.ms", "10"), ("local.retention.ms", "10")]).is_ok());
    for bad in [
        &[remote, ("cleanup.policy", "compact")][..],
        &[remote, ("retention.ms", "10"), ("local.retention.ms", "11")],
        &[remote, ("retention.ms", "10"), ("local.retention.ms", "-1")],
        &[
            remote,
            ("retention.bytes", "10"),
            ("local.retention.bytes", "11"),
        ],
        &[
            remote,
            ("remote.log.copy.disable", "true"),
            ("local.retention.ms", "11"),
        ],
    ] {
        assert!(check(bad).is_err(), "{bad:?}");
    }
    let off = layers.check(Resource::Topic, &overrides(&[remote]), &Overrides::new());
    assert!(off.unwrap_err().to_string().contains("orphan"));
    let delete = overrides(&[("remote.log.delete.on.disable", "true")]);
    assert!(
        layers
            .check(Resource::Topic, &overrides(&[remote]), &delete)
            .is_ok()
    );
}

#[test]
fn brokers_change_dynamic_settings_only() {
    assert_eq!(
        check(
            Resource::Broker,
            &[("log.retention.ms", "5"), ("ssl.keystore.type", "PEM")]
        ),
        Ok(())
    );
    assert_eq!(
        check(Resource::ClusterWide, &[("log.retention.ms", "5")]),
        Ok(())
    );
    assert!(
        refused(Resource::ClusterWide, &[("ssl.keystore.type", "PEM")]).contains("single broker")
    );
    // Nothing opens or closes sockets at run time: stored, they would be shown and not obeyed.
    for name in ["listeners", "listener.security.protocol.map"] {
        assert!(refused(Resource::Broker, &[(name, "A://:1")]).contains("restart"));
    }
    assert!(refused(Resource::Broker, &[("node.id", "5")]).contains("restart"));
    assert!(refused(Resource::ClusterWide, &[("log.retention.hours", "5")]).contains("restart"));
    assert!(refused(Resource::Broker, &[("log.segment.bytes", "5")]).contains("at least 1048576"));
    assert!(
        refused(
            Resource::ClusterWide,
            &[
                ("log.cleaner.min.compaction.lag.ms", "5"),
                ("log.cleaner.max.compaction.lag.ms", "4")
            ]
        )
        .contains("above")
    );
    assert_eq!(
        check(
            Resource::Broker,
            &[
                ("plugin.x", "1"),
                ("listener.name.a.ssl.keystore.type", "PEM")
            ]
        ),
        Ok(())
    );
    assert!(
        refused(
            Resource::ClusterWide,
            &[("listener.name.a.ssl.keystore.type", "PEM")]
        )
        .contains("single broker")
    );
}

#[test]
fn what_is_stored_already_may_stay() {
    let layers = Layers::new(Settings::default());
    let stored = overrides(&[("node.id", "5")]);
    assert!(layers.check(Resource::Broker, &stored, &stored).is_ok());
    assert!(
        layers
            .check(Resource::Broker, &stored, &overrides(&[("node.id", "6")]))
            .is_err()
    );
}

#[test]
fn groups_keep_to_the_nodes_bounds() {
    assert_eq!(
        check(Resource::Group, &[("consumer.session.timeout.ms", "50000")]),
        Ok(())
    );
    let error = refused(Resource::Group, &[("consumer.session.timeout.ms", "1000")]);
    assert_eq!(
        error,
        "consumer.session.timeout.ms: 1000 is below this node's group.consumer.min.session.timeout.ms (45000)"
    );
    assert!(refused(Resource::Group, &[("share.delivery.count.limit", "11")]).contains("above"));
    assert!(
        refused(Resource::Group, &[("streams.num.standby.replicas", "3")])
            .contains("group.streams.max.standby.replicas")
    );
    assert!(
        refused(Resource::Group, &[("consumer.x", "3")]).starts_with("Unknown group config name")
    );
}

#[test]
fn heartbeats_are_shorter_than_sessions() {
    let settings = Settings::load(
        "group.consumer.min.session.timeout.ms=1\ngroup.consumer.max.heartbeat.interval.ms=90000",
        &[],
    );
    let layers = Layers::new(settings.unwrap().settings);
    let after = overrides(&[
        ("consumer.session.timeout.ms", "6000"),
        ("consumer.heartbeat.interval.ms", "6000"),
    ]);
    let error = layers
        .check(Resource::Group, &Overrides::new(), &after)
        .unwrap_err();
    assert!(error.to_string().contains("must be less than"), "{error}");
}

#[test]
fn subscriptions_know_their_names_and_ranges() {
    assert_eq!(
        check(
            Resource::ClientMetrics,
            &[("interval.ms", "100"), ("match", "client_id=a")]
        ),
        Ok(())
    );
    assert!(
        refused(Resource::ClientMetrics, &[("interval.ms", "99")]).contains("from 100 to 3600000")
    );
    assert!(refused(Resource::ClientMetrics, &[("match", "who=a")]).contains("key=pattern"));
    assert!(
        refused(Resource::ClientMetrics, &[("interval", "1")])
            .starts_with("Unknown client metrics")
    );
}
