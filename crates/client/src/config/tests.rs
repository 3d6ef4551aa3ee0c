//! Names, defaults, and the words of a refusal.

use super::*;

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn unknown_names_come_back_for_the_next_part() {
    let properties = pairs(&[("linger.ms", "7"), ("client.id", "x"), ("lingr.ms", "1")]);
    let (client, rest) = ClientConfig::from_properties(properties).unwrap();
    assert_eq!(client.client_id, "x");
    let (producer, rest) = ProducerConfig::from_properties(rest).unwrap();
    assert_eq!(producer.linger, ms(7));
    assert_eq!(rest, pairs(&[("lingr.ms", "1")]));
}

#[test]
fn a_bad_value_says_what_is_expected() {
    let error = ProducerConfig::from_properties(pairs(&[("acks", "2")])).unwrap_err();
    assert_eq!(error.to_string(), "acks = \"2\": expected 0, 1, all or -1");
    for (name, value) in [
        ("linger.ms", "-1"),
        ("linger.ms", "5 seconds"),
        ("batch.size", "3000000000"),
        ("enable.idempotence", "yes"),
        ("compression.type", "brotli"),
        ("compression.zstd.level", "23"),
        ("delivery.timeout.ms", "0"),
    ] {
        assert!(
            ProducerConfig::default().set(name, value).is_err(),
            "{name}={value}"
        );
    }
    assert!(
        ClientConfig::default()
            .set("security.protocol", "SSL")
            .is_err()
    );
    assert!(
        ClientConfig::default()
            .set("bootstrap.servers", "nowhere")
            .is_err()
    );
    assert!(
        ClientConfig::default()
            .set("bootstrap.servers", " , ")
            .is_err()
    );
}

#[test]
fn idempotence_steps_back_only_if_nobody_asked_for_it() {
    let (config, _) = ProducerConfig::from_properties(pairs(&[("acks", "1")])).unwrap();
    assert!(!config.enable_idempotence);
    let asked = pairs(&[("acks", "1"), ("enable.idempotence", "true")]);
    assert!(ProducerConfig::from_properties(asked).is_err());
    let (config, _) = ProducerConfig::from_properties(pairs(&[])).unwrap();
    assert!(config.enable_idempotence);
}

#[test]
fn addresses_have_several_forms() {
    let config = ClientConfig::new("a:1, [::1]:2,PLAINTEXT://c:3").unwrap();
    let shown: Vec<_> = config
        .bootstrap_servers
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown, ["a:1", "[::1]:2", "c:3"]);
}

#[test]
fn durations_in_iso_form() {
    assert_eq!(
        offset_reset("by_duration:PT1H"),
        Ok(OffsetReset::ByDuration(ms(3_600_000)))
    );
    assert_eq!(
        offset_reset("by_duration:P1DT0.5S"),
        Ok(OffsetReset::ByDuration(ms(86_400_500)))
    );
    for bad in [
        "by_duration:P",
        "by_duration:1H",
        "by_duration:PT-1S",
        "by_duration:PT1X",
        "first",
    ] {
        assert!(offset_reset(bad).is_err(), "{bad}");
    }
}

#[test]
fn groups_are_set_by_javas_names() {
    let parse = |pairs: &[(&str, &str)]| {
        let group = ("group.id", "g");
        let pairs = pairs
            .iter()
            .chain([&group])
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        GroupConfig::from_properties(pairs)
    };
    let (config, rest) = parse(&[("client.rack", "r")]).unwrap();
    assert_eq!(
        rest,
        [("client.rack".to_owned(), "r".to_owned())],
        "the consumer's"
    );
    assert_eq!(config.protocol, GroupProtocol::Classic);
    assert_eq!(
        config.assignors,
        [ClientAssignor::Range, ClientAssignor::CooperativeSticky]
    );
    assert_eq!(config.session_timeout.as_secs(), 45);
    let classes = "org.apache.kafka.clients.consumer.RoundRobinAssignor, cooperative-sticky";
    let (config, _) = parse(&[
        ("group.protocol", "CONSUMER"),
        ("partition.assignment.strategy", classes),
        ("group.instance.id", "i"),
        ("group.remote.assignor", ""),
    ])
    .unwrap();
    assert_eq!(config.protocol, GroupProtocol::Consumer);
    assert_eq!(
        config.assignors,
        [
            ClientAssignor::RoundRobin,
            ClientAssignor::CooperativeSticky
        ]
    );
    assert_eq!(
        (config.instance_id.as_deref(), config.remote_assignor),
        (Some("i"), None)
    );
    for bad in [
        ("group.id", " "),
        ("group.protocol", "share"),
        ("partition.assignment.strategy", "sticky"),
        ("heartbeat.interval.ms", "45000"),
        ("max.poll.interval.ms", "0"),
    ] {
        // The last one of a name counts.
        let pairs = [("group.id", "g"), bad].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let error = GroupConfig::from_properties(pairs).unwrap_err();
        assert_eq!(error.name, bad.0);
    }
}
