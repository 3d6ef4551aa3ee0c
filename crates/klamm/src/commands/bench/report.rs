//! Numbers at the end of a run: throughput, and latencies as percentiles.

use crate::failure::Failure;
use crate::screen::Screen;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::time::Duration;

/// Latencies in microseconds, three digits exact.
#[derive(Debug, Clone)]
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
}

const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 50.0),
    ("p90", 90.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("p99.99", 99.99),
];

impl Latencies {
    pub(crate) fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new(3).map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Self { histogram })
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        // Up to 12 days: what lies beyond would only make the histogram large.
        let micros = u64::try_from(latency.as_micros())
            .unwrap_or(u64::MAX)
            .min(1 << 40);
        // It grows by itself, so nothing in range is refused.
        let _ = self.histogram.record(micros);
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Failure> {
        self.histogram
            .add(&other.histogram)
            .map_err(|error| Failure::failed(error.to_string()))
    }

    fn to_json(&self) -> Value {
        let mut values = serde_json::Map::new();
        for (name, percentile) in PERCENTILES {
            values.insert(
                name.to_owned(),
                self.histogram.value_at_percentile(percentile).into(),
            );
        }
        values.insert("max".to_owned(), self.histogram.max().into());
        values.insert("mean".to_owned(), json!(self.histogram.mean()));
        Value::Object(values)
    }

    fn print(&self, what: &str, screen: &mut Screen) -> Result<(), Failure> {
        let mut heading = vec![what];
        let mut row = vec!["  ms".to_owned()];
        for (name, percentile) in PERCENTILES {
            heading.push(name);
            row.push(millis(self.histogram.value_at_percentile(percentile)));
        }
        heading.push("max");
        row.push(millis(self.histogram.max()));
        screen.table(&heading, &[row])
    }
}

fn millis(micros: u64) -> String {
    format!(
        "{:.3}",
        Duration::from_micros(micros).as_secs_f64() * 1000.0
    )
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Throughput {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) elapsed: Duration,
}

impl Throughput {
    /// Prints throughput, and latencies by name.
    pub(crate) fn print(
        &self,
        latencies: &[(&str, &Latencies)],
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let seconds = self.elapsed.as_secs_f64().max(1e-9);
        let records_per_second = self.records as f64 / seconds;
        let mib_per_second = self.bytes as f64 / f64::from(1 << 20) / seconds;
        if screen.is_json() {
            let mut document = json!({
                "records": self.records,
                "bytes": self.bytes,
                "seconds": seconds,
                "records_per_second": records_per_second,
                "mib_per_second": mib_per_second,
            });
            for (name, latency) in latencies {
                if let Some(object) = document.as_object_mut() {
                    object.insert(format!("{name}_us"), latency.to_json());
                }
            }
            return screen.document(&document);
        }
        screen.line(format_args!(
            "{} records, {} bytes in {seconds:.3} s: {records_per_second:.0} records/s, {mib_per_second:.1} MiB/s",
            self.records, self.bytes
        ))?;
        for (name, latency) in latencies {
            latency.print(name, screen)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_of_any_size_are_counted() {
        let mut latencies = Latencies::new().unwrap();
        for ms in 1..=100 {
            latencies.add(Duration::from_millis(ms));
        }
        latencies.add(Duration::MAX);
        let json = latencies.to_json();
        let near = |name: &str, ms: u64| json[name].as_u64().unwrap().abs_diff(ms * 1000) < ms * 10;
        assert!(near("p50", 51), "{json}");
        assert!(near("p90", 91), "{json}");
        assert!(json["max"].as_u64().unwrap() >= 1 << 40, "{json}");
    }
}
