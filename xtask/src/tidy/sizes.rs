//! A file has at most 600 lines and a function at most 70 lines of code, tests and generated code aside.
//!
//! What is larger stands in `xtask/tidy-exceptions.txt` with its size. The number must equal what is measured, so it
//! follows every shrinking and shows every growth in a diff; a line that is no longer needed must go.

use super::source::{bare, tests_begin_at};
use super::{Complaint, Tree, complain, is_generated, is_test};
use std::collections::BTreeMap;

const EXCEPTIONS: &str = "xtask/tidy-exceptions.txt";
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    let mut oversized = BTreeMap::new();
    for (path, text) in tree.texts(".rs") {
        if is_test(path) || is_generated(text) {
            continue;
        }
        measure(path, text, &mut oversized);
    }
    let mut allowed = exceptions(tree, out);
    for (name, (line, size)) in oversized {
        let path = name.split("::").next().unwrap_or(&name).to_owned();
        match allowed.remove(&name) {
            None => complain(
                out,
                &path,
                line,
                format!("{name} has {size} lines; split it"),
            ),
            Some((_, bound)) if size > bound => {
                complain(
                    out,
                    &path,
                    line,
                    format!("{name} grew from {bound} to {size} lines"),
                );
            }
            Some((at, bound)) if size < bound => {
                let what = format!("{name} shrank to {size} lines: lower {bound} to {size}");
                complain(out, EXCEPTIONS, at, what);
            }
            Some(_) => {}
        }
    }
    for (name, (at, _)) in allowed {
        complain(
            out,
            EXCEPTIONS,
            at,
            format!("{name} needs no exception any more"),
        );
    }
}

type Measured = BTreeMap<String, (usize, usize)>;

fn measure(path: &str, text: &str, oversized: &mut Measured) {
    let bare_text = bare(text);
    let end = tests_begin_at(&bare_text);
    if end > FILE_LINES_MAX {
        oversized.insert(path.to_owned(), (0, end));
    }
    for function in functions(&bare_text) {
        if function.line <= end && function.size > FUNCTION_LINES_MAX {
            let name = format!("{path}::{}", function.name);
            oversized.insert(name, (function.line, function.size));
        }
    }
}

struct Function {
    name: String,
    /// Where it stands, counted from 1.
    line: usize,
    /// Lines of its body that hold code.
    size: usize,
}

/// The functions of a bare source. A nested function counts for itself and for the one around it.
fn functions(bare_text: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in bare_text.match_indices("fn ") {
        let before = bare_text.get(..at).unwrap_or_default();
        if before
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
        {
            continue;
        }
        let rest = bare_text.get(at + 3..).unwrap_or_default();
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if name.is_empty() {
            continue;
        }
        if let Some(body) = body_of(rest) {
            let size = body.lines().filter(|line| !line.trim().is_empty()).count();
            // The lines of the two braces are not lines of the body.
            let size = size.saturating_sub(2);
            found.push(Function { name, line: before.matches('\n').count() + 1, size });
        }
    }
    found
}

/// From the opening brace of a function to its closing one; none for a function without a body.
fn body_of(signature: &str) -> Option<&str> {
    let mut brackets = 0_i32;
    let mut start = None;
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if brackets == 0 => return None,
            '{' if brackets == 0 => {
                start = Some(at);
                break;
            }
            _ => {}
        }
    }
    let body = signature.get(start?..)?;
    let mut depth = 0_i32;
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return body.get(..=at);
        }
    }
    None
}

fn exceptions(tree: &Tree, out: &mut Vec<Complaint>) -> Measured {
    let mut allowed = BTreeMap::new();
    for (at, line) in tree
        .text(EXCEPTIONS)
        .unwrap_or_default()
        .lines()
        .enumerate()
    {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line
            .split_once(' ')
            .map(|(name, size)| (name, size.trim().parse()))
        {
            Some((name, Ok(size))) => {
                allowed.insert(name.to_owned(), (at + 1, size));
            }
            _ => complain(out, EXCEPTIONS, at + 1, "write: NAME SIZE"),
        }
    }
    allowed
}
