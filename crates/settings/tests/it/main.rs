//! The table against the code around it: a setting that is said to work is read by somebody.

use klamm_settings::{Support, broker_rows, topic_rows};
use std::fs;
use std::path::Path;

/// The sources of all crates but the table itself and tests.
fn sources(folder: &Path, out: &mut String) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && !matches!(name.as_str(), "tests" | "table" | "target" | "fixtures") {
            sources(&path, out);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            out.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
}

fn is_read(handle: &str, text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(handle).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + handle.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn a_setting_that_works_is_read_by_somebody() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    sources(&crates, &mut text);
    assert!(text.len() > 100_000, "the sources were not found");
    assert!(
        !is_read("NUM_IO_THREADS", &text),
        "a name that nobody reads is found"
    );
    let quoted = |name: &str| text.contains(&format!("\"{name}\""));
    let mut unread = Vec::new();
    for row in broker_rows().chain(topic_rows()) {
        if row.support != Support::Works {
            continue;
        }
        let handle = |name: &str| name.to_uppercase().replace(['.', '-'], "_");
        // Defaults and bounds of a group's setting are read with it.
        let of_group = row.name.strip_prefix("group.").unwrap_or_default();
        let of_group = of_group.replace(".min.", ".").replace(".max.", ".");
        let is_read_with_group = !of_group.is_empty() && is_read(&handle(&of_group), &text);
        // Defaults of topics are read through their names.
        if !is_read(&handle(row.name), &text) && !is_read_with_group && !quoted(row.name) {
            unread.push(row.name);
        }
    }
    assert_eq!(
        unread, [""; 0],
        "mark them NotYet or NoEffect in crates/settings/src/table, or read them"
    );
}
