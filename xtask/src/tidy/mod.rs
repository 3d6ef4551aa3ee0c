//! The rules of the house that no other tool knows.
//!
//! Every rule is a plain function over a [`Tree`] of files, so that its tests plant a violation and look for the
//! complaint. Rules never fix: what they find is for a person to decide.

mod dependencies;
mod layers;
mod links;
mod names;
mod sizes;
mod source;
mod words;

#[cfg(test)]
mod tests;

use crate::shell;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt;
use std::process::{Command, ExitCode};

/// The files that Git tracks or would track, by path from the root with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<u8>>,
}

/// One broken rule in one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    path: String,
    /// Counted from 1; 0 when the whole file is meant.
    line: usize,
    what: String,
}

type Rule = fn(&Tree, &mut Vec<Complaint>);

const RULES: [Rule; 6] = [
    layers::check,
    dependencies::check,
    sizes::check,
    names::check,
    words::check,
    links::check,
];

impl Tree {
    /// Reads the working tree: tracked files, and new ones that are not ignored.
    fn of_repository() -> Result<Self> {
        let mut list = Command::new("git");
        list.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let mut files = BTreeMap::new();
        for path in shell::output(&mut list)?
            .split('\0')
            .filter(|path| !path.is_empty())
        {
            // A tracked file that was deleted and not yet committed is gone, not broken.
            if let Ok(content) = std::fs::read(path) {
                files.insert(path.to_owned(), content);
            }
        }
        anyhow::ensure!(!files.is_empty(), "git lists no files here");
        Ok(Self { files })
    }

    /// All paths with their bytes.
    fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// All files of one ending that hold text.
    fn texts<'tree>(
        &'tree self,
        ending: &'tree str,
    ) -> impl Iterator<Item = (&'tree str, &'tree str)> {
        self.files()
            .filter(move |(path, _)| path.ends_with(ending))
            .filter_map(|(path, content)| Some((path, std::str::from_utf8(content).ok()?)))
    }

    fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// True for a file, and for a folder that holds one.
    fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|(p, _)| p.starts_with(&folder))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Checks everything, prints the complaints; true when there are none.
pub(crate) fn report() -> Result<bool> {
    let tree = Tree::of_repository()?;
    let complaints = check(&tree);
    for complaint in &complaints {
        shell::say(&format!("tidy: {complaint}"));
    }
    shell::say(&format!(
        "tidy: {} files, {} complaints",
        tree.files.len(),
        complaints.len()
    ));
    Ok(complaints.is_empty())
}

/// The verb: complaints on stdout, failure as the exit code.
pub(crate) fn run() -> Result<ExitCode> {
    Ok(if report()? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for rule in RULES {
        rule(tree, &mut complaints);
    }
    complaints
}

fn complain(out: &mut Vec<Complaint>, path: &str, line: usize, what: impl Into<String>) {
    out.push(Complaint { path: path.to_owned(), line, what: what.into() });
}

/// True for a file that only tests use: sizes do not bind it.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests")
}

/// True for a file that a program wrote: its second to fifth line says so.
fn is_generated(text: &str) -> bool {
    text.lines()
        .take(6)
        .any(|line| line.contains(concat!("@", "generated")))
}
