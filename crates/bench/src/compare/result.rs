//! What was measured: every round of both, with what the ratios are to reach.

use super::case::{Bound, Case, Value};
use super::stage::{Brand, SETTINGS};
use serde::{Deserialize, Serialize};

/// A run, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) about: About,
    pub(crate) cases: Vec<Compared>,
}

/// What a reader must know to judge the figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    pub(crate) klamm: String,
    pub(crate) settings: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) pinned: bool,
    pub(crate) quick: bool,
}

impl About {
    /// Of this machine, now.
    pub(crate) fn here(program: &std::path::Path, rounds: usize, quick: bool) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| -> String {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib: f64 = memory
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0.0);
        let version = std::process::Command::new(program)
            .arg("--version")
            .output();
        let version = version.map_or_else(|_| Vec::new(), |out| out.stdout);
        Self {
            date: today(),
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: crate::pin::cores(),
            memory_gib: (kib / 1_048_576.0 * 10.0).round() / 10.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            klamm: String::from_utf8_lossy(&version).trim().to_owned(),
            settings: SETTINGS.iter().map(|s| (*s).to_owned()).collect(),
            rounds,
            pinned: crate::pin::is_pinned(),
            quick,
        }
    }
}

fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    date(since.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date of a day, counted from 1970-01-01.
fn date(mut day: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

/// All rounds of one case.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compared {
    pub(crate) case: String,
    pub(crate) tool: String,
    /// Rounds that counted.
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    /// Of all cores' time meanwhile, what the host of a virtual machine took.
    #[serde(default)]
    pub(crate) stolen_percent: f64,
    /// Why it ended early, if it did.
    pub(crate) failed: Option<String>,
    pub(crate) rows: Vec<Row>,
}

/// One value of a case: every round of both, and of the raw loop.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) klamm: Vec<f64>,
    pub(crate) kafka: Vec<f64>,
    pub(crate) raw: Vec<f64>,
    pub(crate) to_kafka: Option<Bound>,
    pub(crate) to_raw: Option<Bound>,
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    }
}

impl Row {
    /// Our median divided by Kafka's.
    pub(crate) fn to_kafka(&self) -> f64 {
        quotient(median(&self.klamm), median(&self.kafka))
    }

    /// Our median divided by the raw loop's.
    pub(crate) fn to_raw(&self) -> f64 {
        quotient(median(&self.klamm), median(&self.raw))
    }
}

/// Nothing to nothing is the same; nothing to something is 0.
fn quotient(ours: f64, theirs: f64) -> f64 {
    if ours == 0.0 && theirs == 0.0 {
        1.0
    } else {
        ours / theirs
    }
}

impl Compared {
    pub(crate) fn of(case: &Case) -> Self {
        Self {
            case: case.name.to_owned(),
            tool: case.tool.name().to_owned(),
            rounds: 0,
            seconds: 0.0,
            stolen_percent: 0.0,
            failed: None,
            rows: Vec::new(),
        }
    }

    pub(crate) fn title(&self) -> String {
        format!("{} ({})", self.case, self.tool)
    }

    pub(crate) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    pub(crate) fn add(&mut self, case: &Case, brand: Brand, value: &Value) {
        let row = self.row_of(case, value);
        match brand {
            Brand::Klamm => {
                row.klamm.push(value.value);
                row.raw.extend(value.alone);
            }
            Brand::Kafka => row.kafka.push(value.value),
        }
    }

    pub(crate) fn add_raw(&mut self, case: &Case, value: &Value) {
        self.row_of(case, value).raw.push(value.value);
    }

    fn row_of(&mut self, case: &Case, value: &Value) -> &mut Row {
        let at = self.rows.iter().position(|row| row.name == value.name);
        let at = at.unwrap_or(self.rows.len());
        if at == self.rows.len() {
            let target = case.targets.iter().find(|t| t.value == value.name);
            self.rows.push(Row {
                name: value.name.to_owned(),
                unit: value.unit.to_owned(),
                to_kafka: target.and_then(|t| t.to_kafka),
                to_raw: target.and_then(|t| t.to_raw),
                ..Row::default()
            });
        }
        &mut self.rows[at]
    }

    /// Which side had no time left, of ours and of Kafka's: by the medians of the busy cores.
    pub(crate) fn limits(&self) -> Option<(&'static str, &'static str)> {
        let (broker, load) = (self.row("broker busy")?, self.row("load busy")?);
        let limit = |broker: &[f64], load: &[f64]| match (median(broker), median(load)) {
            (broker, load) if broker >= FULL_PERCENT && load >= FULL_PERCENT => "both",
            (broker, _) if broker >= FULL_PERCENT => "broker",
            (_, load) if load >= FULL_PERCENT => "load",
            _ => "neither",
        };
        Some((
            limit(&broker.klamm, &load.klamm),
            limit(&broker.kafka, &load.kafka),
        ))
    }
}

/// From here on a core counts as full.
const FULL_PERCENT: f64 = 90.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_785), "2026-11-28");
        assert_eq!(date(11_322), "2000-12-31");
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert!((median(&[4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_full_core_is_the_limit() {
        let row = |name: &str, klamm, kafka| Row {
            name: name.to_owned(),
            klamm: vec![klamm],
            kafka: vec![kafka],
            ..Row::default()
        };
        let mut result = Compared {
            case: String::new(),
            tool: String::new(),
            rounds: 1,
            seconds: 0.0,
            stolen_percent: 0.0,
            failed: None,
            rows: vec![row("broker busy", 40.0, 97.0)],
        };
        assert_eq!(result.limits(), None);
        result.rows.push(row("load busy", 99.0, 98.0));
        assert_eq!(result.limits(), Some(("load", "both")));
    }
}
