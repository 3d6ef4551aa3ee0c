//! The checker checked: a folder of hand-made histories, one bad thing each, and good ones that look alike.

use crate::checks::judge;
use crate::history::History;
use crate::index::Index;
use crate::report::Class;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/klamm-history/tests");
    let entries = std::fs::read_dir(folder.join(name)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn classes(file: &Path) -> Vec<Class> {
    let mut history = History::default();
    let text = std::fs::read_to_string(file).unwrap();
    history
        .add(&text)
        .unwrap_or_else(|why| panic!("{}: {why:#}", file.display()));
    judge(&history, &Index::new(&history)).classes()
}

#[test]
fn every_bad_history_is_blamed_for_what_it_is_named_after_and_nothing_else() {
    for file in folder("bad") {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // NAME.jsonl, or NAME.VARIANT.jsonl.
        let wanted = name.split('.').next().unwrap();
        let found: Vec<String> = classes(&file).into_iter().map(Class::name).collect();
        assert_eq!(found, [wanted], "{name}");
    }
}

#[test]
fn every_class_has_a_bad_history() {
    let found: BTreeSet<Class> = folder("bad")
        .iter()
        .flat_map(|file| classes(file))
        .collect();
    assert_eq!(found, BTreeSet::from(Class::ALL));
}

#[test]
fn good_histories_are_not_blamed() {
    for file in folder("good") {
        assert_eq!(classes(&file), [], "{}", file.display());
    }
}

#[test]
fn a_last_line_that_was_cut_is_ignored() {
    let mut history = History::default();
    let whole = r#"{"t0":1,"t1":2,"proc":"n","op":"nemesis","what":"kill"}"#;
    history.add(&format!("{whole}\n{}", &whole[..20])).unwrap();
    assert_eq!(history.lines.len(), 1);
    assert!(history.add("{}\n").is_err());
}
