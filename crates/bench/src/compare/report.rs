//! Medians, spread and ratios.

use super::{Compared, Row};
use std::fmt::Write as _;

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Row {
    /// Our median divided by Kafka's.
    pub(crate) fn ratio(&self) -> f64 {
        median(&self.klamm) / median(&self.kafka)
    }
}

fn shown(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = median(values);
    let digits = match middle.abs() {
        m if m >= 100.0 => 0,
        m if m >= 10.0 => 1,
        m if m >= 1.0 => 2,
        _ => 3,
    };
    format!("{middle:.digits$} ({low:.digits$}–{high:.digits$})")
}

/// The rows of one case.
pub(crate) fn table(result: &Compared) -> String {
    let mut out = format!("\n{}\n", result.case);
    for row in &result.rows {
        let ratio = row.ratio();
        let verdict = match row.target {
            Some(target) if ratio <= target => format!("≤ {target}: reached"),
            Some(target) => format!("≤ {target}: not reached"),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "  {:<22} {:>28} {:>28}  {ratio:>7.3}  {verdict}",
            format!("{}, {}", row.name, row.unit),
            shown(&row.klamm),
            shown(&row.kafka),
        );
    }
    out
}

const BAR_PX: f64 = 26.0;
const LEFT_PX: f64 = 380.0;
const WIDE_PX: f64 = 900.0;

/// One bar a case, for its first value: Kafka is 1, the shorter the better.
pub(crate) fn chart(results: &[Compared]) -> String {
    let high = results.len() as f64 * BAR_PX + 40.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE_PX} {high}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let unit = WIDE_PX - LEFT_PX - 60.0;
    for (i, result) in results.iter().enumerate() {
        let Some(row) = result.rows.first() else {
            continue;
        };
        let (top, ratio) = (i as f64 * BAR_PX + 8.0, row.ratio());
        let wide = (ratio.min(1.1) * unit).max(1.0);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}: {}</text>\
             <rect x=\"{LEFT_PX}\" y=\"{top}\" width=\"{wide:.1}\" height=\"{}\" fill=\"#3a7\"/>\
             <text x=\"{:.1}\" y=\"{}\">{ratio:.2}</text>",
            LEFT_PX - 8.0,
            top + 14.0,
            result.case,
            row.name,
            BAR_PX - 6.0,
            LEFT_PX + wide + 4.0,
            top + 14.0,
        );
    }
    let one = LEFT_PX + unit;
    let _ = writeln!(
        out,
        "<line x1=\"{one}\" y1=\"0\" x2=\"{one}\" y2=\"{}\" stroke=\"#c33\"/>\
         <text x=\"{one}\" y=\"{}\" text-anchor=\"middle\" fill=\"#c33\">Apache Kafka 4.3.1 = 1</text>\n</svg>",
        high - 24.0,
        high - 8.0,
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_medians_and_says_whether_its_target_is_reached() {
        let row = |target| Row {
            name: "CPU",
            unit: "s/GB",
            klamm: vec![9.0, 1.0, 2.0],
            kafka: vec![4.0, 4.0, 4.0],
            target,
        };
        assert!((row(None).ratio() - 0.5).abs() < 1e-9);
        let table = table(&Compared { case: "c", rows: vec![row(Some(0.5)), row(Some(0.4))] });
        assert!(table.contains("2.00 (1.00–9.00)"), "{table}");
        assert!(table.contains("≤ 0.5: reached") && table.contains("≤ 0.4: not reached"));
        assert!(chart(&[Compared { case: "c", rows: vec![row(None)] }]).contains("0.50"));
    }
}
