//! One scrape: the node's counters and gauges in the text format of Prometheus.

use super::Meters;
use crate::node::Node;
use klamm_wire::ApiKey;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;

/// The page that a scrape gets.
///
/// # Errors
/// Never for values of ours; the formatter's own error is passed on.
pub(crate) fn text(node: &Node) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("klamm");
    registry.register_collector(Box::new(Scrape {
        counters: counters(&node.meters),
        gauges: gauges(node),
        apis: apis(&node.meters),
    }));
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry)?;
    Ok(page)
}

/// Values read at one moment.
#[derive(Debug)]
struct Scrape {
    counters: Vec<Value>,
    gauges: Vec<Value>,
    apis: Vec<Api>,
}

#[derive(Debug)]
struct Value {
    name: &'static str,
    help: &'static str,
    value: u64,
}

#[derive(Debug)]
struct Api {
    name: String,
    requests: u64,
    errors: u64,
    latency: Vec<(f64, u64)>,
    latency_sum_s: f64,
}

const fn value(name: &'static str, help: &'static str, value: u64) -> Value {
    Value { name, help, value }
}

fn counters(meters: &Meters) -> Vec<Value> {
    vec![
        value(
            "produced_bytes",
            "Bytes appended by producers",
            meters.produced_bytes.value(),
        ),
        value(
            "produced_batches",
            "Batches appended by producers",
            meters.produced_batches.value(),
        ),
        value(
            "fetched_bytes",
            "Bytes handed to consumers",
            meters.fetched_bytes.value(),
        ),
        value(
            "malformed_requests",
            "Frames that are no request",
            meters.malformed_requests.value(),
        ),
        value(
            "connections_refused",
            "Connections beyond max.connections.per.ip",
            meters.connections_refused.value(),
        ),
        value(
            "accepts_delayed",
            "Waits of new connections at a limit",
            meters.accepts_delayed.value(),
        ),
    ]
}

fn gauges(node: &Node) -> Vec<Value> {
    let sizes = node.partitions.sizes();
    let (limits, sessions) = (&node.limits, node.fetch_sessions.lock().len());
    vec![
        value(
            "connections",
            "Open connections",
            limits.open_connections() as u64,
        ),
        value(
            "requests_in_flight_bytes",
            "Bytes held for requests that arrive or are in work",
            limits.in_flight.held() as u64,
        ),
        value(
            "dirty_bytes",
            "Bytes in the page cache only",
            node.dirty.bytes(),
        ),
        value("partitions", "Partitions on this node", sizes.partitions),
        value("log_bytes", "Bytes of all logs", sizes.log_bytes),
        value("open_log_files", "Open files of logs", sizes.open_files),
        value(
            "offline_log_dirs",
            "Log directories that failed",
            sizes.offline_dirs,
        ),
        value(
            "fetch_sessions",
            "Incremental fetch sessions",
            sessions as u64,
        ),
    ]
}

fn apis(meters: &Meters) -> Vec<Api> {
    let used = ApiKey::ALL.iter().filter_map(|key| {
        let meter = meters
            .api(*key)
            .filter(|meter| meter.requests.value() > 0)?;
        Some(Api {
            name: key.name().to_owned(),
            requests: meter.requests.value(),
            errors: meter.errors.value(),
            latency: meter
                .latency
                .counts()
                .map(|(b, n)| (b.unwrap_or(f64::MAX), n))
                .collect(),
            latency_sum_s: meter.latency.sum_seconds(),
        })
    });
    used.collect()
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for v in &self.counters {
            let inner = encoder.encode_descriptor(v.name, v.help, None, MetricType::Counter)?;
            ConstCounter::new(v.value).encode(inner)?;
        }
        for v in &self.gauges {
            let inner = encoder.encode_descriptor(v.name, v.help, None, MetricType::Gauge)?;
            ConstGauge::new(i64::try_from(v.value).unwrap_or(i64::MAX)).encode(inner)?;
        }
        self.encode_by_api(&mut encoder, "requests", "Requests answered", |api| {
            api.requests
        })?;
        let help = "Error codes in answers";
        self.encode_by_api(&mut encoder, "request_errors", help, |api| api.errors)?;
        self.encode_latency(&mut encoder)
    }
}

impl Scrape {
    fn encode_by_api(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&Api) -> u64,
    ) -> Result<(), fmt::Error> {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for api in &self.apis {
            let label = [("api", api.name.as_str())];
            ConstCounter::new(value(api)).encode(family.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn encode_latency(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Time from a request's start to its answer";
        let kind = MetricType::Histogram;
        let mut family = encoder.encode_descriptor("request_seconds", help, None, kind)?;
        for api in &self.apis {
            let label = [("api", api.name.as_str())];
            let count = api.latency.iter().map(|(_, n)| n).sum();
            family
                .encode_family(&label)?
                .encode_histogram::<NoLabelSet>(api.latency_sum_s, count, &api.latency, None)?;
        }
        Ok(())
    }
}
