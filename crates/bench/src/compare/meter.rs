//! What a run cost: the broker's process, the two cores, and what the load saw.

use super::case::Value;
use crate::load::Seen;
use crate::node::{Node, Usage};
use crate::pin;
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::time::Instant;

/// What was moved while a node's use was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// Of records, before compression.
    pub(super) bytes: f64,
    pub(super) records: usize,
    /// Where requests are counted instead of bytes.
    pub(super) requests: Option<usize>,
}

impl Moved {
    pub(super) fn records(count: usize, record_bytes: usize) -> Self {
        Self {
            bytes: (count * record_bytes) as f64,
            records: count,
            requests: None,
        }
    }

    /// Requests of one small record each.
    pub(super) fn requests(count: usize, record_bytes: usize) -> Self {
        Self { requests: Some(count), ..Self::records(count, record_bytes) }
    }
}

const MIB: f64 = 1_048_576.0;

/// The usual values of a run.
pub(super) fn measured(
    node: &Node,
    moved: Moved,
    drive: impl FnOnce() -> Result<Seen>,
) -> Result<Vec<Value>> {
    node.forget_peak();
    let (before, busy) = (node.usage()?, Busy::begin()?);
    let seen = drive()?;
    let after = node.usage()?;
    let (broker, load) = busy.end(after.cpu_s() - before.cpu_s())?;
    let mut all = costs(before, after, moved, seen.seconds);
    all.extend(latencies(&seen.latency_us));
    all.extend([
        Value::new("memory", "MiB RSS", after.rss_bytes as f64 / MIB),
        Value::new("peak memory", "MiB RSS", after.peak_rss_bytes as f64 / MIB),
        Value::new("threads", "", after.threads as f64),
        Value::new("open files", "", after.files as f64),
        Value::new("broker busy", "%", broker),
        Value::new("load busy", "%", load),
    ]);
    Ok(all)
}

fn costs(before: Usage, after: Usage, moved: Moved, seconds: f64) -> Vec<Value> {
    let user = after.user_s - before.user_s;
    let system = after.system_s - before.system_s;
    let (gb, millions) = (moved.bytes / 1e9, moved.records as f64 / 1e6);
    let stored = (after.stored_bytes - before.stored_bytes) as f64;
    let to_disk = Value::new("to disk", "bytes a byte", stored / moved.bytes);
    if let Some(requests) = moved.requests {
        let us = |seconds: f64| seconds * 1e6 / requests as f64;
        return vec![
            Value::new("CPU a request", "µs", us(user + system)),
            Value::new("CPU user", "µs", us(user)),
            Value::new("CPU system", "µs", us(system)),
            Value::new("rate", "requests/s", requests as f64 / seconds),
            to_disk,
        ];
    }
    vec![
        Value::new("CPU", "s/GB", (user + system) / gb),
        Value::new("CPU user", "s/GB", user / gb),
        Value::new("CPU system", "s/GB", system / gb),
        Value::new("CPU a million records", "s", (user + system) / millions),
        Value::new("rate", "MB/s", gb * 1e3 / seconds),
        to_disk,
    ]
}

/// Percentiles, as far as the load saw any.
pub(super) fn latencies(latency_us: &Histogram<u64>) -> Vec<Value> {
    if latency_us.is_empty() {
        return Vec::new();
    }
    let ms = |us: u64| us as f64 / 1e3;
    vec![
        Value::new("p50", "ms", ms(latency_us.value_at_quantile(0.5))),
        Value::new("p99", "ms", ms(latency_us.value_at_quantile(0.99))),
        Value::new("p99.9", "ms", ms(latency_us.value_at_quantile(0.999))),
        Value::new("max", "ms", ms(latency_us.max())),
    ]
}

/// Who worked how much since it began: the two cores where each side has one, else the processes.
#[derive(Debug)]
struct Busy {
    started: Instant,
    cores: Option<(f64, f64)>,
    own_s: f64,
}

impl Busy {
    fn begin() -> Result<Self> {
        let cores = if pin::is_pinned() {
            Some((core_busy_s(pin::SERVER)?, core_busy_s(pin::LOAD)?))
        } else {
            None
        };
        Ok(Self { started: Instant::now(), cores, own_s: own_cpu_s()? })
    }

    /// Broker and load in percent of a core.
    fn end(self, broker_cpu_s: f64) -> Result<(f64, f64)> {
        let percent = |s: f64| s / self.started.elapsed().as_secs_f64().max(1e-9) * 100.0;
        Ok(match self.cores {
            Some((server, load)) => (
                percent(core_busy_s(pin::SERVER)? - server),
                percent(core_busy_s(pin::LOAD)? - load),
            ),
            None => (percent(broker_cpu_s), percent(own_cpu_s()? - self.own_s)),
        })
    }
}

/// Kernel ticks a second in /proc.
const TICKS: f64 = 100.0;

/// Seconds that a core has worked since the machine started, for whomever.
fn core_busy_s(core: usize) -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    busy_ticks(&stat, core)
        .map(|ticks| ticks as f64 / TICKS)
        .with_context(|| format!("core {core} in /proc/stat"))
}

/// user, nice, system, irq, softirq and steal; not idle and iowait.
fn busy_ticks(stat: &str, core: usize) -> Option<u64> {
    let name = format!("cpu{core} ");
    let line = stat.lines().find(|line| line.starts_with(&name))?;
    let numbers: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .map_while(|n| n.parse().ok())
        .collect();
    let idle: u64 = numbers.iter().skip(3).take(2).sum();
    Some(numbers.iter().take(8).sum::<u64>().saturating_sub(idle))
}

/// CPU seconds of this process and of the tools that it has waited for.
fn own_cpu_s() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, numbers) = stat.rsplit_once(')').context("stat")?;
    // utime, stime, cutime, cstime: 14 to 17, counted from the process id.
    let ticks = numbers.split_whitespace().skip(11).take(4);
    Ok(ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / TICKS)
}

#[cfg(test)]
mod tests {
    use super::busy_ticks;

    #[test]
    fn waiting_is_not_work() {
        let stat =
            "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 4000 500 6 7 8 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(busy_ticks(stat, 0), Some(27));
        assert_eq!(busy_ticks(stat, 1), Some(1));
        assert_eq!(busy_ticks(stat, 2), None);
    }
}
