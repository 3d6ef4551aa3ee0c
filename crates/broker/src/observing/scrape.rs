//! One scrape: the node's counters and gauges in the text format of Prometheus.

use super::meters::Histogram;
use super::table::{
    CLIENT_METRIC, ERRORS, Family, GONE, LATENCY, Moment, PAUSES, REQUESTS, SINGLE, Single, WAITS,
};
use crate::node::Node;
use crate::telemetry::Series;
use klamm_coordinator::groups::{Departure, GroupKind, Wait, WaitCounts};
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
pub(crate) async fn text(node: &Node) -> Result<String, fmt::Error> {
    let moment = Moment { node, sizes: node.partitions.sizes() };
    let scrape = Scrape {
        single: SINGLE.iter().map(|m| (m, (m.read)(&moment))).collect(),
        apis: apis(node),
        pauses: pauses(node),
        gone: Departure::ALL.map(|why| (why.name(), gone(node, why))),
        waits: node.groups.waits().await,
        pushed: node.telemetry.series(),
    };
    let mut registry = Registry::with_prefix("klamm");
    registry.register_collector(Box::new(scrape));
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry)?;
    Ok(page)
}

/// Values read at one moment.
#[derive(Debug)]
struct Scrape {
    single: Vec<(&'static Single, u64)>,
    apis: Vec<Api>,
    pauses: Vec<Pauses>,
    gone: [(&'static str, u64); Departure::ALL.len()],
    waits: Option<WaitCounts>,
    pushed: Vec<Series>,
}

#[derive(Debug)]
struct Api {
    name: &'static str,
    requests: u64,
    errors: Vec<(&'static str, u64)>,
    latency: Vec<(f64, u64)>,
    latency_sum_s: f64,
}

/// The pauses of members of one kind of group.
#[derive(Debug)]
struct Pauses {
    protocol: &'static str,
    counts: Vec<(f64, u64)>,
    sum_s: f64,
}

fn gone(node: &Node, why: Departure) -> u64 {
    let counts = &node.groups.seen().gone;
    counts.get(why.index()).map_or(0, |count| count.value())
}

fn pauses(node: &Node) -> Vec<Pauses> {
    let kinds = [
        (GroupKind::Classic, "classic"),
        (GroupKind::Consumer, "consumer"),
    ];
    let pauses = kinds.into_iter().map(|(kind, protocol)| {
        let histogram = node.groups.seen().pauses.of(kind);
        Pauses {
            protocol,
            counts: bounded(histogram),
            sum_s: histogram.sum_seconds(),
        }
    });
    pauses.collect()
}

fn bounded(histogram: &Histogram) -> Vec<(f64, u64)> {
    let counts = histogram.counts();
    counts
        .map(|(bound, count)| (bound.unwrap_or(f64::INFINITY), count))
        .collect()
}

fn apis(node: &Node) -> Vec<Api> {
    let used = ApiKey::ALL.iter().filter_map(|key| {
        let meter = node.meters.api(*key)?;
        let errors = meter.errors();
        if meter.requests.value() == 0 && errors.is_empty() {
            return None;
        }
        Some(Api {
            name: key.name(),
            requests: meter.requests.value(),
            errors: errors
                .into_iter()
                .map(|(code, count)| (code.name(), count))
                .collect(),
            latency: bounded(&meter.latency),
            latency_sum_s: meter.latency.sum_seconds(),
        })
    });
    used.collect()
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (metric, value) in &self.single {
            let kind = if metric.is_counter {
                MetricType::Counter
            } else {
                MetricType::Gauge
            };
            let inner = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            if metric.is_counter {
                ConstCounter::new(*value).encode(inner)?;
            } else {
                ConstGauge::new(i64::try_from(*value).unwrap_or(i64::MAX)).encode(inner)?;
            }
        }
        self.encode_requests(&mut encoder)?;
        self.encode_errors(&mut encoder)?;
        self.encode_latency(&mut encoder)?;
        self.encode_groups(&mut encoder)?;
        self.encode_pushed(&mut encoder)
    }
}

impl Scrape {
    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor(REQUESTS.name, REQUESTS.help, None, kind)?;
        for api in &self.apis {
            let label = [("api", api.name)];
            ConstCounter::new(api.requests).encode(family.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn encode_errors(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor(ERRORS.name, ERRORS.help, None, kind)?;
        for api in &self.apis {
            for (error, count) in &api.errors {
                let labels = [("api", api.name), ("error", *error)];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn encode_groups(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = MetricType::Histogram;
        let mut family = encoder.encode_descriptor(PAUSES.name, PAUSES.help, None, kind)?;
        for Pauses { protocol, counts, sum_s } in &self.pauses {
            let count = counts.iter().map(|(_, n)| n).sum();
            family
                .encode_family(&[("protocol", *protocol)])?
                .encode_histogram::<NoLabelSet>(*sum_s, count, counts, None)?;
        }
        let mut family =
            encoder.encode_descriptor(GONE.name, GONE.help, None, MetricType::Counter)?;
        for (reason, count) in self.gone {
            ConstCounter::new(count).encode(family.encode_family(&[("reason", reason)])?)?;
        }
        let Some(waits) = self.waits else {
            return Ok(());
        };
        let mut family =
            encoder.encode_descriptor(WAITS.name, WAITS.help, None, MetricType::Gauge)?;
        for (reason, count) in Wait::REASONS.iter().zip(waits) {
            let gauge = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
            gauge.encode(family.encode_family(&[("reason", *reason)])?)?;
        }
        Ok(())
    }

    fn encode_pushed(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if self.pushed.is_empty() {
            return Ok(());
        }
        let Family { name, help, .. } = CLIENT_METRIC;
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for series in &self.pushed {
            ConstGauge::new(series.value).encode(family.encode_family(&series.labels)?)?;
        }
        Ok(())
    }

    fn encode_latency(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = MetricType::Histogram;
        let mut family = encoder.encode_descriptor(LATENCY.name, LATENCY.help, None, kind)?;
        for api in &self.apis {
            let label = [("api", api.name)];
            let count = api.latency.iter().map(|(_, n)| n).sum();
            family
                .encode_family(&label)?
                .encode_histogram::<NoLabelSet>(api.latency_sum_s, count, &api.latency, None)?;
        }
        Ok(())
    }
}
