//! Charts as SVG.

use super::report::{short, shown};
use super::result::{Compared, Row};
use std::fmt::Write as _;

const BAR_PX: f64 = 22.0;
const LEFT_PX: f64 = 430.0;
const WIDE_PX: f64 = 1040.0;
/// Behind the longest bar, for the figures.
const TEXT_PX: f64 = 190.0;

/// Longer bars are cut.
const RATIO_MAX: f64 = 1.1;

/// Name of the file, and its content.
pub(super) fn all(results: &[Compared]) -> Vec<(&'static str, String)> {
    let leading = results
        .iter()
        .filter_map(|result| Some((result, result.rows.first()?)));
    let leading: Vec<_> = leading.filter(|(_, row)| is_cost(row)).collect();
    let each = |name: &str| -> Vec<_> {
        let rows = results
            .iter()
            .filter_map(|result| Some((result, result.row(name)?)));
        rows.filter(|(_, row)| !row.kafka.is_empty()).collect()
    };
    vec![
        (
            "ratios.svg",
            ratios(
                "Klamm to Apache Kafka 4.3.1 = 1, the shorter the better",
                &leading,
            ),
        ),
        (
            "latency.svg",
            ratios(
                "p99 of Klamm to Apache Kafka 4.3.1 = 1, the shorter the better",
                &each("p99"),
            ),
        ),
        ("raw.svg", raw(results)),
    ]
}

fn is_cost(row: &Row) -> bool {
    !row.kafka.is_empty() && row.unit != "MB/s" && row.unit != "requests/s"
}

fn begin(title: &str, bars: usize) -> String {
    let high = bars as f64 * BAR_PX + 56.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDE_PX} {high}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{}\" y=\"18\" text-anchor=\"middle\" font-size=\"14\">{}</text>\n",
        WIDE_PX / 2.0,
        escaped(title),
    )
}

fn end(out: &mut String, bars: usize, one_px: f64) {
    let _ = writeln!(
        out,
        "<line x1=\"{one_px}\" y1=\"26\" x2=\"{one_px}\" y2=\"{}\" stroke=\"#c33\"/>\
         <text x=\"{one_px}\" y=\"{}\" text-anchor=\"middle\" fill=\"#c33\">1</text>\n</svg>",
        bars as f64 * BAR_PX + 34.0,
        bars as f64 * BAR_PX + 48.0,
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// One bar a value: Kafka is 1. A grey mark shows the target.
fn ratios(title: &str, rows: &[(&Compared, &Row)]) -> String {
    let mut out = begin(title, rows.len());
    let unit_px = (WIDE_PX - LEFT_PX - TEXT_PX) / RATIO_MAX;
    for (i, (result, row)) in rows.iter().enumerate() {
        let ratio = row.to_kafka();
        let label = format!("{}: {}", result.title(), row.name);
        let values = format!(
            "{} / {} {}",
            shown_short(&row.klamm),
            shown_short(&row.kafka),
            row.unit
        );
        bar(
            &mut out,
            i,
            &label,
            (ratio, unit_px),
            &format!("{} ({values})", short(ratio)),
        );
        if let Some(super::case::Bound::AtMost(most)) = row.to_kafka {
            let (x, top) = (LEFT_PX + most * unit_px, i as f64 * BAR_PX + 30.0);
            let _ = writeln!(
                out,
                "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"#555\" stroke-width=\"2\"/>",
                top + BAR_PX - 4.0,
            );
        }
    }
    end(&mut out, rows.len(), LEFT_PX + unit_px);
    out
}

fn shown_short(values: &[f64]) -> String {
    let text = shown(values);
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// One bar a value that has a raw loop, which is 1.
fn raw(results: &[Compared]) -> String {
    let rows: Vec<(&Compared, &Row)> = results
        .iter()
        .flat_map(|result| result.rows.iter().map(move |row| (result, row)))
        .filter(|(_, row)| row.to_raw.is_some() && !row.raw.is_empty())
        .collect();
    let mut out = begin("Klamm to the raw limit = 1", rows.len());
    let unit_px = (WIDE_PX - LEFT_PX - TEXT_PX) / 3.0;
    for (i, (result, row)) in rows.iter().enumerate() {
        let label = format!("{}: {}", result.title(), row.name);
        bar(
            &mut out,
            i,
            &label,
            (row.to_raw(), unit_px),
            &short(row.to_raw()),
        );
    }
    end(&mut out, rows.len(), LEFT_PX + unit_px);
    out
}

fn bar(out: &mut String, i: usize, label: &str, (ratio, unit_px): (f64, f64), text: &str) {
    let top = i as f64 * BAR_PX + 30.0;
    let most = (WIDE_PX - LEFT_PX - TEXT_PX) / unit_px;
    // A bar without a value is drawn as none.
    let wide = if ratio.is_finite() {
        (ratio.min(most) * unit_px).max(1.0)
    } else {
        0.0
    };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
         <rect x=\"{LEFT_PX}\" y=\"{top}\" width=\"{wide:.1}\" height=\"{}\" fill=\"#3a7\"/>\
         <text x=\"{:.1}\" y=\"{}\">{}</text>",
        LEFT_PX - 8.0,
        top + 14.0,
        escaped(label),
        BAR_PX - 4.0,
        LEFT_PX + wide + 5.0,
        top + 14.0,
        escaped(text),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_bear_their_ratios() {
        let row = Row {
            name: "CPU".to_owned(),
            unit: "s/GB".to_owned(),
            klamm: vec![1.0],
            kafka: vec![4.0],
            ..Row::default()
        };
        let result = Compared {
            case: "a < b".to_owned(),
            tool: "prepared".to_owned(),
            rounds: 1,
            seconds: 1.0,
            stolen_percent: 0.0,
            failed: None,
            rows: vec![row],
        };
        let charts = all(&[result]);
        let (_, ratios) = charts
            .iter()
            .find(|(name, _)| *name == "ratios.svg")
            .unwrap();
        assert!(ratios.contains("0.250 (1.00 / 4.00 s/GB)"), "{ratios}");
        assert!(ratios.contains("a &lt; b (prepared): CPU"), "{ratios}");
    }
}
