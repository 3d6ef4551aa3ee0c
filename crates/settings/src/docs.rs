//! `docs/config.md`, made from the table.

use crate::row::{Row, Support, Update};
use crate::table::{self, deviations::DEVIATIONS};
use crate::topic_config::synonyms_of;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Settings

<!-- Made from crates/settings by `cargo xtask codegen`. Change the table there, not this file. -->

Names, defaults and ranges are those of Apache Kafka 4.3, so a `server.properties` of Kafka loads as it is. Names that
Klamm does not know are ignored with a warning that names the nearest known one; a known name with a value out of its
range stops the start. Settings that begin with `klamm.` are ours.

*Update* says when a setting may change: `read-only` at the start, `per broker` at run time on one broker,
`cluster-wide` at run time on one or all. *State* is empty if a setting works, `no effect` if it is accepted only so
that files of Kafka load, `later` if the part of Klamm that it belongs to is not built yet.
";

/// The whole document.
#[must_use]
pub fn markdown() -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("\n## Where the default is not Kafka's\n\n| Setting | Kafka | Klamm | Why |\n|---|---|---|---|\n");
    for deviation in DEVIATIONS {
        let ours = table::BROKER
            .get(deviation.name)
            .and_then(|row| row.default);
        let kafka = deviation.kafka.map_or("must be set".to_owned(), code);
        let ours = ours.map_or("unset".to_owned(), code);
        line(
            &mut out,
            &[&code(deviation.name), &kafka, &ours, deviation.why],
        );
    }
    out.push_str("\n# Settings of a node\n");
    for area in table::BROKER_AREAS {
        section(&mut out, area.title, area.rows);
    }
    out.push_str("\n# Settings of a topic\n\nWhat a topic does not set comes from the node's setting in the column *Node*.\n\n");
    out.push_str("| Name | Type | Default | Allowed | Node | State | What it does |\n|---|---|---|---|---|---|---|\n");
    for row in visible(table::topic::ROWS) {
        let node: Vec<String> = synonyms_of(row.name)
            .iter()
            .map(|(name, _)| code(name))
            .collect();
        line(
            &mut out,
            &[
                &code(row.name),
                row.kind.word(),
                &default(row),
                &allowed(row),
                &node.join(", "),
                state(row),
                row.doc,
            ],
        );
    }
    for (title, rows) in [
        ("Settings of a group", table::group::ROWS),
        (
            "Settings of a client telemetry subscription",
            table::client_metrics::ROWS,
        ),
    ] {
        let _ = write!(out, "\n# {title}\n");
        section(&mut out, "", rows);
    }
    out
}

fn section(out: &mut String, title: &str, rows: &[&'static Row]) {
    if !title.is_empty() {
        let _ = write!(out, "\n## {title}\n");
    }
    out.push_str("\n| Name | Type | Default | Allowed | Update | State | What it does |\n|---|---|---|---|---|---|---|\n");
    for row in visible(rows) {
        let update = match row.update {
            Update::ReadOnly | Update::Internal => "read-only",
            Update::PerBroker => "per broker",
            Update::ClusterWide => "cluster-wide",
            Update::Dynamic => "any time",
        };
        let doc = match row.support {
            Support::NoEffect(why) => format!("{} Not here: {why}.", row.doc),
            Support::NotYet(part) => format!("{} Comes with {part}.", row.doc),
            Support::Works => row.doc.to_owned(),
        };
        line(
            out,
            &[
                &code(row.name),
                row.kind.word(),
                &default(row),
                &allowed(row),
                update,
                state(row),
                &doc,
            ],
        );
    }
}

fn visible<'a>(rows: &'a [&'static Row]) -> impl Iterator<Item = &'a &'static Row> {
    rows.iter().filter(|row| !row.is_internal())
}

fn line(out: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(out, "| {} ", cell.replace('|', "\\|"));
    }
    out.push_str("|\n");
}

fn code(text: &str) -> String {
    if text.is_empty() {
        "empty".to_owned()
    } else {
        format!("`{text}`")
    }
}

fn default(row: &Row) -> String {
    match row.default {
        Some("9223372036854775807") => "unlimited".to_owned(),
        Some("2147483647") => "unlimited".to_owned(),
        Some(text) => code(text),
        None => "unset".to_owned(),
    }
}

fn allowed(row: &Row) -> String {
    use crate::row::{Kind, Range};
    match row.range {
        Range::Any if row.kind == Kind::Bool => "`true`, `false`".to_owned(),
        Range::Any => String::new(),
        Range::AtLeast(low) => format!("≥ {low}"),
        Range::Between(low, high) => format!("{low} … {high}"),
        Range::BetweenOr(low, high, other) => format!("{low} … {high}, {other}"),
        Range::Share(low, high) => format!("{low} … {high}"),
        Range::NotEmpty => "not empty".to_owned(),
        _ => row.expected(),
    }
}

const fn state(row: &Row) -> &'static str {
    match row.support {
        Support::Works => "",
        Support::NoEffect(_) => "no effect",
        Support::NotYet(_) => "later",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_a_whole_line_for_every_setting() {
        let text = markdown();
        let tables = [
            &table::BROKER,
            &table::TOPIC,
            &table::GROUP,
            &table::CLIENT_METRICS,
        ];
        for row in tables.into_iter().flat_map(|index| index.values()) {
            let start = format!("| `{}` | {} |", row.name, row.kind.word());
            let line = text.lines().find(|line| line.starts_with(&start));
            assert_eq!(line.is_none(), row.is_internal(), "{}", row.name);
            if let Some(line) = line {
                assert!(line.contains(row.doc.trim_end_matches('.')), "{line}");
                assert_eq!(line.replace("\\|", "").matches('|').count(), 8, "{line}");
            }
        }
    }

    #[test]
    fn deviations_name_both_defaults() {
        let text = markdown();
        let line = "| `offsets.topic.replication.factor` | `3` | `1` | a single node";
        assert!(text.contains(line), "{text}");
    }
}
