//! The last values that clients pushed, for the metrics page. Bounded in clients and values; silent clients go.

use super::otlp::Sample;
use super::subscriptions::Client;
use klamm_model::Uuid;
use std::collections::BTreeMap;

/// A value to show: its labels and its number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

/// Name and attributes.
type Key = (String, Vec<(String, String)>);

#[derive(Debug)]
struct Values {
    client_id: String,
    values: BTreeMap<Key, f64>,
    until_ms: i64,
}

/// The values of all clients.
#[derive(Debug, Default)]
pub(crate) struct Received {
    by_instance: BTreeMap<Uuid, Values>,
    /// Values of all clients together.
    count: usize,
    dropped: u64,
}

/// Values of all clients, each of about 300 bytes.
const VALUES_MAX: usize = 20_000;
const VALUES_OF_CLIENT_MAX: usize = 1000;
const CLIENT_ID_CHARS_MAX: usize = 100;

impl Received {
    /// Takes a push in. Values that the client does not push any more are shown until it is silent.
    pub(super) fn take(
        &mut self,
        instance: Uuid,
        client: &Client<'_>,
        samples: Vec<Sample>,
        keep_ms: i64,
        now_ms: i64,
    ) {
        self.forget_silent(now_ms);
        let of = self.by_instance.entry(instance).or_insert_with(|| Values {
            client_id: client.client_id.chars().take(CLIENT_ID_CHARS_MAX).collect(),
            values: BTreeMap::new(),
            until_ms: 0,
        });
        of.until_ms = now_ms.saturating_add(keep_ms);
        for sample in samples {
            let mut attributes = sample.attributes;
            attributes.sort();
            let key = (sample.name, attributes);
            if let Some(value) = of.values.get_mut(&key) {
                *value = if sample.is_delta {
                    *value + sample.value
                } else {
                    sample.value
                };
            } else if self.count < VALUES_MAX && of.values.len() < VALUES_OF_CLIENT_MAX {
                of.values.insert(key, sample.value);
                self.count += 1;
            } else {
                self.dropped += 1;
            }
        }
        if of.values.is_empty() {
            self.by_instance.remove(&instance);
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// All values as they are shown.
    pub(super) fn series(&mut self, now_ms: i64) -> Vec<Series> {
        self.forget_silent(now_ms);
        let mut all = Vec::with_capacity(self.count);
        for (instance, of) in &self.by_instance {
            for ((name, attributes), value) in &of.values {
                let mut labels = vec![
                    ("metric".to_owned(), printable(name)),
                    ("client_id".to_owned(), printable(&of.client_id)),
                    ("client_instance_id".to_owned(), instance.to_string()),
                ];
                for (key, value) in attributes {
                    let key = label_name(key);
                    if labels.iter().all(|(known, _)| *known != key) {
                        labels.push((key, printable(value)));
                    }
                }
                all.push(Series { labels, value: *value });
            }
        }
        all
    }

    fn forget_silent(&mut self, now_ms: i64) {
        let count = &mut self.count;
        self.by_instance.retain(|_, of| {
            let stays = of.until_ms > now_ms;
            if !stays {
                *count -= of.values.len();
            }
            stays
        });
    }
}

/// Text of a peer for a page that machines read.
fn printable(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || c == '"' || c == '\\' {
            '_'
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}

/// A label's name: letters, digits and underscores, and no digit first.
fn label_name(key: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = key.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("attribute_{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client<'static> {
        Client {
            client_id: "c\"\n",
            software_name: "",
            software_version: "",
            peer: std::net::SocketAddr::from(([127, 0, 0, 1], 1)),
        }
    }

    fn sample(name: &str, value: f64, is_delta: bool) -> Sample {
        Sample {
            name: name.to_owned(),
            attributes: vec![
                ("client.kind".into(), "x\\".into()),
                ("7".into(), "y".into()),
            ],
            value,
            is_delta,
        }
    }

    #[test]
    fn the_last_value_is_shown_and_deltas_add_up() {
        let mut all = Received::default();
        let id = Uuid::from_bytes(u128::to_be_bytes(9));
        for value in [1.0, 5.0] {
            let samples = vec![sample("g", value, false), sample("s", value, true)];
            all.take(id, &client(), samples, 100, 0);
        }
        let series = all.series(99);
        let values: Vec<_> = series.iter().map(|s| s.value).collect();
        assert_eq!(values, [5.0, 6.0]);
        let labels: Vec<_> = series[0]
            .labels
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let id = id.to_string();
        assert_eq!(
            labels,
            [
                "metric=g",
                "client_id=c__",
                &format!("client_instance_id={id}"),
                "attribute_7=y",
                "client_kind=x_"
            ]
        );
        assert!(all.series(100).is_empty(), "a silent client is forgotten");
        assert_eq!(all.count, 0);
    }

    #[test]
    fn values_are_bounded_in_all_and_for_each_client() {
        let mut all = Received::default();
        for id in 0..30u32 {
            let samples = (0..1500)
                .map(|i| sample(&i.to_string(), 1.0, false))
                .collect();
            all.take(
                Uuid::from_bytes(u128::to_be_bytes(u128::from(id) + 2)),
                &client(),
                samples,
                100,
                0,
            );
        }
        assert_eq!(all.series(1).len(), VALUES_MAX);
        assert_eq!(all.dropped(), 30 * 1500 - VALUES_MAX as u64);
    }
}
