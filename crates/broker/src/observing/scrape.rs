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

/// The page that a scrape gets.
///
/// # Errors
/// Never for values of ours; the formatter's own error is passed on.
pub(crate) fn text(node: &Node) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("klamm");
    registry.register_collector(Box::new(Gauges::of(node)));
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry)?;
    Ok(page)
}

/// Values read at one moment.
#[derive(Debug)]
struct Gauges {
    counters: Vec<(&'static str, &'static str, u64)>,
    gauges: Vec<(&'static str, &'static str, i64)>,
    apis: Vec<Api>,
}

#[derive(Debug)]
struct Api {
    name: String,
    requests: u64,
    errors: u64,
    latency: Vec<(f64, u64)>,
    latency_sum_s: f64,
}

impl Gauges {
    fn of(node: &Node) -> Self {
        let meters: &Meters = &node.meters;
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let sizes = node.partitions.sizes();
        let counters = vec![
            (
                "produced_bytes",
                "Bytes appended by producers",
                meters.produced_bytes.value(),
            ),
            (
                "produced_batches",
                "Batches appended by producers",
                meters.produced_batches.value(),
            ),
            (
                "fetched_bytes",
                "Bytes handed to consumers",
                meters.fetched_bytes.value(),
            ),
            (
                "malformed_requests",
                "Frames that are no request",
                meters.malformed_requests.value(),
            ),
            (
                "connections_refused",
                "Connections over a limit",
                meters.connections_refused.value(),
            ),
            (
                "accepts_delayed",
                "Waits of new connections at a limit",
                meters.accepts_delayed.value(),
            ),
        ];
        let gauges = vec![
            (
                "connections",
                "Open connections",
                signed(node.limits.open_connections() as u64),
            ),
            (
                "requests_in_flight_bytes",
                "Bytes of requests in work",
                signed(node.limits.in_flight.held() as u64),
            ),
            (
                "dirty_bytes",
                "Bytes in the page cache only",
                signed(node.dirty.bytes()),
            ),
            (
                "partitions",
                "Partitions on this node",
                signed(sizes.partitions),
            ),
            ("log_bytes", "Bytes of all logs", signed(sizes.log_bytes)),
            (
                "open_log_files",
                "Open files of logs",
                signed(sizes.open_files),
            ),
            (
                "offline_log_dirs",
                "Log directories that failed",
                signed(sizes.offline_dirs),
            ),
            (
                "fetch_sessions",
                "Incremental fetch sessions",
                signed(node.fetch_sessions.lock().len() as u64),
            ),
        ];
        let apis = ApiKey::ALL.iter().filter_map(|key| {
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
        Self { counters, gauges, apis: apis.collect() }
    }
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, help, value) in &self.counters {
            let metric = ConstCounter::new(*value);
            let inner = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            metric.encode(inner)?;
        }
        for (name, help, value) in &self.gauges {
            let metric = ConstGauge::new(*value);
            let inner = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode(inner)?;
        }
        let mut requests = encoder.encode_descriptor(
            "requests",
            "Requests answered",
            None,
            MetricType::Counter,
        )?;
        for api in &self.apis {
            let label = [("api", api.name.as_str())];
            ConstCounter::new(api.requests).encode(requests.encode_family(&label)?)?;
        }
        let mut errors = encoder.encode_descriptor(
            "request_errors",
            "Answers that carry an error code",
            None,
            MetricType::Counter,
        )?;
        for api in &self.apis {
            let label = [("api", api.name.as_str())];
            ConstCounter::new(api.errors).encode(errors.encode_family(&label)?)?;
        }
        let mut latency = encoder.encode_descriptor(
            "request_seconds",
            "Time from a request's start to its answer",
            None,
            MetricType::Histogram,
        )?;
        for api in &self.apis {
            let label = [("api", api.name.as_str())];
            let count = api.latency.iter().map(|(_, n)| n).sum();
            latency
                .encode_family(&label)?
                .encode_histogram::<NoLabelSet>(api.latency_sum_s, count, &api.latency, None)?;
        }
        Ok(())
    }
}
