//! Medians, spread and ratios, as text.

use super::result::{Compared, Row, Run, median};
use std::fmt::Write as _;

/// A median with so many digits as it needs.
pub(super) fn short(value: f64) -> String {
    let digits = match value.abs() {
        m if m >= 100.0 => 0,
        m if m >= 10.0 => 1,
        m if m >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

/// Median, and the range of all rounds.
pub(super) fn shown(values: &[f64]) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = short(median(values));
    if values.len() == 1 {
        return middle;
    }
    format!("{middle} ({}–{})", short(low), short(high))
}

impl Row {
    /// Whether each of its targets is reached.
    pub(super) fn verdicts(&self) -> Vec<String> {
        let to_kafka = self.to_kafka.map(|bound| (bound, self.to_kafka()));
        let to_raw = self.to_raw.map(|bound| (bound, self.to_raw()));
        [to_kafka, to_raw]
            .into_iter()
            .flatten()
            .map(|(bound, ratio)| match bound.holds(ratio) {
                true => format!("{bound}: reached"),
                false => format!("{bound}: not reached"),
            })
            .collect()
    }
}

/// Everything that a run found.
pub(super) fn tables(run: &Run) -> String {
    let about = &run.about;
    let mut out = format!(
        "{}, {} on {} cores of {}, {} GiB, Linux {}; {}\nmedian (lowest–highest) of up to {} rounds; ratio: Klamm to Kafka\n",
        about.date,
        about.klamm,
        about.cores,
        about.processor,
        about.memory_gib,
        about.kernel,
        mode(about.pinned),
        about.rounds,
    );
    for result in &run.cases {
        out.push_str(&table(result));
    }
    let (reached, all) = score(&run.cases);
    let _ = writeln!(out, "\n{reached} of {all} targets reached");
    out
}

pub(super) const fn mode(pinned: bool) -> &'static str {
    if pinned {
        "broker on one core, load on another"
    } else {
        "the kernel places broker and load"
    }
}

/// Targets that are reached, of all.
pub(super) fn score(results: &[Compared]) -> (usize, usize) {
    let rows = results.iter().flat_map(|result| &result.rows);
    let verdicts: Vec<String> = rows.flat_map(Row::verdicts).collect();
    let reached = verdicts.iter().filter(|v| v.ends_with(": reached"));
    (reached.count(), verdicts.len())
}

/// The rows of one case.
fn table(result: &Compared) -> String {
    let mut out = format!(
        "\n{}, {} rounds in {:.0} s\n",
        result.title(),
        result.rounds,
        result.seconds
    );
    if let Some(why) = &result.failed {
        let _ = writeln!(out, "  failed: {why}");
    }
    for row in &result.rows {
        let raw = if row.raw.is_empty() {
            String::new()
        } else {
            format!("raw {}, ratio {:.2}", shown(&row.raw), row.to_raw())
        };
        let line = format!(
            "  {:<32} {:>24} {:>24} {:>8.3}  {:<36} {raw}",
            format!("{}, {}", row.name, row.unit).trim_end_matches(", "),
            shown(&row.klamm),
            shown(&row.kafka),
            row.to_kafka(),
            row.verdicts().join("; "),
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if let Some((klamm, kafka)) = result.limits() {
        let _ = writeln!(out, "  limit: {klamm} (Klamm), {kafka} (Kafka)");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::case::Bound;

    #[test]
    fn a_row_shows_medians_and_says_whether_its_targets_are_reached() {
        let row = Row {
            name: "CPU".to_owned(),
            unit: "s/GB".to_owned(),
            klamm: vec![9.0, 1.0, 2.0],
            kafka: vec![4.0, 4.0, 4.0],
            raw: vec![1.0, 1.0, 1.0],
            to_kafka: Some(Bound::AtMost(0.5)),
            to_raw: Some(Bound::AtMost(1.25)),
        };
        assert!((row.to_kafka() - 0.5).abs() < 1e-9);
        let result = Compared {
            case: "c".to_owned(),
            tool: "prepared".to_owned(),
            rounds: 3,
            seconds: 1.0,
            stolen_percent: 0.0,
            failed: Some("why".to_owned()),
            rows: vec![row],
        };
        let text = table(&result);
        assert!(text.contains("2.00 (1.00–9.00)"), "{text}");
        assert!(
            text.contains("≤ 0.5: reached; ≤ 1.25: not reached"),
            "{text}"
        );
        assert!(text.contains("failed: why"), "{text}");
        assert_eq!(score(&[result]), (1, 2));
    }
}
