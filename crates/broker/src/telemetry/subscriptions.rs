//! Which clients shall push what: the configs of client metrics, and how they fit a client.

use crate::request::{Call, Software};
use klamm_coordinator::groups::Pattern;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::net::SocketAddr;

/// A client, as far as a subscription can select by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) software_name: &'a str,
    pub(crate) software_version: &'a str,
    pub(crate) peer: SocketAddr,
}

impl<'a> Client<'a> {
    /// Who made a call.
    pub(crate) fn new(call: &'a Call, software: Option<&'a Software>) -> Self {
        Self {
            client_id: &call.client_id,
            software_name: software.map_or("", |software| &software.name),
            software_version: software.map_or("", |software| &software.version),
            peer: call.caller.peer,
        }
    }
}

/// One subscription.
#[derive(Debug)]
struct Subscription {
    metrics: Vec<String>,
    interval_ms: i32,
    matches: Vec<(String, Option<Pattern>)>,
}

/// All subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    all: Vec<Subscription>,
    /// Rises with each change.
    version: u64,
}

/// What one client shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) metrics: Vec<String>,
    pub(crate) interval_ms: i32,
    pub(crate) subscription_id: i32,
}

const INTERVAL_MS_DEFAULT: i32 = 300_000;
const ALL: &str = "*";

impl Subscriptions {
    pub(crate) fn new(
        version: u64,
        configs: impl Iterator<Item = BTreeMap<String, String>>,
    ) -> Self {
        Self {
            all: configs.map(|config| subscription(&config)).collect(),
            version,
        }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What a client shall push: all that any subscription that fits it asks for, as often as the most eager one asks.
    pub(crate) fn of(&self, instance: Uuid, client: &Client<'_>) -> Wanted {
        let mut interval_ms = INTERVAL_MS_DEFAULT;
        let mut metrics: BTreeSet<&str> = BTreeSet::new();
        for subscription in self.all.iter().filter(|s| s.fits(instance, client)) {
            metrics.extend(subscription.metrics.iter().map(String::as_str));
            interval_ms = interval_ms.min(subscription.interval_ms);
        }
        if metrics.contains(ALL) {
            metrics = BTreeSet::from([ALL]);
        }
        let hash = foldhash::fast::FixedState::default().hash_one((
            &metrics,
            interval_ms,
            instance.to_bytes(),
        ));
        let [a, b, c, d, ..] = hash.to_le_bytes();
        Wanted {
            metrics: metrics.into_iter().map(str::to_owned).collect(),
            interval_ms,
            subscription_id: i32::from_le_bytes([a, b, c, d]),
        }
    }
}

impl Subscription {
    fn fits(&self, instance: Uuid, client: &Client<'_>) -> bool {
        self.matches.iter().all(|(key, pattern)| {
            let value = match key.as_str() {
                "client_instance_id" => instance.to_string(),
                "client_id" => client.client_id.to_owned(),
                "client_software_name" => client.software_name.to_owned(),
                "client_software_version" => client.software_version.to_owned(),
                "client_source_address" => client.peer.ip().to_string(),
                "client_source_port" => client.peer.port().to_string(),
                _ => return false,
            };
            pattern
                .as_ref()
                .is_some_and(|pattern| pattern.matches(&value))
        })
    }
}

fn subscription(config: &BTreeMap<String, String>) -> Subscription {
    let list = |name: &str| {
        let text = config.get(name).map(String::as_str).unwrap_or_default();
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let interval_ms = config
        .get("interval.ms")
        .and_then(|text| text.trim().parse().ok());
    let matches = list("match")
        .into_iter()
        .map(|pair| match pair.split_once('=') {
            // A pattern that does not compile selects nobody. It is refused when it is set.
            Some((key, pattern)) => (key.trim().to_owned(), Pattern::new(pattern.trim()).ok()),
            None => (pair, None),
        });
    Subscription {
        metrics: list("metrics"),
        interval_ms: interval_ms.unwrap_or(INTERVAL_MS_DEFAULT),
        matches: matches.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client<'static> {
        Client {
            client_id: "billing-7",
            software_name: "apache-kafka-java",
            software_version: "4.3.1",
            peer: SocketAddr::from(([10, 0, 0, 7], 5000)),
        }
    }

    fn subscriptions(configs: &[&[(&str, &str)]]) -> Subscriptions {
        let configs = configs.iter().map(|config| {
            let pairs = config.iter();
            pairs
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        });
        Subscriptions::new(1, configs)
    }

    #[test]
    fn without_a_subscription_a_client_pushes_nothing() {
        let wanted = Subscriptions::default().of(Uuid::from_bytes(u128::to_be_bytes(9)), &client());
        assert_eq!((wanted.metrics.len(), wanted.interval_ms), (0, 300_000));
    }

    #[test]
    fn subscriptions_that_fit_add_up_and_the_shortest_interval_counts() {
        let all = subscriptions(&[
            &[("metrics", "a.,b."), ("interval.ms", "1000")],
            &[
                ("metrics", "b.,c."),
                ("interval.ms", "500"),
                ("match", "client_id=billing-.*"),
            ],
            &[
                ("metrics", "d."),
                ("interval.ms", "100"),
                ("match", "client_id=billing"),
            ],
        ]);
        let wanted = all.of(Uuid::from_bytes(u128::to_be_bytes(9)), &client());
        assert_eq!(wanted.metrics, ["a.", "b.", "c."]);
        assert_eq!(wanted.interval_ms, 500);
        let other = all.of(Uuid::from_bytes(u128::to_be_bytes(8)), &client());
        assert_ne!(wanted.subscription_id, other.subscription_id);
        assert_eq!(
            wanted,
            all.of(Uuid::from_bytes(u128::to_be_bytes(9)), &client())
        );
        let everything = subscriptions(&[&[("metrics", "a.")], &[("metrics", "*")]]);
        assert_eq!(
            everything
                .of(Uuid::from_bytes(u128::to_be_bytes(9)), &client())
                .metrics,
            ["*"]
        );
    }

    #[test]
    fn every_selector_is_matched_as_a_whole() {
        let instance = Uuid::from_bytes(u128::to_be_bytes(9));
        for (pattern, fits) in [
            (format!("client_instance_id={instance}"), true),
            (
                "client_software_name=apache.*,client_software_version=4\\..*".into(),
                true,
            ),
            (
                "client_software_name=apache.*,client_software_version=5\\..*".into(),
                false,
            ),
            (
                "client_source_address=10\\.0\\.0\\.7,client_source_port=5000".into(),
                true,
            ),
            ("client_source_port=500".into(), false),
            ("client_id=(".into(), false),
        ] {
            let all = subscriptions(&[&[("metrics", "a"), ("match", pattern.as_str())]]);
            let wanted = all.of(instance, &client());
            assert_eq!(!wanted.metrics.is_empty(), fits, "{pattern}");
        }
    }
}
