//! The section of a document: tables and charts, between marks.

use super::case::Bound;
use super::chart;
use super::report::{mode, score, short, shown};
use super::result::{Compared, Row, Run, median};
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;

/// Writes the section, and the charts beside the document.
pub(super) fn write(document: &Path, run: &Run) -> Result<()> {
    let name = super::mode(run.about.pinned);
    let charts = document.with_extension("").join(name);
    std::fs::create_dir_all(&charts)?;
    let mut section = section(run);
    let folder = document.file_stem().context("a document's name")?;
    for (file, svg) in chart::all(&run.cases) {
        std::fs::write(charts.join(file), svg)?;
        let title = file.trim_end_matches(".svg");
        let _ = writeln!(
            section,
            "![{title}]({}/{name}/{file})",
            folder.to_string_lossy()
        );
    }
    let text = std::fs::read_to_string(document)
        .with_context(|| format!("reading {}", document.display()))?;
    let text = replaced(&text, name, &section)
        .with_context(|| format!("{} has no marks for {name}", document.display()))?;
    Ok(std::fs::write(document, text)?)
}

/// Puts a section between the marks of this name.
fn replaced(text: &str, name: &str, section: &str) -> Option<String> {
    let (begins, ends) = (
        format!("<!-- bench compare, {name}: begin -->\n"),
        format!("<!-- bench compare, {name}: end -->"),
    );
    let (before, rest) = text.split_once(&begins)?;
    let (_, after) = rest.split_once(&ends)?;
    Some(format!("{before}{begins}\n{section}\n{ends}{after}"))
}

fn section(run: &Run) -> String {
    let about = &run.about;
    let (reached, all) = score(&run.cases);
    let mut out = format!(
        "{} on {} cores of {}, {} GiB, Linux {}; {}, {}; {}. {reached} of {all} targets are reached.\n\n",
        about.date,
        about.cores,
        about.processor,
        about.memory_gib,
        about.kernel,
        about.klamm,
        rounds(&run.cases),
        mode(about.pinned),
    );
    out.push_str(
        "| case | value | Klamm | Kafka | ratio | to reach | raw limit | ratio | to reach | full |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for result in &run.cases {
        for row in chosen(result) {
            line(&mut out, result, row);
        }
        if let Some(why) = &result.failed {
            let _ = writeln!(
                out,
                "| {} | failed: {} | | | | | | | | |",
                result.title(),
                why.replace('|', "/")
            );
        }
    }
    out.push_str("\n\"full\" is what had no time left in Klamm's and in Kafka's runs: the broker's core, the load's, both or neither.\n\n");
    out.push_str(&taken_by_the_host(&run.cases));
    out.push_str(&where_we_lose(&run.cases));
    out.push_str(&footprint(&run.cases));
    out
}

/// How often the cases were measured.
fn rounds(cases: &[Compared]) -> String {
    let counts = || cases.iter().map(|case| case.rounds);
    match (counts().min(), counts().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} rounds"),
        (_, most) => format!("{} rounds", most.unwrap_or(0)),
    }
}

/// Cases whose figures are the host's, too.
fn taken_by_the_host(cases: &[Compared]) -> String {
    let shown: Vec<String> = cases
        .iter()
        .filter(|case| case.stolen_percent >= 1.0)
        .map(|case| format!("{} {:.0} %", case.title(), case.stolen_percent))
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let shown = shown.join("; ");
    format!("The host took a part of both cores' time in: {shown}.\n\n")
}

/// Rows with a target, or the first.
fn chosen(result: &Compared) -> Vec<&Row> {
    let aimed: Vec<&Row> = result
        .rows
        .iter()
        .filter(|row| row.to_kafka.is_some() || row.to_raw.is_some())
        .collect();
    if aimed.is_empty() {
        result.rows.first().into_iter().collect()
    } else {
        aimed
    }
}

fn line(out: &mut String, result: &Compared, row: &Row) {
    let verdict = |bound: Option<Bound>, ratio: f64| match bound {
        Some(bound) if bound.holds(ratio) => format!("{bound}: yes"),
        Some(bound) => format!("{bound}: **no**"),
        None => String::new(),
    };
    let raw = if row.raw.is_empty() {
        ["–".to_owned(), String::new()]
    } else {
        [shown(&row.raw), short(row.to_raw())]
    };
    let full = result.limits().map_or_else(String::new, |(klamm, kafka)| {
        if klamm == kafka {
            klamm.to_owned()
        } else {
            format!("{klamm}; {kafka}")
        }
    });
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {full} |",
        result.title(),
        format!("{}, {}", row.name, row.unit).trim_end_matches(", "),
        shown(&row.klamm),
        shown(&row.kafka),
        short(row.to_kafka()),
        verdict(row.to_kafka, row.to_kafka()),
        raw[0],
        raw[1],
        verdict(row.to_raw, row.to_raw()),
    );
}

/// By so much a figure must be the worse one before it is more than noise.
const AHEAD: f64 = 1.05;

/// Where Kafka's figure is the better one.
fn where_we_lose(results: &[Compared]) -> String {
    let mut lines = Vec::new();
    for result in results {
        let both = |row: &&Row| !row.klamm.is_empty() && !row.kafka.is_empty();
        for row in result.rows.iter().filter(both) {
            let ratio = row.to_kafka();
            let worse = if matches!(row.unit.as_str(), "MB/s" | "requests/s") {
                1.0 / ratio
            } else {
                ratio
            };
            // Parts of a sum, and who worked, are no merit.
            let is_detail = matches!(row.name.as_str(), "CPU user" | "CPU system")
                || row.name.ends_with("busy");
            if worse > AHEAD && !is_detail {
                lines.push(format!(
                    "- {}: {} {} {} instead of {}",
                    result.title(),
                    row.name,
                    short(median(&row.klamm)),
                    row.unit,
                    short(median(&row.kafka)),
                ));
            }
        }
    }
    if lines.is_empty() {
        return "Kafka is ahead in no value of this run.\n\n".to_owned();
    }
    format!(
        "Kafka is ahead by a twentieth or more in:\n\n{}\n\n",
        lines.join("\n")
    )
}

/// The most that the processes held over all cases.
fn footprint(results: &[Compared]) -> String {
    let mut out = String::from("| the most in any case | Klamm | Kafka |\n|---|---|---|\n");
    for (name, shown) in [
        ("peak memory", "memory, MiB"),
        ("threads", "threads"),
        ("open files", "open files"),
        ("to disk", "bytes to disk a byte produced"),
    ] {
        let most = |values: fn(&Row) -> &Vec<f64>| {
            let rows = results.iter().filter_map(|result| result.row(name));
            rows.map(|row| median(values(row))).fold(0.0, f64::max)
        };
        let _ = writeln!(
            out,
            "| {shown} | {} | {} |",
            short(most(|row| &row.klamm)),
            short(most(|row| &row.kafka)),
        );
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = "a\n<!-- bench compare, pinned: begin -->\nold\n<!-- bench compare, pinned: end -->\nb\n";
        let new = replaced(text, "pinned", "new\n").unwrap();
        assert!(
            new.starts_with("a\n") && new.ends_with("end -->\nb\n"),
            "{new}"
        );
        assert!(new.contains("\nnew\n") && !new.contains("old"), "{new}");
        assert_eq!(replaced(&new, "pinned", "new\n").unwrap(), new);
        assert_eq!(replaced(text, "unpinned", "new\n"), None);
    }

    #[test]
    fn it_says_where_kafka_is_ahead() {
        let row = |name: &str, unit: &str, klamm, kafka| Row {
            name: name.to_owned(),
            unit: unit.to_owned(),
            klamm: vec![klamm],
            kafka: vec![kafka],
            ..Row::default()
        };
        let result = Compared {
            case: "c".to_owned(),
            tool: "prepared".to_owned(),
            rounds: 1,
            seconds: 1.0,
            stolen_percent: 0.0,
            failed: None,
            rows: vec![
                row("CPU", "s/GB", 1.0, 2.0),
                row("rate", "MB/s", 1.0, 2.0),
                row("p99", "ms", 3.0, 2.0),
                row("max", "ms", 2.01, 2.0),
                row("load busy", "%", 99.0, 20.0),
            ],
        };
        let text = where_we_lose(&[result]);
        assert_eq!(text.matches("- c (prepared)").count(), 2, "{text}");
        assert!(text.contains("p99 3.00 ms instead of 2.00"), "{text}");
    }

    #[test]
    fn it_says_how_often_and_what_the_host_took() {
        let case = |rounds, stolen_percent| Compared {
            case: format!("c{rounds}"),
            tool: "prepared".to_owned(),
            rounds,
            seconds: 1.0,
            stolen_percent,
            failed: None,
            rows: Vec::new(),
        };
        let cases = [case(5, 0.9), case(3, 12.4)];
        assert_eq!(rounds(&cases), "3 to 5 rounds");
        assert_eq!(rounds(&cases[..1]), "5 rounds");
        assert_eq!(taken_by_the_host(&cases[..1]), "");
        let text = taken_by_the_host(&cases);
        assert!(text.contains(": c3 (prepared) 12 %."), "{text}");
    }
}
