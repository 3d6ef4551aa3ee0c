//! The checker checked: a folder of hand-made histories, one bad thing each, and good ones that look alike.

use crate::history::{each_line, each_read};
use crate::report::Class;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/klamm-history/tests");
    let entries = std::fs::read_dir(folder.join(name)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn classes(files: &[PathBuf]) -> Vec<Class> {
    let judged = crate::judge(files);
    let (report, _) = judged.unwrap_or_else(|why| panic!("{files:?}: {why:#}"));
    report.classes()
}

/// What a bad history is named after: NAME.jsonl, or NAME.VARIANT.jsonl.
fn wanted(file: &Path) -> String {
    let name = file.file_name().unwrap().to_string_lossy();
    name.split('.').next().unwrap().to_owned()
}

#[test]
fn every_bad_history_is_blamed_for_what_it_is_named_after_and_nothing_else() {
    for file in folder("bad") {
        let wanted = wanted(&file);
        let found = classes(std::slice::from_ref(&file));
        let found: Vec<String> = found.into_iter().map(Class::name).collect();
        assert_eq!(found, [wanted], "{}", file.display());
    }
}

#[test]
fn every_class_has_a_bad_history() {
    let found: BTreeSet<Class> = folder("bad")
        .iter()
        .flat_map(|file| classes(std::slice::from_ref(file)))
        .collect();
    assert_eq!(found, BTreeSet::from(Class::ALL));
}

#[test]
fn good_histories_are_not_blamed() {
    for file in folder("good") {
        assert_eq!(
            classes(std::slice::from_ref(&file)),
            [],
            "{}",
            file.display()
        );
    }
}

/// Each process has a file of its own, and the last reading may come before or after the others.
#[test]
fn a_history_means_the_same_in_many_files_in_whatever_order() {
    let all = [folder("bad"), folder("good")].concat();
    for file in all {
        let whole: BTreeSet<Class> = classes(std::slice::from_ref(&file)).into_iter().collect();
        let mut by_proc: BTreeMap<String, String> = BTreeMap::new();
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let (_, proc) = line.split_once("\"proc\":\"").unwrap();
            let proc = proc.split('"').next().unwrap().to_owned();
            let text = by_proc.entry(proc).or_default();
            text.push_str(line);
            text.push('\n');
        }
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (proc, text) in by_proc {
            let path = folder.path().join(proc);
            std::fs::write(&path, text).unwrap();
            files.push(path);
        }
        for _ in 0..files.len() {
            files.rotate_left(1);
            let found: BTreeSet<Class> = classes(&files).into_iter().collect();
            assert_eq!(found, whole, "{} as {files:?}", file.display());
        }
    }
}

#[test]
fn a_last_line_that_was_cut_is_ignored() {
    let whole = r#"{"t0":1,"t1":2,"proc":"n","op":"nemesis","what":"kill"}"#;
    let count = |text: String| {
        let mut count = 0;
        let read = each_line(text.as_bytes(), |_| {
            count += 1;
            Ok(())
        });
        read.map(|()| count)
    };
    assert_eq!(count(format!("{whole}\n{}", &whole[..20])).unwrap(), 1);
    assert_eq!(count(format!("// a note\n\n{whole}\n")).unwrap(), 1);
    assert!(count("{}\n".to_owned()).is_err());
    assert!(count(format!("{}\n", whole.replace("nemesis", "nothing"))).is_err());
    assert!(count(format!("{}\n", whole.replace("nemesis", "begin"))).is_err());
}

#[test]
fn text_with_escapes_is_text() {
    let line = r#"{"t0":1,"t1":2,"proc":"r","op":"poll","isolation":"committed","generation":1,"records":[["a-0",7,"x\ny"]]}"#;
    let mut seen = Vec::new();
    let read = each_line(format!("{line}\n").as_bytes(), |line| {
        let crate::history::Op::Poll { records, .. } = &line.op else {
            panic!("{line:?}");
        };
        each_read(records, |(key, offset, value)| {
            seen.push((key.to_string(), offset, value.to_string()));
        })
    });
    read.unwrap();
    assert_eq!(seen, [("a-0".to_owned(), 7, "x\ny".to_owned())]);
}
