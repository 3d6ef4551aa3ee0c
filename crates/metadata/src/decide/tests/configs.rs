//! Configuration is changed as asked, or not at all.

use klamm_settings::Change;

use super::*;
use crate::image::ConfigResource;

fn alter(
    image: &Image,
    (kind, name): (ResourceKind, &str),
    changes: &[(&str, Change)],
) -> Decision<Vec<(ConfigResource, Result<(), Refusal>)>> {
    let layers = layers("");
    let changes = changes
        .iter()
        .map(|(key, change)| ((*key).to_owned(), change.clone()));
    let alteration = AlterConfig {
        resource: ConfigResource::new(kind, name),
        changes: changes.collect(),
    };
    alter_configs_incrementally(&controller(image, &layers), &[alteration], false)
}

fn set(value: &str) -> Change {
    Change::Set(value.to_owned())
}

fn append(value: &str) -> Change {
    Change::Append(value.to_owned())
}

const TOPIC: (ResourceKind, &str) = (ResourceKind::Topic, "a");

fn policy(image: &Image) -> Option<&str> {
    image
        .configs()
        .value(ResourceKind::Topic, "a", "cleanup.policy")
}

#[test]
fn values_are_set_removed_added_and_taken() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let image = applied(
        &image,
        &alter(&image, TOPIC, &[("cleanup.policy", append("compact"))]),
    );
    assert_eq!(
        policy(&image),
        Some("delete,compact"),
        "an append starts from the default"
    );
    let subtract = Change::Subtract("delete".to_owned());
    let image = applied(
        &image,
        &alter(&image, TOPIC, &[("cleanup.policy", subtract)]),
    );
    assert_eq!(policy(&image), Some("compact"));
    let same = alter(&image, TOPIC, &[("cleanup.policy", set("compact"))]);
    assert!(same.records.is_empty() && same.reply[0].1.is_ok());
    let image = applied(
        &image,
        &alter(&image, TOPIC, &[("cleanup.policy", Change::Delete)]),
    );
    assert_eq!(image.configs().of(ResourceKind::Topic, "a"), None);
}

#[test]
fn each_bad_change_has_its_code() {
    use RefusalKind as K;
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let kind = |resource, key, change| {
        let decision = alter(&image, resource, &[(key, change)]);
        assert!(decision.records.is_empty());
        decision.reply[0].1.clone().unwrap_err().kind
    };
    let broker = |name| (ResourceKind::Broker, name);
    let topic = |name| (ResourceKind::Topic, name);
    assert_eq!(kind(TOPIC, "retention.ms", append("1")), K::InvalidConfig);
    assert_eq!(kind(TOPIC, "retention.ms", set("x")), K::InvalidConfig);
    assert_eq!(kind(TOPIC, "no.such.key", set("1")), K::InvalidConfig);
    assert_eq!(
        kind(topic("b"), "retention.ms", set("1")),
        K::UnknownTopicOrPartition
    );
    assert_eq!(kind(topic("b/"), "retention.ms", set("1")), K::InvalidTopic);
    assert_eq!(kind(topic(""), "retention.ms", set("1")), K::InvalidRequest);
    assert_eq!(
        kind(broker("9"), "log.retention.ms", set("1")),
        K::BrokerIdNotRegistered
    );
    assert_eq!(
        kind(broker("x"), "log.retention.ms", set("1")),
        K::InvalidRequest
    );
    assert_eq!(
        kind(broker("-1"), "log.retention.ms", set("1")),
        K::InvalidRequest
    );
    assert_eq!(
        kind(broker(""), "min.insync.replicas", Change::Delete),
        K::InvalidConfig
    );
    assert_eq!(
        kind(broker("1"), "min.insync.replicas", set("2")),
        K::InvalidConfig
    );
    assert_eq!(
        kind(broker("1"), "num.partitions", set("2")),
        K::InvalidRequest
    );
    assert_eq!(
        kind(broker("1"), "log.cleaner.threads", set("x")),
        K::InvalidRequest
    );
    assert_eq!(
        kind(broker("1"), "log.cleaner.threads", append("2")),
        K::InvalidConfig
    );
    let logger = (ResourceKind::BrokerLogger, "1");
    assert_eq!(kind(logger, "root", set("INFO")), K::InvalidRequest);
    let group = (ResourceKind::Group, "");
    assert_eq!(
        kind(group, "consumer.session.timeout.ms", set("50000")),
        K::InvalidRequest
    );
    let long = set(&"x".repeat(32768));
    assert_eq!(
        kind(TOPIC, "leader.replication.throttled.replicas", long),
        K::InvalidConfig
    );
}

#[test]
fn brokers_hear_of_a_value_that_stays_the_same() {
    let image = cluster(&[(1, None)]);
    let broker = (ResourceKind::Broker, "");
    let change = [("log.retention.ms", set("1000"))];
    let image = applied(&image, &alter(&image, broker, &change));
    assert_eq!(kinds(&alter(&image, broker, &change)), ["Config"]);
}

#[test]
fn a_replaced_configuration_drops_what_it_does_not_name() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let changes = [("retention.ms", set("1")), ("segment.ms", set("2"))];
    let image = applied(&image, &alter(&image, TOPIC, &changes));
    let layers = layers("");
    let alteration = AlterConfig {
        resource: ConfigResource::new(ResourceKind::Topic, "a"),
        changes: vec![("segment.ms".to_owned(), "3".to_owned())],
    };
    let decision = replace_configs(&controller(&image, &layers), &[alteration], false);
    let image = applied(&image, &decision);
    let values = stored(&image, ResourceKind::Topic, "a");
    assert_eq!(
        values.into_iter().collect::<Vec<_>>(),
        [("segment.ms".to_owned(), "3".to_owned())]
    );
}

#[test]
fn another_minimum_voids_eligibility() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let decision = alter(&image, TOPIC, &[("min.insync.replicas", set("2"))]);
    assert_eq!(kinds(&decision), ["Config", "ClearElr"]);
    let decision = alter(
        &image,
        (ResourceKind::Broker, ""),
        &[("min.insync.replicas", set("2"))],
    );
    let MetadataRecord::ClearElr(clear) = &decision.records[1] else {
        panic!("{:?}", decision.records)
    };
    assert_eq!(&*clear.topic_name, "");
}

/// An entity's parts.
type Parts<'a> = &'a [(&'a str, Option<&'a str>)];

#[test]
fn quotas_are_set_and_removed_and_bad_ones_refused() {
    let image = cluster(&[]);
    let layers = layers("");
    let ask = |image: &Image, entity: &[(&str, Option<&str>)], ops: &[(&str, Option<f64>)]| {
        let entity = entity
            .iter()
            .map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned)));
        let ops = ops.iter().map(|(key, value)| ((*key).to_owned(), *value));
        let alteration = QuotaAlteration { entity: entity.collect(), ops: ops.collect() };
        alter_client_quotas(&controller(image, &layers), &[alteration], false)
    };
    let alice = [("user", Some("alice"))];
    let decision = ask(&image, &alice, &[("producer_byte_rate", Some(1000.0))]);
    let image = applied(&image, &decision);
    assert_eq!(image.quotas().iter().count(), 1);
    assert!(
        ask(&image, &alice, &[("producer_byte_rate", Some(1000.0))])
            .records
            .is_empty()
    );
    let removed = ask(&image, &alice, &[("producer_byte_rate", None)]);
    assert_eq!(applied(&image, &removed).quotas().iter().count(), 0);
    let bad: [(Parts<'_>, &str, f64); 8] = [
        (&[], "producer_byte_rate", 1.0),
        (&[("group", Some("g"))], "producer_byte_rate", 1.0),
        (&[("user", Some(""))], "producer_byte_rate", 1.0),
        (
            &[("ip", Some("1.2.3.4")), ("user", None)],
            "connection_creation_rate",
            1.0,
        ),
        (&[("ip", Some("nowhere"))], "connection_creation_rate", 1.0),
        (&alice, "no_such_rate", 1.0),
        (&alice, "producer_byte_rate", 0.0),
        (&alice, "producer_byte_rate", 1.5),
    ];
    for (entity, key, value) in bad {
        let decision = ask(&image, entity, &[(key, Some(value))]);
        let kind = decision.reply[0].clone().unwrap_err().kind;
        assert_eq!(kind, RefusalKind::InvalidRequest, "{entity:?} {key}");
    }
}
