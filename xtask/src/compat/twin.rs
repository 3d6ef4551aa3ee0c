//! Kafka's command line tools, side by side: each command of `compat/tools/commands.txt` runs on the broker under test
//! and on Apache Kafka, and both must say the same, word by word.

use super::provision::cache;
use super::report::{Report, Verdict};
use super::server::{Broker, Server};
use super::suites::SETTINGS;
use super::tool_shell::{Said, ToolShell};
use crate::shell::root;
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;

/// How often two brokers may be asked until they agree.
const TRIES: u32 = 100;

/// One line of the script.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Area(&'a str),
    File(&'a str, &'a str),
    Input(String),
    /// A verb of the shell: a member of a group, a transaction.
    Verb(Vec<&'a str>),
    Tool {
        how: How,
        words: Vec<&'a str>,
    },
}

/// How a tool's answers are compared.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct How {
    asked_again: bool,
    any_number: bool,
    any_order: bool,
    any_reason: bool,
}

/// Runs the script. On Kafka the twin is another Kafka: that shows that the comparison is fair.
pub(crate) fn run(server: &mut Server, report: &mut Report) -> Result<()> {
    let other = Server::start_with(Broker::Kafka, &cache("runs").join("twin-kafka"), SETTINGS)?;
    let mut shells = [ToolShell::start(server)?, ToolShell::start(&other)?];
    let script = std::fs::read_to_string(root().join("compat/tools/commands.txt"))?;
    let (mut area, mut number, mut input) = ("", 0, String::new());
    for line in script.lines() {
        let Some(step) = step(line).with_context(|| format!("in {line:?}"))? else {
            continue;
        };
        match step {
            Step::Area(name) => (area, number) = (name, 0),
            Step::Input(text) => input = text,
            Step::File(name, text) => {
                for shell in &shells {
                    std::fs::write(shell.folder.join(name), format!("{text}\n"))?;
                }
            }
            Step::Verb(fields) => {
                for shell in &mut shells {
                    shell.verb(&fields).with_context(|| line.to_owned())?;
                }
            }
            Step::Tool { how, words } => {
                number += 1;
                let outcome = same(&mut shells, how, &words, &std::mem::take(&mut input));
                let outcome = outcome.with_context(|| words.join(" "));
                let name = format!("{area}-{number:02}");
                report.case(&name, outcome.map(|()| Verdict::Pass));
            }
        }
    }
    Ok(())
}

/// Runs one command on both, until they agree where that may take a while.
fn same(shells: &mut [ToolShell; 2], how: How, words: &[&str], input: &str) -> Result<()> {
    let (class, arguments) = words.split_first().context("no tool")?;
    let mut tries = if how.asked_again { TRIES } else { 1 };
    loop {
        let mut answers = Vec::new();
        for shell in shells.iter_mut() {
            let said = shell.run(class, arguments, input)?;
            let mut lines = if how.any_reason {
                errors(&said)
            } else {
                normal(&said.text, shell, how)
            };
            lines.push(format!("(good: {})", said.good));
            answers.push(lines);
        }
        tries -= 1;
        match difference(&answers) {
            None => return Ok(()),
            Some(difference) if tries == 0 => bail!(difference),
            Some(_) => std::thread::park_timeout(Duration::from_millis(50)),
        }
    }
}

/// The first lines that are not the same.
fn difference(answers: &[Vec<String>]) -> Option<String> {
    let [here, kafka] = answers else { return None };
    let lines = here.len().max(kafka.len());
    let at = (0..lines).find(|&at| here.get(at) != kafka.get(at))?;
    let shown = |lines: &[String]| lines.get(at).map_or("(nothing)", String::as_str).to_owned();
    Some(format!("here: {} | Kafka: {}", shown(here), shown(kafka)))
}

/// Which of the protocol's errors a tool met: that is what a program acts on, the words are the broker's own.
fn errors(said: &Said) -> Vec<String> {
    let text = format!("{}{}", said.text, said.log);
    let mut errors: Vec<String> = text
        .split("org.apache.kafka.common.errors.")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        .map(str::to_owned)
        .collect();
    errors.sort_unstable();
    errors.dedup();
    errors
}

/// What a tool said without what differs from run to run: addresses, folders, ids that are drawn, times.
fn normal(text: &str, shell: &ToolShell, how: How) -> Vec<String> {
    let port = shell.bootstrap.rsplit(':').next().unwrap_or_default();
    let folder = shell.folder.display().to_string();
    let text = text
        .replace(&shell.bootstrap, "ADDRESS")
        .replace(&folder, "FOLDER");
    // The parts of a JSON text have no order either.
    let text = if how.any_order {
        text.replace("[{", "[\n{")
            .replace("},{", "},\n{")
            .replace("}]", "},\n]")
    } else {
        text
    };
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let words: Vec<String> = line
                .split_whitespace()
                .map(|word| plain(word, port, how))
                .collect();
            words.join(" ")
        })
        .filter(|line| !line.is_empty())
        .collect();
    if how.any_order {
        lines.sort_unstable();
    }
    lines
}

/// One word, piece by piece.
fn plain(word: &str, port: &str, how: How) -> String {
    let in_piece = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut plain = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let end = rest
            .find(|c| in_piece(c) != in_piece(first))
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        plain.push_str(&if in_piece(first) {
            drawn(piece, port)
        } else {
            piece.to_owned()
        });
        rest = after;
    }
    if how.any_number {
        numberless(&plain)
    } else {
        plain
    }
}

/// A piece that was drawn or is a time, by its kind; any other as it is.
fn drawn(piece: &str, port: &str) -> String {
    let digits = piece.bytes().all(|b| b.is_ascii_digit());
    if piece == port {
        return "PORT".to_owned();
    }
    if digits && piece.len() == 13 && piece.starts_with('1') {
        return "TIME".to_owned();
    }
    if let Some((before, _)) = uuid_at_end(piece) {
        return format!("{before}UUID");
    }
    // 16 bytes in base 64.
    let capitals = piece.bytes().filter(u8::is_ascii_uppercase).count();
    let small = piece.bytes().filter(u8::is_ascii_lowercase).count();
    if piece.len() == 22 && capitals > 1 && small > 1 {
        "ID".to_owned()
    } else {
        piece.to_owned()
    }
}

/// Splits `client-1-8b0a…` before its UUID.
fn uuid_at_end(piece: &str) -> Option<(&str, &str)> {
    let (before, uuid) = piece.split_at_checked(piece.len().checked_sub(36)?)?;
    let good = uuid.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    good.then_some((before, uuid))
}

fn numberless(word: &str) -> String {
    let mut plain = String::new();
    for c in word.chars() {
        match c {
            '0'..='9' if plain.ends_with('N') => {}
            '0'..='9' => plain.push('N'),
            c => plain.push(c),
        }
    }
    plain
}

/// Reads a line of the script; nothing for a comment.
fn step(line: &str) -> Result<Option<Step<'_>>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if let Some(area) = line.strip_prefix('[') {
        return Ok(Some(Step::Area(area.trim_end_matches(']'))));
    }
    if let Some(file) = line.strip_prefix('@') {
        let (name, text) = file.split_once(' ').context("a file without a text")?;
        return Ok(Some(Step::File(name, text)));
    }
    if let Some(text) = line.strip_prefix('<') {
        return Ok(Some(Step::Input(text.replace("\\n", "\n") + "\n")));
    }
    let mut words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    if let [kind @ ("member" | "txn"), ..] = words[..] {
        words.remove(0);
        ensure!(words.len() > 1, "{kind} does not say what");
        return Ok(Some(Step::Verb(words)));
    }
    let mut how = How::default();
    if let Some(marks) = words
        .first()
        .filter(|word| word.chars().all(|c| "?%*!".contains(c)))
    {
        how = How {
            asked_again: marks.contains('?'),
            any_number: marks.contains('%'),
            any_order: marks.contains('*'),
            any_reason: marks.contains('!'),
        };
        words.remove(0);
    }
    ensure!(!words.is_empty(), "no tool");
    Ok(Some(Step::Tool { how, words }))
}

#[cfg(test)]
mod tests {
    use super::{How, Step, drawn, numberless, plain, step};

    #[test]
    fn a_line_of_the_script_is_a_step() {
        assert_eq!(step("# words").unwrap(), None);
        assert_eq!(step("[area]").unwrap(), Some(Step::Area("area")));
        assert_eq!(
            step("@a.json {} x").unwrap(),
            Some(Step::File("a.json", "{} x"))
        );
        assert_eq!(
            step(r"<a\nb").unwrap(),
            Some(Step::Input("a\nb\n".to_owned()))
        );
        assert_eq!(
            step("member leave m").unwrap(),
            Some(Step::Verb(vec!["leave", "m"]))
        );
        let how = How { asked_again: true, any_order: true, ..How::default() };
        let words = vec!["TopicCommand", "--list"];
        assert_eq!(
            step("?* TopicCommand --list").unwrap(),
            Some(Step::Tool { how, words })
        );
        assert!(step("?").is_err());
    }

    #[test]
    fn what_is_drawn_is_told_by_its_kind() {
        assert_eq!(drawn("9092", "9092"), "PORT");
        assert_eq!(drawn("1764320000000", "9092"), "TIME");
        assert_eq!(
            drawn("c-1-01234567-89ab-cdef-0123-456789abcdef", "1"),
            "c-1-UUID"
        );
        assert_eq!(drawn("aB3_-aB3aB3aB3aB3aB3aB", "1"), "ID");
        assert_eq!(drawn("retention", "1"), "retention");
    }

    #[test]
    fn words_keep_what_is_not_drawn() {
        assert_eq!(
            plain("/127.0.0.1:9092,", "9092", How::default()),
            "/127.0.0.1:PORT,"
        );
        assert_eq!(numberless("epoch:12,34"), "epoch:N,N");
    }
}
