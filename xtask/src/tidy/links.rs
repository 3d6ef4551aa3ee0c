//! Links in Markdown lead somewhere: to a file or folder of the repository, and to a heading that exists.
//!
//! Links to other hosts are not followed: no network decides whether the repository is tidy.

use super::{Complaint, Tree, complain};

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    for (path, text) in tree.texts(".md") {
        for (line, target) in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() {
                path.to_owned()
            } else {
                joined(path, file)
            };
            if !tree.holds(&file) {
                complain(
                    out,
                    path,
                    line,
                    format!("the link to {target} leads nowhere"),
                );
            } else if !heading.is_empty() && !has_heading(tree.text(&file), heading) {
                complain(out, path, line, format!("{file} has no heading #{heading}"));
            }
        }
    }
}

/// Targets of `[text](target)` with their lines, outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in prose(text) {
        let mut rest = line.as_str();
        while let Some(start) = rest.find("](") {
            rest = rest.get(start + 2..).unwrap_or_default();
            let Some(end) = rest.find(')') else { break };
            let target = rest.get(..end).unwrap_or_default();
            let target = target.split_whitespace().next().unwrap_or_default();
            found.push((at, target.to_owned()));
        }
    }
    found
}

/// Lines that are not in a fence, without their `code`.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.push((at + 1, line.split('`').step_by(2).collect()));
        }
    }
    found
}

/// `target` as seen from the folder of `path`.
fn joined(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn has_heading(text: Option<&str>, wanted: &str) -> bool {
    let mut fenced = false;
    text.unwrap_or_default().lines().any(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#') && anchor(line) == wanted
    })
}

/// The anchor that Markdown viewers give a heading: lower case, spaces to dashes, punctuation dropped.
fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim();
    title
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}
