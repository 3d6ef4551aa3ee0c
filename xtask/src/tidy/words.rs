//! What stands in a file: its opening sentence, and words that may not stand there.

use super::source::{bare, has_word};
use super::{Complaint, Tree, complain};

/// Marks of unfinished work. Written in two halves, so that this file passes its own rule.
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

const WORDED: [&str; 10] = [
    ".rs", ".md", ".toml", ".py", ".go", ".java", ".mjs", ".sh", ".txt", ".ci/run",
];

/// The only room whose code may be unsafe.
const UNSAFE_ROOM: &str = "crates/host/";

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    for (path, text) in tree.texts(".rs") {
        check_opening(path, text, out);
        if !path.starts_with(UNSAFE_ROOM) {
            check_unsafe(path, text, out);
        }
    }
    for ending in WORDED {
        for (path, text) in tree.texts(ending) {
            check_words(path, text, out);
        }
    }
}

fn check_opening(path: &str, text: &str, out: &mut Vec<Complaint>) {
    let paragraph: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let opening = paragraph.join(" ");
    if opening.is_empty() {
        complain(
            out,
            path,
            1,
            "open the file with `//!` and one sentence about its job",
        );
    } else if !opening.ends_with(['.', '!', '?', ':']) || opening.split(' ').count() < 2 {
        complain(out, path, 1, "the first paragraph must be a sentence");
    }
}

fn check_unsafe(path: &str, text: &str, out: &mut Vec<Complaint>) {
    for (at, line) in bare(text).lines().enumerate() {
        if has_word(line, "unsafe") {
            complain(out, path, at + 1, "unsafe code lives in crates/host only");
        }
    }
}

fn check_words(path: &str, text: &str, out: &mut Vec<Complaint>) {
    for (at, line) in text.lines().enumerate() {
        for word in UNFINISHED {
            if has_word(line, word) {
                complain(
                    out,
                    path,
                    at + 1,
                    format!("{word}: finish it, or open an issue"),
                );
            }
        }
        for start in MACHINE_PATHS {
            if has_path(line, start) {
                complain(
                    out,
                    path,
                    at + 1,
                    format!("{start}… exists on one machine only"),
                );
            }
        }
    }
}

/// True when `line` names a path that begins with `start`, not one that merely contains it.
fn has_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line.get(..at).and_then(|part| part.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-*}~".contains(c))
    })
}
